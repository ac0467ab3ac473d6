"""Opening a unit: an organisation of its own below the parent, with key, vault and trail, and no member yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.events import OrganisationRegistered
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.registration import put_organisation
from entitylocker.organisations.rights import lock_organisations
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.units.errors import RequestEnded, TooDeep
from entitylocker.units.joining import refuse_unless_joined
from entitylocker.units.models import UnitLink
from entitylocker.units.names import name_key
from entitylocker.units.rules import DEPTH
from entitylocker.units.tree import find_above, find_units


@dataclass(frozen=True)
class _Place:
    """Where a unit is or will be. `link_id` None: it is there already."""

    child_id: UUID
    name: str
    link_id: UUID | None


@open_use_case("the unit does not exist before; what it calls asks for the permission")
def open_child(actor: Actor, *, name: str, kind: OrganisationKind, note: str = "") -> UUID:
    """Open a unit below the actor's organisation, in state draft; returns its id.

    Repeatable: a unit that has this name already, in whatever spelling, is answered, and one that was only begun is
    made to its end. The parent's trail has the event from the first step on, the unit's own from the second.
    Raises PermissionDenied, TooDeep.
    """
    place = _reserve(actor, name, kind, note)
    if place.link_id is not None:
        _make(actor, place, kind)
    return place.child_id


@use_case(Permission.UNIT_MANAGE)
def _reserve(actor: Actor, name: str, kind: OrganisationKind, note: str) -> _Place:
    require(actor, Permission.UNIT_MANAGE, actor.facts)
    assert actor.organisation_id is not None
    # One after the other: two that open the same unit at once find one of them.
    lock_organisations(actor.organisation_id)
    known = _find_place(actor, name)
    if known is not None:
        return known
    if len(find_above()) + 2 > DEPTH:
        raise TooDeep(field="name")
    link = UnitLink(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        child_organisation_id=uuid7(),
        child_name=name,
        opened=True,
        note=note,
        asked_by_name=actor.name,
    )
    db.session.add(link)
    subject = Subject("organisation", link.child_organisation_id, name)
    record(actor, EventTag.UNIT_OPEN, subject, kind=kind.value, note=note)
    return _Place(link.child_organisation_id, name, link.id)


def _find_place(actor: Actor, name: str) -> _Place | None:
    """The unit of that name: begun or there. What is begun is asked first: it may be made between the two looks."""
    wanted = name_key(name)
    begun = select(UnitLink).where(
        UnitLink.organisation_id == actor.organisation_id,
        UnitLink.opened.is_(True),
        UnitLink.joined_at.is_(None),
        UnitLink.ended_at.is_(None),
    )
    for link in db.session.scalars(begun):
        if name_key(link.child_name) == wanted:
            return _Place(link.child_organisation_id, link.child_name, link.id)
    for unit in find_units():
        if unit.depth == 1 and name_key(unit.name) == wanted:
            return _Place(unit.id, unit.name, None)
    return None


def _make(actor: Actor, place: _Place, kind: OrganisationKind) -> None:
    founder = replace(
        actor, organisation_id=place.child_id, organisation_name=place.name, membership_id=None, grants=()
    )
    try:
        with tenancy.transaction(Tenant(organisation_id=place.child_id)):
            put_organisation(place.child_id, place.name, kind, OrganisationState.DRAFT)
            subject = Subject("organisation", place.child_id, place.name)
            record(founder, EventTag.UNIT_OPEN, subject, kind=kind.value, parent=actor.organisation_name)
            tenancy.publish(OrganisationRegistered(founder, place.child_id))
            values = {"link": place.link_id, "who": actor.name}
            refuse_unless_joined(db.session.scalar(text("SELECT claim_unit_link(:link, :who)"), values), "name")
    except (IntegrityError, RequestEnded):
        # Somebody who opened the same unit was quicker.
        if not _is_made(place.child_id):
            raise


def _is_made(child_id: UUID) -> bool:
    with tenancy.transaction(Tenant(organisation_id=child_id)):
        return db.session.scalar(select(Organisation.id).where(Organisation.id == child_id)) is not None
