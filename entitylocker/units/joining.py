"""An organisation that exists becomes a unit: the parent asks by a code, the child says yes, either side ends it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.tenancy import use_case
from entitylocker.units.errors import (
    AboveChanged,
    AskedAlready,
    HasParent,
    InviteFirst,
    NoSuchCode,
    RequestEnded,
    TooDeep,
    WouldCloseCircle,
    YourOwnCode,
)
from entitylocker.units.models import UnitLink
from entitylocker.units.rules import read_code
from entitylocker.units.sweeping import sweep_below
from entitylocker.units.telling import MEMBER, tell
from entitylocker.units.tree import find_above, find_units
from entitylocker.units.views import Unit

_REFUSALS = {"gone": RequestEnded, "has_parent": HasParent, "circle": WouldCloseCircle, "deep": TooDeep}


@dataclass(frozen=True)
class Partner:
    """The organisation that a code leads to."""

    id: UUID
    name: str
    verified: bool


def find_partner(actor: Actor, typed: str) -> Partner:
    """Whose code was typed, in the running transaction. Raises NoSuchCode, YourOwnCode."""
    statement = text("SELECT * FROM lookup_organisation_code(:code)")
    row = db.session.execute(statement, {"code": read_code(typed)}).first()
    if row is None:
        raise NoSuchCode(field="organisation_code")
    if row.organisation_id == actor.organisation_id:
        raise YourOwnCode(field="organisation_code")
    return Partner(row.organisation_id, row.name, row.verified)


def refuse_unless_joined(outcome: str | None, field: str | None = None) -> None:
    """Raise what the answer of `claim_unit_link` means."""
    if outcome != "joined":
        raise _REFUSALS[outcome or "gone"](field=field)


@use_case(Permission.UNIT_MANAGE, fresh=True)
def ask_to_join(actor: Actor, *, code: str, note: str = "") -> UUID:
    """Ask the organisation of that code to become a unit of the actor's; its administrators decide. Returns the link.

    Raises NoSuchCode, YourOwnCode, AskedAlready.
    """
    require(actor, Permission.UNIT_MANAGE, actor.facts)
    partner = find_partner(actor, code)
    link = UnitLink(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        child_organisation_id=partner.id,
        child_name=partner.name,
        opened=False,
        note=note,
        asked_by_name=actor.name,
    )
    db.session.add(link)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise AskedAlready(field="organisation_code") from fault
    record(actor, EventTag.UNIT_ASK, Subject("organisation", partner.id, partner.name), note=note)
    facts = {"parent": actor.organisation_name, "child": partner.name, "asked_by": actor.name, "note": note}
    tell(partner.id, actor, EventTag.UNIT_ASK, _us(actor), facts=facts, note=note)
    return link.id


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def join_parent(actor: Actor, link_id: UUID, *, seen: Collection[UUID] | None = None) -> None:
    """Say yes to a parent that asked, and to all that is above it. `seen`: what the actor was shown of that.

    What is below the actor's organisation is told. Raises NotFound, RequestEnded, HasParent, WouldCloseCircle, TooDeep,
    AboveChanged.
    """
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    link = _get_link(UnitLink.child_organisation_id == actor.organisation_id, link_id)
    values = {"link": link.id, "who": actor.name}
    refuse_unless_joined(db.session.scalar(text("SELECT claim_unit_link(:link, :who)"), values))
    _refuse_unseen(seen)
    parent = Subject("organisation", link.organisation_id, link.organisation_name)
    record(actor, EventTag.UNIT_JOIN, parent)
    tell(link.organisation_id, actor, EventTag.UNIT_JOIN, _us(actor))
    _tell_below(actor, link, find_units(), joined=True)


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def agree_to_above(actor: Actor, *, seen: Collection[UUID] | None = None) -> None:
    """Say yes to everything that stands above the actor's organisation now, which it joined by itself.

    From now on whoever administers for these reaches it, and what it opened. Raises NotFound if it joined nothing,
    AboveChanged.
    """
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    before = find_above()
    if not db.session.scalar(text("SELECT claim_agreement(:who)"), {"who": actor.name}):
        raise NotFound
    _refuse_unseen(seen)
    for above in find_above():
        if above.agreed and not any(known.id == above.id and known.agreed for known in before):
            record(actor, EventTag.UNIT_AGREE, Subject("organisation", above.id, above.name))
            tell(above.id, actor, EventTag.UNIT_AGREE, _us(actor))


def _refuse_unseen(seen: Collection[UUID] | None) -> None:
    """The yes is to what was shown: nothing moves above while the lock of the claim before is held."""
    if seen is not None and {above.id for above in find_above()} != set(seen):
        raise AboveChanged


@use_case(Permission.UNIT_MANAGE, fresh=True)
def end_unit(actor: Actor, link_id: UUID) -> None:
    """As the parent: take a request back, or let a unit go; what was vouched for ends. Raises NotFound, InviteFirst.

    To let a unit go takes who may entrust units, unless it is a draft that nobody has come into yet. A draft is closed
    with that: nobody else could ever bring its first administrator in.
    """
    require(actor, Permission.UNIT_MANAGE, actor.facts)
    link = _get_link(UnitLink.organisation_id == actor.organisation_id, link_id)
    if link.joined_at is not None:
        unit = next((unit for unit in find_units() if unit.id == link.child_organisation_id), None)
        if not _is_empty_draft(unit):
            require(actor, Permission.UNIT_ENTRUST, actor.facts)
        if unit is not None and unit.state is OrganisationState.DRAFT:
            _close_draft(actor, link)
    _end(actor, link)


def _is_empty_draft(unit: Unit | None) -> bool:
    """A draft, also one that was closed as such: nobody came in and nothing is verified."""
    if unit is None or unit.members or unit.verified:
        return False
    return unit.state in (OrganisationState.DRAFT, OrganisationState.CLOSED)


def _close_draft(actor: Actor, link: UnitLink) -> None:
    if not db.session.scalar(text("SELECT claim_draft_end(:link, :who)"), {"link": link.id, "who": actor.name}):
        raise InviteFirst
    draft = Subject("organisation", link.child_organisation_id, link.child_name)
    tell(link.child_organisation_id, actor, EventTag.ORGANISATION_CLOSE, draft)


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def leave_parent(actor: Actor, link_id: UUID) -> None:
    """As the unit: say no to a request, or leave the parent; what it vouched for ends. Raises NotFound."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    _end(actor, _get_link(UnitLink.child_organisation_id == actor.organisation_id, link_id))


def _get_link(whose: object, link_id: UUID) -> UnitLink:
    link: UnitLink | None = db.session.scalar(
        select(UnitLink).where(whose, UnitLink.id == link_id, UnitLink.ended_at.is_(None))  # type: ignore[arg-type]
    )
    if link is None:
        raise NotFound
    return link


def _end(actor: Actor, link: UnitLink) -> None:
    """End a link or a question, as either side; the other side and all below are told."""
    joined, from_child = link.joined_at is not None, link.child_organisation_id == actor.organisation_id
    below = _below(link, from_child) if joined else []
    if joined:
        _end_branches(actor, link)
    if not db.session.scalar(text("SELECT claim_unit_end(:link, :who)"), {"link": link.id, "who": actor.name}):
        raise RequestEnded
    tell_end(actor, link, joined=joined)
    if joined:
        _tell_below(actor, link, below, joined=False)
        sweep_below(link.child_organisation_id)


def _end_branches(actor: Actor, link: UnitLink) -> None:
    """End what was given of the unit's branch from above, which must not wake up when it joins again.

    Whoever gave it is told, with its holder; what is below the link is told of the link.
    """
    statement = text("SELECT * FROM claim_branches_between_end(:link, :who)")
    for row in db.session.execute(statement, {"link": link.id, "who": actor.name}).all():
        subject = Subject("branch", row.id, row.unit_name)
        if row.organisation_id != actor.organisation_id:
            record(actor, EventTag.BRANCH_REVOKE, subject)
        facts = {"unit": row.unit_name, MEMBER: str(row.membership_id)}
        tell(row.organisation_id, actor, EventTag.BRANCH_REVOKE, subject, facts=facts)


def tell_end(actor: Actor, link: UnitLink, *, joined: bool, closed: bool = False) -> None:
    """Write into the own trail, and tell the other side, that a link or (not `joined`) a question has ended.

    `closed`: because the actor's organisation is closed.
    """
    from_child = link.child_organisation_id == actor.organisation_id
    parent = Subject("organisation", link.organisation_id, link.organisation_name)
    child = Subject("organisation", link.child_organisation_id, link.child_name)
    other = parent if from_child else child
    record(actor, EventTag.UNIT_LEAVE, other, joined=joined)
    # Whose unit never came about knows nothing of it.
    if other.id is not None and (joined or not link.opened):
        facts = {"joined": joined, "closed": closed}
        tell(other.id, actor, EventTag.UNIT_LEAVE, _us(actor), facts=facts, joined=joined)


def _below(link: UnitLink, from_child: bool) -> list[Unit]:
    """What is below the unit of a link, seen from either of its sides."""
    units = find_units()
    if from_child:
        return units
    ids, found = {link.child_organisation_id}, []
    for unit in units:
        if unit.parent_id in ids:
            ids.add(unit.id)
            found.append(unit)
    return found


def _tell_below(actor: Actor, link: UnitLink, below: list[Unit], *, joined: bool) -> None:
    """Tell everything below a unit that another organisation stands above it now, or does so no longer."""
    subject = Subject("organisation", link.organisation_id, link.organisation_name)
    opened = {link.child_organisation_id}
    for unit in below:
        # Its whole way up to there was opened from above: nobody on it is to agree.
        if unit.opened and unit.parent_id in opened:
            opened.add(unit.id)
        facts: dict[str, Any] = {"parent": link.organisation_name, "middle": link.child_name, "joined": joined}
        facts["opened"] = unit.id in opened
        tell(unit.id, actor, EventTag.UNIT_ABOVE, subject, facts=facts, joined=joined, unit=link.child_name)


def _us(actor: Actor) -> Subject:
    return Subject("organisation", actor.organisation_id, actor.organisation_name)
