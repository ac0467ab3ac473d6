"""Who acts in a department for the parent: the same person, with a seat of their own making and nothing else."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from entitylocker.access import Actor, Grant, Means, Permission, Reason, require
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.onboarding.lists import department_key
from entitylocker.organisations.errors import MoreThanYouHold
from entitylocker.organisations.rules import lasting_permissions
from entitylocker.tenancy import open_use_case
from entitylocker.units.errors import NotAgreed
from entitylocker.units.service import Unit, list_children
from entitylocker.web.actors import loaders

P = Permission
# What bringing people in needs, in the department: units below it too, but no document and no consent.
SEAT = frozenset({P.ORGANISATION_READ, P.MEMBER_LIST, P.MEMBER_INVITE, P.MEMBER_SEAT, P.UNIT_LIST, P.UNIT_MANAGE})


def require_seating(actor: Actor) -> None:
    """Ask whether `actor` may seat people in the departments below. Raises NotFound, PermissionDenied, MoreThanYouHold.

    A seat lasts, so whoever gives it must hold that right without an end. A session that only one organisation's
    provider vouched for opens no other organisation, nor does a job that it puts in: that one has no session.
    """
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    if actor.limited_to is not None:
        raise PermissionDenied(Reason.LIMITED, permission=Permission.MEMBER_SEAT.value)
    if Permission.MEMBER_SEAT not in lasting_permissions(actor):
        raise MoreThanYouHold(field="file")


def seat_in(actor: Actor, unit: Unit) -> Actor:
    """`actor`, of the parent, acting in a unit below it. Callers have found the unit among the parent's own.

    Raises NotAgreed for one that joined a unit by itself and has not agreed to what stands above that.
    """
    if not unit.agreed:
        raise NotAgreed(field="department")
    return replace(
        actor,
        organisation_id=unit.id,
        organisation_name=unit.name,
        organisation_state=unit.state,
        organisation_verified=unit.verified,
        membership_id=None,
        rights_version=0,
        name=f"{actor.name} ({actor.organisation_name})",
        through=actor.organisation_name,
        grants=(Grant(SEAT, delegation_id=_delegation(actor)),),
    )


def _delegation(actor: Actor) -> UUID | None:
    """The delegation by which alone `actor` seats people, if it is one: what it does not carry it carries nowhere."""
    if Permission.MEMBER_SEAT in lasting_permissions(actor, own_only=True):
        return None
    return next((grant.delegation_id for grant in actor.grants if grant.delegation_id is not None), None)


@open_use_case("what the person may do is only known after looking")
def load_runner(person_id: UUID, organisation_id: UUID, means: Means) -> Actor:
    """The person who started a run, with the rights they have now. Raises NotFound for who is no member any more."""
    assert loaders.member is not None, "app.py registers the loaders"
    found = loaders.member(person_id, None, organisation_id)
    if found is None:
        raise NotFound
    return replace(found, means=means)


def open_units(actor: Actor) -> dict[str, Unit]:
    """The departments below the actor's organisation that are not closed, by what their names mean."""
    found: dict[str, Unit] = {}
    for unit in list_children(actor):
        if unit.state != "closed":
            found.setdefault(department_key(unit.name), unit)
    return found
