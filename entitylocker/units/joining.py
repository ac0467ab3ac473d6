"""An organisation that exists becomes a unit: the parent asks by a code, the child says yes, either side ends it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.errors import (
    AskedAlready,
    HasParent,
    NoSuchCode,
    RequestEnded,
    TooDeep,
    WouldCloseCircle,
    YourOwnCode,
)
from entitylocker.units.models import UnitLink
from entitylocker.units.rules import read_code
from entitylocker.units.sweeping import sweep_below
from entitylocker.units.telling import tell_administrators, tell_trail
from entitylocker.units.tree import find_units
from entitylocker.web.links import link_to

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
        raise NoSuchCode(field="code")
    if row.organisation_id == actor.organisation_id:
        raise YourOwnCode(field="code")
    return Partner(row.organisation_id, row.name, row.verified)


def refuse_unless_joined(outcome: str | None, field: str | None = None) -> None:
    """Raise what the answer of `claim_unit_link` means."""
    if outcome != "joined":
        raise _REFUSALS[outcome or "gone"](field=field)


@open_use_case("the other side is told after the act; what it calls asks for the permission")
def ask_to_join(actor: Actor, *, code: str, note: str = "") -> UUID:
    """Ask the organisation of that code to become a unit of the actor's; its administrators decide. Returns the link.

    Raises NoSuchCode, YourOwnCode, AskedAlready.
    """
    link = _ask(actor, code, note)
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    tell_trail(link.child_organisation_id, actor, EventTag.UNIT_ASK, subject, note=note)
    tell_administrators(
        link.child_organisation_id,
        lazy_gettext("An organisation asks yours to become its unit"),
        "mail/unit_asked",
        parent=actor.organisation_name,
        child=link.child_name,
        asked_by=actor.name,
        note=note,
        link=link_to("units.units", organisation_id=link.child_organisation_id),
    )
    return link.id


@use_case(Permission.UNIT_MANAGE, fresh=True)
def _ask(actor: Actor, code: str, note: str) -> UnitLink:
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
        raise AskedAlready(field="code") from fault
    record(actor, EventTag.UNIT_ASK, Subject("organisation", partner.id, partner.name), note=note)
    return link


@open_use_case("the other side is told after the act; what it calls asks for the permission")
def join_parent(actor: Actor, link_id: UUID) -> None:
    """Say yes to a parent that asked. Raises NotFound, RequestEnded, HasParent, WouldCloseCircle, TooDeep."""
    link = _join(actor, link_id)
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    tell_trail(link.organisation_id, actor, EventTag.UNIT_JOIN, subject)


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def _join(actor: Actor, link_id: UUID) -> UnitLink:
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    link = _get_link(UnitLink.child_organisation_id == actor.organisation_id, link_id)
    values = {"link": link.id, "who": actor.name}
    refuse_unless_joined(db.session.scalar(text("SELECT claim_unit_link(:link, :who)"), values))
    record(actor, EventTag.UNIT_JOIN, Subject("organisation", link.organisation_id, link.organisation_name))
    return link


@open_use_case("the other side is told after the act; what it calls asks for the permission")
def end_unit(actor: Actor, link_id: UUID) -> None:
    """As the parent: take a request back, or let a unit go; what was vouched for ends. Raises NotFound.

    To let a unit go takes who may entrust units, unless it is a draft that nobody has come into yet.
    """
    link = _end_unit(actor, link_id)
    if link.joined_at is not None or not link.opened:
        _tell_end(actor, link, link.child_organisation_id)


@use_case(Permission.UNIT_MANAGE, fresh=True)
def _end_unit(actor: Actor, link_id: UUID) -> UnitLink:
    require(actor, Permission.UNIT_MANAGE, actor.facts)
    link = _get_link(UnitLink.organisation_id == actor.organisation_id, link_id)
    if link.joined_at is not None and not _is_empty_draft(link.child_organisation_id):
        require(actor, Permission.UNIT_ENTRUST, actor.facts)
    return _end(actor, link)


def _is_empty_draft(unit_id: UUID) -> bool:
    """A draft, also one that was closed as such: nobody came in and nothing is verified."""
    unit = next((unit for unit in find_units() if unit.id == unit_id), None)
    if unit is None or unit.members or unit.verified:
        return False
    return unit.state in (OrganisationState.DRAFT, OrganisationState.CLOSED)


@open_use_case("the other side is told after the act; what it calls asks for the permission")
def leave_parent(actor: Actor, link_id: UUID) -> None:
    """As the unit: say no to a request, or leave the parent; what it vouched for ends. Raises NotFound."""
    link = _leave_parent(actor, link_id)
    _tell_end(actor, link, link.organisation_id)


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def _leave_parent(actor: Actor, link_id: UUID) -> UnitLink:
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    return _end(actor, _get_link(UnitLink.child_organisation_id == actor.organisation_id, link_id))


def _get_link(whose: object, link_id: UUID) -> UnitLink:
    link: UnitLink | None = db.session.scalar(
        select(UnitLink).where(whose, UnitLink.id == link_id, UnitLink.ended_at.is_(None))  # type: ignore[arg-type]
    )
    if link is None:
        raise NotFound
    return link


def _end(actor: Actor, link: UnitLink) -> UnitLink:
    ended = db.session.scalar(text("SELECT claim_unit_end(:link, :who)"), {"link": link.id, "who": actor.name})
    if not ended:
        raise RequestEnded
    from_child = link.child_organisation_id == actor.organisation_id
    other = (
        Subject("organisation", link.organisation_id, link.organisation_name)
        if from_child
        else Subject("organisation", link.child_organisation_id, link.child_name)
    )
    record(actor, EventTag.UNIT_LEAVE, other, joined=link.joined_at is not None)
    if link.joined_at is not None:
        sweep_below(link.child_organisation_id)
    return link


def _tell_end(actor: Actor, link: UnitLink, other_id: UUID) -> None:
    subject = Subject("organisation", actor.organisation_id, actor.organisation_name)
    tell_trail(other_id, actor, EventTag.UNIT_LEAVE, subject, joined=link.joined_at is not None)
