"""The first administrator of a unit: invited by an administrator of the organisation above, never through a branch."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from entitylocker.access import Actor, Grant, OrganisationState, Permission, Role, require
from entitylocker.accounts.people import find_person_id
from entitylocker.audit.recording import Subject
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.organisations.errors import InvitesThemselves, MoreThanYouHold
from entitylocker.organisations.inviters import has_administrator, sits_here
from entitylocker.organisations.rules import lasting_permissions
from entitylocker.organisations.service import ForWhom, invite_member
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.errors import AdministeredAlready, NotAgreed, SitsAbove
from entitylocker.units.telling import tell
from entitylocker.units.tree import find_units
from entitylocker.units.views import Unit

P = Permission
_SEAT = frozenset({P.ORGANISATION_READ, P.MEMBER_INVITE, P.MEMBER_SEAT})


@use_case(Permission.UNIT_ENTRUST)
def get_unit_to_staff(actor: Actor, unit_id: UUID) -> Unit:
    """A unit below the actor's organisation, for who may bring its first administrator in. Raises NotFound, NotAgreed,
    MoreThanYouHold for who administers for a time only.
    """
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    unit = next((unit for unit in find_units() if unit.id == unit_id), None)
    if unit is None or unit.state not in (OrganisationState.DRAFT, OrganisationState.ACTIVE):
        raise NotFound
    if not unit.agreed:
        raise NotAgreed(field="email")
    if Permission.MEMBER_SEAT not in lasting_permissions(actor, own_only=True):
        raise MoreThanYouHold(field="email")
    return unit


@open_use_case("the invitation is written in the unit; what it calls asks for the permission, above and there")
def invite_first_administrator(actor: Actor, unit_id: UUID, *, email: str) -> None:
    """Invite by mail who shall administer a unit that nobody administers. Only that address can accept, and only while
    the actor administers the organisation above; its trail and its administrators are told.

    Raises NotFound, NotAgreed, MoreThanYouHold, AdministeredAlready, InvitesThemselves, SitsAbove, AlreadyMember.
    """
    unit = get_unit_to_staff(actor, unit_id)
    seat = replace(
        actor,
        organisation_id=unit.id,
        organisation_name=unit.name,
        organisation_state=unit.state,
        organisation_verified=unit.verified,
        membership_id=None,
        rights_version=0,
        name=f"{actor.name} ({actor.organisation_name})",
        through=actor.organisation_name,
        grants=(Grant(_SEAT),),
    )
    _invite(seat, actor, email)


@use_case(Permission.MEMBER_INVITE, fresh=True)
def _invite(seat: Actor, above: Actor, email: str) -> None:
    require(seat, Permission.MEMBER_INVITE, seat.facts)
    assert above.organisation_id is not None
    if has_administrator(seat.organisation_id):
        raise AdministeredAlready(field="email")
    refuse_in_vain(seat, email)
    guest = ForWhom(through_organisation_id=above.organisation_id)
    invite_member(seat, email, Role.ADMINISTRATOR, guest)
    unit = Subject("organisation", seat.organisation_id, seat.organisation_name)
    facts = {"email": email, "unit": seat.organisation_name}
    tell(above.organisation_id, seat, EventTag.INVITATION_ISSUE, unit, facts=facts, role=Role.ADMINISTRATOR.value)


def refuse_in_vain(seat: Actor, email: str) -> None:
    """Refuse to invite whom `may_let_in` would turn away, in the running transaction: oneself, and whoever acts here
    from above. Raises InvitesThemselves, SitsAbove.
    """
    person_id = find_person_id(email)
    if person_id is None:
        return
    if person_id == seat.person_id:
        raise InvitesThemselves(field="email")
    if sits_here(person_id):
        raise SitsAbove(field="email")
