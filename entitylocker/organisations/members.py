"""Members: listed, removed, leaving. The last administrator stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.errors import LastAdministrator, NeedsQuorum
from entitylocker.organisations.events import MembershipEnded
from entitylocker.organisations.invitations import end_invitations_of, end_invitations_to
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rights import lock_members, note_change
from entitylocker.tenancy import use_case

PAGE = 100


@dataclass(frozen=True)
class MemberPage:
    """Members in the order in which they came. `after`: where the next page begins, None on the last."""

    members: list[Membership]
    after: UUID | None
    total: int


@dataclass(frozen=True)
class Outsider:
    """Somebody who may act here through another organisation. `kind`: branch or agency; `entered`: does already."""

    name: str
    role: Role
    kind: str
    source_name: str
    entered: bool
    ends_at: datetime | None


@use_case(Permission.MEMBER_LIST)
def list_members(actor: Actor, *, after: UUID | None = None, limit: int = PAGE) -> MemberPage:
    """The current members, those who came first in front."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    query = select(Membership).where(
        Membership.organisation_id == actor.organisation_id,
        Membership.ended_at.is_(None),
        Membership.source_kind.is_(None),
    )
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if after is not None:
        query = query.where(Membership.id > after)
    found = list(db.session.scalars(query.order_by(Membership.id).limit(limit + 1)))
    return MemberPage(found[:limit], found[limit - 1].id if len(found) > limit else None, total)


@use_case(Permission.MEMBER_LIST)
def list_outsiders(actor: Actor) -> list[Outsider]:
    """Who administers this organisation from above or acts here for an agency today, whether entered yet or not."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    rows = db.session.execute(text("SELECT * FROM lookup_seats()"))
    return [
        Outsider(
            row.person_name,
            Role(row.role),
            row.source_kind,
            row.source_name,
            row.membership_id is not None,
            row.ends_at,
        )
        for row in rows
    ]


def list_addresses(organisation_id: UUID, roles: Collection[Role]) -> list[str]:
    """The mail addresses of the current members with one of `roles`; in a running transaction of the organisation."""
    found = select(Membership.person_email).where(
        Membership.organisation_id == organisation_id,
        Membership.ended_at.is_(None),
        Membership.role.in_([role.value for role in roles]),
        Membership.source_kind.is_(None),
    )
    return list(db.session.scalars(found.order_by(Membership.id)))


@use_case(Permission.MEMBER_REMOVE, fresh=True)
def end_membership(actor: Actor, membership_id: UUID) -> None:
    """Remove a member; their sessions lose the organisation at once.

    An administrator is removed by a proposal on which the others vote. Raises NotFound, LastAdministrator, NeedsQuorum.
    """
    require(actor, Permission.MEMBER_REMOVE, actor.facts)
    end_member(actor, membership_id, alone=membership_id != actor.membership_id)


@use_case(Permission.ORGANISATION_READ)
def leave_organisation(actor: Actor) -> None:
    """End one's own membership. Raises LastAdministrator."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    if actor.membership_id is None:
        raise NotFound
    end_member(actor, actor.membership_id)


def end_member(actor: Actor, membership_id: UUID, *, alone: bool = False) -> None:
    """End a membership in the running transaction. `alone`: one member decides this about another.

    Raises NotFound, LastAdministrator, NeedsQuorum.
    """
    assert actor.organisation_id is not None
    current = lock_members(actor.organisation_id, [membership_id, actor.membership_id], administrators=True)
    leaving = current.get(membership_id)
    if leaving is None or actor.membership_id not in current:
        raise NotFound
    if _is_administrator(leaving) and sum(map(_is_administrator, current.values())) < 2:
        raise LastAdministrator
    if alone and _is_administrator(leaving):
        raise NeedsQuorum
    end_locked(actor, leaving)


def end_locked(actor: Actor, leaving: Membership) -> None:
    """End a locked membership, in the running transaction; who may do that was asked before."""
    leaving.ended_at, leaving.ended_by_name = utc_now(), actor.name
    note_change(leaving)
    end_invitations_of(actor, leaving.id)
    if leaving.source_kind is None:
        end_invitations_to(actor, leaving.person_email)
    subject = Subject("membership", leaving.id, leaving.person_name)
    record(actor, EventTag.MEMBERSHIP_END, subject, role=leaving.role)
    tenancy.publish(MembershipEnded(actor, leaving.organisation_id, leaving.id, leaving.person_id))


def _is_administrator(membership: Membership) -> bool:
    return membership.role == Role.ADMINISTRATOR
