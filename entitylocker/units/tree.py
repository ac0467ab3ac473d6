"""The tree of an organisation: what is above it, what is below it, what was asked, and its code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import OrganisationKind
from entitylocker.tenancy import use_case
from entitylocker.units.models import OrganisationCode, UnitLink
from entitylocker.units.names import name_key
from entitylocker.units.rules import new_code, shown_code
from entitylocker.units.views import Above, Asker, Link, Unit

_LINKS = 200


def find_units() -> list[Unit]:
    """Everything below the organisation of the running transaction, a parent before its units, alike ones by name."""
    rows = db.session.execute(text("SELECT * FROM lookup_units()")).mappings()
    below: dict[UUID, list[Unit]] = {}
    for row in rows:
        below.setdefault(row["parent_id"], []).append(_unit(row))
    ids = {unit.id for units in below.values() for unit in units}
    top = [unit for parent_id, units in below.items() if parent_id not in ids for unit in units]
    return [found for unit in top for found in _with_units(unit, below)]


def _unit(row: Any) -> Unit:
    facts = {name: value for name, value in row.items() if name not in ("organisation_id", "kind", "state")}
    return Unit(
        **facts, id=row["organisation_id"], kind=OrganisationKind(row["kind"]), state=OrganisationState(row["state"])
    )


def _with_units(unit: Unit, below: dict[UUID, list[Unit]]) -> list[Unit]:
    return [unit, *(found for child in below.get(unit.id, []) for found in _with_units(child, below))]


def find_above() -> list[Above]:
    """What is above the organisation of the running transaction, its parent first."""
    rows = db.session.execute(text("SELECT * FROM lookup_above()"))
    return [
        Above(
            row.organisation_id,
            row.name,
            row.verified,
            OrganisationState(row.state),
            row.distance,
            row.agreed,
            row.said,
        )
        for row in rows
        if row.distance > 0
    ]


def find_asker(link_id: UUID) -> list[Asker]:
    """Who asks by a link to the organisation of the running transaction, and what is above that one."""
    rows = db.session.execute(text("SELECT * FROM lookup_asker(:link)"), {"link": link_id})
    return [Asker(row.organisation_id, row.name, row.verified) for row in rows]


@use_case(Permission.UNIT_LIST)
def list_children(actor: Actor) -> list[Unit]:
    """Every unit below the actor's organisation, depth first: names, states, how many people; no documents."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    return find_units()


@use_case(Permission.UNIT_MANAGE)
def look_as_manager(actor: Actor) -> None:
    """Refuse whoever could fill a form in and not send it."""
    require(actor, Permission.UNIT_MANAGE, actor.facts)


@use_case(Permission.UNIT_LIST)
def find_child_by_name(actor: Actor, name: str) -> Unit | None:
    """The own unit (one storey below) that has this name, in whatever spelling."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    wanted = name_key(name)
    return next((unit for unit in find_units() if unit.depth == 1 and name_key(unit.name) == wanted), None)


@use_case(Permission.UNIT_LIST)
def list_above(actor: Actor) -> list[Above]:
    """The organisations above the actor's, the parent first."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    return find_above()


@use_case(Permission.UNIT_LIST)
def list_links(actor: Actor) -> list[Link]:
    """Requests, current and ended links to parents and units, newest first; at most 200."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    mine = (UnitLink.organisation_id == actor.organisation_id) | (
        UnitLink.child_organisation_id == actor.organisation_id
    )
    # A unit that is just being opened is nobody's request.
    shown = UnitLink.joined_at.is_not(None) | UnitLink.opened.is_(False)
    rows = db.session.scalars(select(UnitLink).where(mine, shown).order_by(UnitLink.id.desc()).limit(_LINKS))
    return [_link(actor, row) for row in rows]


def _link(actor: Actor, row: UnitLink) -> Link:
    is_parent = row.organisation_id != actor.organisation_id
    return Link(
        row.id,
        row.organisation_id if is_parent else row.child_organisation_id,
        row.organisation_name if is_parent else row.child_name,
        is_parent,
        row.note,
        row.asked_by_name,
        row.created_at,
        row.joined_at,
        row.ended_at,
        row.ended_by_name,
        tuple(find_asker(row.id)) if is_parent and row.joined_at is None and row.ended_at is None else (),
    )


@use_case(Permission.UNIT_LIST)
def find_code(actor: Actor) -> str | None:
    """The code that others can ask this organisation by, in groups; None if none was made yet."""
    require(actor, Permission.UNIT_LIST, actor.facts)
    found = select(OrganisationCode.code).where(OrganisationCode.organisation_id == actor.organisation_id)
    code = db.session.scalar(found)
    return None if code is None else shown_code(code)


@use_case(Permission.UNIT_MANAGE)
def renew_code(actor: Actor) -> str:
    """Make a code, or another in place of the old one, which leads nowhere from now on."""
    require(actor, Permission.UNIT_MANAGE, actor.facts)
    code, now = new_code(), utc_now()
    statement = insert(OrganisationCode).values(organisation_id=actor.organisation_id, code=code, made_at=now)
    statement = statement.on_conflict_do_update(
        index_elements=[OrganisationCode.organisation_id], set_={"code": code, "made_at": now}
    )
    db.session.execute(statement)
    record(actor, EventTag.UNIT_RENEW_CODE, Subject("organisation", actor.organisation_id, actor.organisation_name))
    return shown_code(code)
