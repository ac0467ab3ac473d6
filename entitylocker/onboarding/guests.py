"""Inside one department: whether an officer is there or invited already, and inviting them. One transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.accounts.rules import normalise_email
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.holding import Hold, keep_hold_below
from entitylocker.onboarding.rows import Plan, guest_key, officer_key
from entitylocker.organisations.errors import InvitesThemselves
from entitylocker.organisations.invitations import find_member_by_email, refuse_from_above
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.registration import get_own_person
from entitylocker.organisations.service import ForWhom, invite_by_phone, invite_member, issue_slip
from entitylocker.organisations.states import InvitationWay
from entitylocker.tenancy import use_case
from entitylocker.units.service import refuse_in_vain


@dataclass(frozen=True)
class Standing:
    """How an officer stands to a department. `state`: nobody, member, invited, or other (the mailbox is another's)."""

    state: str
    invitation_id: UUID | None = None
    run_id: UUID | None = None


NOBODY = Standing("nobody")


@use_case(Permission.MEMBER_LIST)
def find_guest(seat: Actor, plan: Plan) -> Standing:
    """Whether the officer of a row belongs to the department already, or is invited."""
    require(seat, Permission.MEMBER_LIST, seat.facts)
    if plan.way == InvitationWay.MAIL and find_member_by_email(seat, plan.email) is not None:
        return Standing("member")
    found = _invitation(seat, plan)
    if found is None:
        return NOBODY
    if plan.way == InvitationWay.MAIL and officer_key(found.guest_name or plan.officer) != officer_key(plan.officer):
        return Standing("other")
    return Standing("member" if found.redeemed_at else "invited", found.id, found.run_id)


def _invitation(seat: Actor, plan: Plan) -> Invitation | None:
    """The invitation that is open, or by which a current member came."""
    is_same = Invitation.guest_key == guest_key(plan)
    if plan.way == InvitationWay.MAIL:
        is_same = is_same | (Invitation.email_normalised == normalise_email(plan.email))
    current = select(Membership.id).where(
        Membership.organisation_id == seat.organisation_id, Membership.ended_at.is_(None)
    )
    holds = Invitation.membership_id.in_(current) | (
        Invitation.redeemed_at.is_(None) & Invitation.revoked_at.is_(None) & (Invitation.expires_at > utc_now())
    )
    query = select(Invitation).where(Invitation.organisation_id == seat.organisation_id, is_same, holds)
    return db.session.scalars(query.order_by(Invitation.id.desc()).limit(1)).first()


@use_case(Permission.MEMBER_SEAT)
def get_own_address(actor: Actor) -> str:
    """The confirmed address of whoever acts."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    return get_own_person(actor).email


def is_own(plan: Plan, address: str) -> bool:
    """Whether the officer of a row has that address."""
    return bool(plan.email) and normalise_email(plan.email) == normalise_email(address)


@use_case(Permission.MEMBER_INVITE)
def invite_guest(seat: Actor, plan: Plan, hold: Hold, *, above: Actor, in_person: bool) -> UUID:
    """Invite the officer of a row in the way it says; returns the invitation's id. `above`: who acts, in the parent.

    Raises RunTakenOver, InvitesThemselves, SitsAbove, AdministratorFromAbove, SignatoryFromAbove, MoreThanYouHold,
    AlreadyMember, HandItOverInPerson, NotByMessage, TooManyInvitations.
    """
    require(seat, Permission.MEMBER_INVITE, seat.facts)
    role = Role(plan.role)
    keep_hold_below(hold)
    if is_own(plan, get_own_person(seat).email):
        raise InvitesThemselves(field="email")
    if plan.email:
        refuse_in_vain(seat, plan.email)
    if above.through:
        refuse_from_above(role)
    guest = ForWhom(plan.officer, guest_key(plan), plan.language or None, hold.run_id, above.organisation_id)
    if plan.way == InvitationWay.SLIP:
        return issue_slip(seat, guest, role, in_person=in_person).id
    if plan.way == InvitationWay.SMS:
        return invite_by_phone(seat, plan.phone, role, guest).id
    return invite_member(seat, plan.email, role, guest).id
