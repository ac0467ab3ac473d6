"""Coming in: what an invitation is to, who may accept it, and accepting it. One by mail is bound to its address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, Role, require
from entitylocker.accounts.models import Person
from entitylocker.accounts.rules import mask_email
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.addresses import same_mailbox
from entitylocker.organisations.errors import AlreadyMember, ForAnotherAddress, InvitationAsleep, InvitationEnded
from entitylocker.organisations.events import MembershipBegan
from entitylocker.organisations.invitations import is_open
from entitylocker.organisations.inviters import may_let_in
from entitylocker.organisations.models import Invitation
from entitylocker.organisations.registration import get_own_person, new_membership
from entitylocker.organisations.rights import change_state, lock_organisations
from entitylocker.organisations.slip_codes import digest_of_bearer
from entitylocker.organisations.states import InvitationWay
from entitylocker.tenancy import Tenant, open_use_case, use_case


@dataclass(frozen=True)
class OpenInvitation:
    """What the bearer of a link or code may know before accepting. `email`: None if it is bound to no address."""

    organisation_id: UUID
    organisation_name: str
    role: Role
    email: str | None
    invited_by_name: str
    expires_at: datetime
    way: InvitationWay = InvitationWay.MAIL
    guest_name: str | None = None

    @property
    def masked_email(self) -> str:
        """The address it is bound to, for somebody who may not be its owner."""
        return mask_email(self.email) if self.email else ""


@dataclass(frozen=True)
class MyInvitation:
    """An invitation that waits for the signed-in person."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    role: Role
    invited_by_name: str
    expires_at: datetime


def is_for(way: InvitationWay, invited: str | None, email: str) -> bool:
    """Whether an account with the confirmed address `email` may accept: by mail only the invited address."""
    return way is not InvitationWay.MAIL or same_mailbox(invited or "", email)


@open_use_case("the link or code says which organisation it is for")
def get_invitation(token: str) -> OpenInvitation:
    """What an invitation is to. `token`: the secret of a link, or a code as it was typed.

    Raises InvitationEnded; InvitationAsleep for one that will work once the organisation is not suspended any more.
    """
    values = {"digest": digest_of_bearer(token)}
    with tenancy.transaction(Tenant()):
        row = db.session.execute(text("SELECT * FROM lookup_invitation(:digest)"), values).mappings().first()
        if row is None and db.session.scalar(text("SELECT lookup_sleeping_invitation(:digest)"), values):
            raise InvitationAsleep
    if row is None:
        raise InvitationEnded
    return OpenInvitation(**{**row, "role": Role(row["role"]), "way": InvitationWay(row["way"])})


@open_use_case("the function of the database answers for the transaction's person only")
def list_my_invitations(person_id: UUID) -> list[MyInvitation]:
    """The open invitations to the confirmed address of a person, oldest first."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        rows = db.session.execute(text("SELECT * FROM lookup_my_invitations()")).mappings().all()
    return [MyInvitation(id=row["invitation_id"], **_known(row)) for row in rows]


def may_accept(found: OpenInvitation, person_id: UUID, email: str) -> bool:
    """Whether an account with the confirmed address `email` may accept: invited under that address, or one before."""
    if is_for(found.way, found.email, email):
        return True
    mine = {(each.organisation_id, each.role, each.expires_at) for each in list_my_invitations(person_id)}
    return (found.organisation_id, found.role, found.expires_at) in mine


def _known(row: Any) -> dict[str, Any]:
    names = ("organisation_id", "organisation_name", "invited_by_name", "expires_at")
    return {"role": Role(row["role"]), **{name: row[name] for name in names}}


@open_use_case("the link says which organisation it is for; what it calls asks for the permission")
def redeem_invitation(actor: Actor, token: str) -> UUID:
    """Accept an invitation as the signed-in person; returns the organisation's id. A link or code works once.

    Raises InvitationEnded, InvitationAsleep, ForAnotherAddress, AlreadyMember.
    """
    found = get_invitation(token)
    guest = replace(actor, organisation_id=found.organisation_id, organisation_name=found.organisation_name)
    _redeem(guest, Invitation.token_digest == digest_of_bearer(token))
    return found.organisation_id


@open_use_case("what was found for the person's own address; what it calls asks for the permission")
def accept_my_invitation(actor: Actor, invitation_id: UUID) -> UUID:
    """Accept an invitation to one's own confirmed address, without its link; returns the organisation's id.

    Raises NotFound, InvitationEnded where who issued it may let nobody in any more, AlreadyMember.
    """
    if actor.person_id is None:
        raise NotFound
    found = next((mine for mine in list_my_invitations(actor.person_id) if mine.id == invitation_id), None)
    if found is None:
        raise NotFound
    guest = replace(actor, organisation_id=found.organisation_id, organisation_name=found.organisation_name)
    _redeem(guest, Invitation.id == invitation_id)
    return found.organisation_id


@use_case(Permission.ACCOUNT_OWN)
def _redeem(guest: Actor, which: Any) -> None:
    require(guest, Permission.ACCOUNT_OWN, guest.facts)
    assert guest.organisation_id is not None
    lock_organisations(guest.organisation_id)
    row = db.session.scalar(select(Invitation).where(*is_open(guest.organisation_id), which).with_for_update())
    if row is None:
        raise InvitationEnded
    person = get_own_person(guest)
    if not may_let_in(row, person.id):
        raise InvitationEnded
    if not is_for(InvitationWay(row.way), row.email, person.email) and not _went_along(row):
        raise ForAnotherAddress(address=mask_email(row.email or ""))
    _come_in(guest, person, row)
    if row.role == Role.ADMINISTRATOR:
        _begin_life(guest)


def _went_along(row: Invitation) -> bool:
    """Whether it was sent to an address that the person had confirmed then, and has changed since."""
    statement = text("SELECT address, until FROM lookup_my_former_addresses()")
    sent_at = row.sent_at or row.created_at
    former = db.session.execute(statement).all()
    return any(one.address == row.email_normalised and sent_at < one.until for one in former)


def _come_in(guest: Actor, person: Person, row: Invitation) -> None:
    assert guest.organisation_id is not None
    membership = new_membership(guest.organisation_id, person, Role(row.role))
    db.session.add(membership)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise AlreadyMember from fault
    row.redeemed_at, row.membership_id = utc_now(), membership.id
    record(
        guest, EventTag.INVITATION_REDEEM, Subject("membership", membership.id, person.name),
        role=row.role, way=row.way, invited=row.email or row.guest_name or row.phone or "", email=person.email,
    )  # fmt: skip
    tenancy.publish(MembershipBegan(guest, guest.organisation_id, membership.id, person.id, Role(row.role)))


def _begin_life(guest: Actor) -> None:
    """A draft becomes active with its first administrator: now somebody answers for it."""
    assert guest.organisation_id is not None
    row = lock_organisations(guest.organisation_id)[guest.organisation_id]
    if row.state == OrganisationState.DRAFT:
        change_state(row, OrganisationState.ACTIVE, "", guest.name)
        record(guest, EventTag.ORGANISATION_ACTIVATE, Subject("organisation", row.id, row.name))
