"""The administration of a branch, given by the parent to one of its members, on certain days."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.days import span_of
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rights import lock_members
from entitylocker.tenancy import use_case
from entitylocker.units.errors import GivenAlready, NoSuchMember, NoSuchUnit, NotAgreed
from entitylocker.units.models import BranchAdministration
from entitylocker.units.news import subject_of
from entitylocker.units.rules import Phase
from entitylocker.units.telling import tell
from entitylocker.units.tree import find_units
from entitylocker.units.views import BranchView, Unit
from entitylocker.web.links import link_to

_LIMIT = 500


@use_case(Permission.UNIT_ENTRUST)
def list_own_members(actor: Actor) -> list[Membership]:
    """The members of the actor's organisation, by name; nobody who acts here through another one."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    return find_own_members(actor)


def find_own_members(actor: Actor) -> list[Membership]:
    """The members of the actor's organisation itself, in the running transaction."""
    return list(
        db.session.scalars(
            select(Membership)
            .where(
                Membership.organisation_id == actor.organisation_id,
                Membership.ended_at.is_(None),
                Membership.source_kind.is_(None),
            )
            .order_by(Membership.person_name, Membership.id)
        )
    )


def lock_own_member(actor: Actor, membership_id: UUID) -> Membership:
    """A current member of the actor's organisation itself, locked. Raises NoSuchMember."""
    assert actor.organisation_id is not None
    found = lock_members(actor.organisation_id, [membership_id, actor.membership_id]).get(membership_id)
    if found is None or found.source_kind is not None:
        raise NoSuchMember(field="membership_id")
    return found


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def give_branch(
    actor: Actor, *, membership_id: UUID, unit_id: UUID, starts_on: date, ends_on: date | None, reason: str
) -> UUID:
    """Give a member of the actor's organisation the administration of a unit and everything below it.

    Days are inclusive, in India. Returns its id. Raises NoSuchMember, NoSuchUnit, NotAgreed, GivenAlready,
    EndsBeforeStart, EndsInThePast.
    """
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    span = span_of(starts_on, ends_on)
    unit = next((unit for unit in find_units() if unit.id == unit_id), None)
    if unit is None:
        raise NoSuchUnit(field="unit_id")
    if not unit.agreed:
        raise NotAgreed(field="unit_id")
    receiver = lock_own_member(actor, membership_id)
    _refuse_twice(actor, receiver.id, unit_id)
    row = BranchAdministration(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        membership_id=receiver.id,
        branch_organisation_id=unit_id,
        starts_on=starts_on,
        ends_on=ends_on,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        reason=reason,
        given_by_name=actor.name,
    )
    db.session.add(row)
    subject = Subject("branch", row.id, receiver.person_name)
    record(actor, EventTag.BRANCH_GIVE, subject, unit=unit.name, reason=reason, **_days(row))
    _write_to(actor, receiver, unit, row)
    facts = {"member": receiver.person_name, "reason": reason}
    tell(unit_id, actor, EventTag.BRANCH_GIVE, subject, facts=facts, **_days(row))
    return row.id


def _refuse_twice(actor: Actor, membership_id: UUID, unit_id: UUID) -> None:
    same = select(BranchAdministration.id).where(
        BranchAdministration.organisation_id == actor.organisation_id,
        BranchAdministration.membership_id == membership_id,
        BranchAdministration.branch_organisation_id == unit_id,
        BranchAdministration.revoked_at.is_(None),
        BranchAdministration.ends_at.is_(None) | (BranchAdministration.ends_at > utc_now()),
    )
    if db.session.scalar(same.limit(1)) is not None:
        raise GivenAlready(field="unit_id")


def _days(row: BranchAdministration) -> dict[str, Any]:
    return {
        "from_day": row.starts_on.isoformat(),
        "to_day": None if row.ends_on is None else row.ends_on.isoformat(),
    }


def _write_to(actor: Actor, receiver: Membership, unit: Unit, row: BranchAdministration) -> None:
    send_mail(
        to=receiver.person_email,
        subject=lazy_gettext("You administer a branch"),
        template="mail/branch_given",
        name=receiver.person_name,
        given_by=actor.name,
        organisation=actor.organisation_name,
        unit=unit.name,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        reason=row.reason,
        link=link_to("organisations.mine"),
    )


@use_case(Permission.UNIT_LIST)
def list_branches(actor: Actor) -> list[BranchView]:
    """Branches that the actor's organisation gave to members, newest first, ended ones included; at most 500."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    names = {unit.id: unit.name for unit in find_units()}
    rows = db.session.execute(
        select(BranchAdministration, Membership.person_name, Membership.ended_at)
        .join(
            Membership,
            (Membership.organisation_id == BranchAdministration.organisation_id)
            & (Membership.id == BranchAdministration.membership_id),
        )
        .where(BranchAdministration.organisation_id == actor.organisation_id)
        .order_by(BranchAdministration.id.desc())
        .limit(_LIMIT)
    )
    return [_view(row, name, names.get(row.branch_organisation_id, ""), gone is not None) for row, name, gone in rows]


def _view(row: BranchAdministration, member_name: str, unit_name: str, gone: bool) -> BranchView:
    now = utc_now()
    over = gone or not unit_name or row.revoked_at is not None or (row.ends_at is not None and row.ends_at <= now)
    phase = Phase.ENDED if over else Phase.COMING if now < row.starts_at else Phase.CURRENT
    return BranchView(
        row.id,
        member_name,
        unit_name,
        row.starts_on,
        row.ends_on,
        row.reason,
        row.given_by_name,
        row.revoked_by_name,
        phase,
    )


@use_case(Permission.UNIT_ENTRUST)
def revoke_branch(actor: Actor, branch_id: UUID) -> None:
    """Take a branch back: whoever entered units by it is out at once. Raises NotFound, also for one that ended."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    row = db.session.scalar(
        select(BranchAdministration)
        .where(
            BranchAdministration.organisation_id == actor.organisation_id,
            BranchAdministration.id == branch_id,
            BranchAdministration.revoked_at.is_(None),
        )
        .with_for_update()
    )
    if row is None or (row.ends_at is not None and row.ends_at <= utc_now()):
        raise NotFound
    end_branch(actor, row)


def end_branch(actor: Actor, row: BranchAdministration, *, closed: bool = False) -> None:
    """Take a locked branch of the actor's organisation back, in the running transaction; the unit and its holder are
    told. `closed`: because the organisation is closed.
    """
    row.revoked_at, row.revoked_by_name = utc_now(), actor.name
    name = next((unit.name for unit in find_units() if unit.id == row.branch_organisation_id), "")
    record(actor, EventTag.BRANCH_REVOKE, Subject("branch", row.id), unit=str(row.branch_organisation_id))
    if name:
        facts = {"unit": name, "closed": closed}
        tell(row.branch_organisation_id, actor, EventTag.BRANCH_REVOKE, Subject("branch", row.id), facts=facts)
    _write_end(actor, row, name, closed)


def _write_end(actor: Actor, row: BranchAdministration, unit_name: str, closed: bool) -> None:
    """To whom it was taken from, if they are still a member."""
    held = select(Membership.person_email).where(
        Membership.organisation_id == row.organisation_id,
        Membership.id == row.membership_id,
        Membership.ended_at.is_(None),
    )
    for address in db.session.scalars(held):
        send_mail(
            to=address,
            subject=subject_of(EventTag.BRANCH_REVOKE),
            template="mail/between",
            what=EventTag.BRANCH_REVOKE.value,
            here=actor.organisation_name,
            by=actor.organisation_name,
            who=actor.name,
            unit=unit_name,
            closed=closed,
            reason="",
            link=link_to("organisations.mine"),
        )
