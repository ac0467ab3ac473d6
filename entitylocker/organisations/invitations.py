"""Bringing people in: a one-time link for seven days, never to a role beyond the inviter's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, require
from entitylocker.accounts.rules import normalise_email
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import AlreadyMember, InvitationEnded, MoreThanYouHold
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.registration import get_own_person, new_membership
from entitylocker.organisations.rules import INVITATION_LIFETIME, may_invite_to
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.web.links import link_to
from entitylocker.web.shell import role_label


@dataclass(frozen=True)
class IssuedInvitation:
    """A fresh invitation. `link` is known now and never again."""

    id: UUID
    email: str
    role: Role
    link: str
    expires_at: datetime


@dataclass(frozen=True)
class OpenInvitation:
    """What the bearer of a link may know before accepting."""

    organisation_id: UUID
    organisation_name: str
    role: Role
    email: str
    invited_by_name: str
    expires_at: datetime


@use_case(Permission.MEMBER_INVITE)
def invite_member(actor: Actor, email: str, role: Role) -> IssuedInvitation:
    """Invite somebody by mail; an earlier open invitation to the same address ends.

    Raises MoreThanYouHold if the role holds anything that the actor does not hold everywhere and without end,
    AlreadyMember.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    if not may_invite_to(actor, role):
        raise MoreThanYouHold(field="role")
    if _is_member(actor, email):
        raise AlreadyMember(field="email")
    _end_earlier(actor, email)
    token, digest = new_token()
    row = Invitation(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        email=email,
        role=role.value,
        token_digest=digest,
        expires_at=utc_now() + INVITATION_LIFETIME,
        invited_by_id=actor.membership_id,
        invited_by_name=actor.name,
    )
    db.session.add(row)
    record(actor, EventTag.INVITATION_ISSUE, Subject("invitation", row.id, email), role=role.value)
    issued = IssuedInvitation(row.id, email, role, _link(token), row.expires_at)
    _send(actor, issued)
    return issued


def _link(token: str) -> str:
    return link_to("organisations.invitation", token=token)


def _send(actor: Actor, issued: IssuedInvitation) -> None:
    send_mail(
        to=issued.email,
        subject=gettext("Invitation to %(organisation)s", organisation=actor.organisation_name),
        template="mail/invitation",
        organisation=actor.organisation_name,
        invited_by=actor.name,
        role=role_label(issued.role),
        link=issued.link,
        expires_at=issued.expires_at,
    )


def _is_member(actor: Actor, email: str) -> bool:
    query = select(Membership.id).where(
        Membership.organisation_id == actor.organisation_id,
        Membership.ended_at.is_(None),
        func.lower(Membership.person_email) == normalise_email(email),
    )
    return db.session.scalar(query.limit(1)) is not None


def _open(organisation_id: UUID | None) -> list[Any]:
    """The conditions of an invitation that can still be redeemed."""
    return [
        Invitation.organisation_id == organisation_id,
        Invitation.redeemed_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > utc_now(),
    ]


def _end_earlier(actor: Actor, email: str) -> None:
    same = func.lower(Invitation.email) == normalise_email(email)
    db.session.execute(update(Invitation).where(*_open(actor.organisation_id), same).values(revoked_at=utc_now()))


def end_invitations_of(actor: Actor, membership_id: UUID) -> None:
    """End what a member who goes has issued: nobody comes back through a link of their own."""
    theirs = Invitation.invited_by_id == membership_id
    db.session.execute(update(Invitation).where(*_open(actor.organisation_id), theirs).values(revoked_at=utc_now()))


@use_case(Permission.MEMBER_LIST)
def list_invitations(actor: Actor) -> list[Invitation]:
    """The invitations that can still be redeemed, newest first."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    query = select(Invitation).where(*_open(actor.organisation_id)).order_by(Invitation.id.desc())
    return list(db.session.scalars(query))


@use_case(Permission.MEMBER_INVITE)
def revoke_invitation(actor: Actor, invitation_id: UUID) -> None:
    """Take an open invitation back. Raises NotFound, also for one that is no longer open."""
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    statement = (
        update(Invitation)
        .where(*_open(actor.organisation_id), Invitation.id == invitation_id)
        .values(revoked_at=utc_now())
        .returning(Invitation.email)
    )
    email = db.session.execute(statement).scalar()
    if email is None:
        raise NotFound
    record(actor, EventTag.INVITATION_REVOKE, Subject("invitation", invitation_id, email))


@open_use_case("the link says which organisation it is for")
def get_invitation(token: str) -> OpenInvitation:
    """What an invitation is to. Raises InvitationEnded."""
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT * FROM lookup_invitation(:digest)"), {"digest": digest_of(token)})
        row = found.mappings().first()
    if row is None:
        raise InvitationEnded
    return OpenInvitation(**{**row, "role": Role(row["role"])})


@open_use_case("the link says which organisation it is for; what it calls asks for the permission")
def redeem_invitation(actor: Actor, token: str) -> UUID:
    """Accept an invitation as the signed-in person; returns the organisation's id. A link works once.

    The person's address need not be the invited one; the trail has both.

    Raises InvitationEnded, AlreadyMember.
    """
    found = get_invitation(token)
    guest = replace(actor, organisation_id=found.organisation_id, organisation_name=found.organisation_name)
    _redeem(guest, digest_of(token))
    return found.organisation_id


@use_case(Permission.ACCOUNT_OWN)
def _redeem(guest: Actor, digest: bytes) -> None:
    require(guest, Permission.ACCOUNT_OWN, guest.facts)
    assert guest.organisation_id is not None
    claim = (
        update(Invitation)
        .where(*_open(guest.organisation_id), Invitation.token_digest == digest)
        .values(redeemed_at=utc_now())
        .returning(Invitation.id, Invitation.role, Invitation.email)
    )
    claimed = db.session.execute(claim).first()
    if claimed is None:
        raise InvitationEnded
    person = get_own_person(guest)
    membership = new_membership(guest.organisation_id, person, Role(claimed.role))
    db.session.add(membership)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise AlreadyMember from fault
    db.session.execute(
        update(Invitation)
        .where(Invitation.organisation_id == guest.organisation_id, Invitation.id == claimed.id)
        .values(membership_id=membership.id)
    )
    subject = Subject("membership", membership.id, person.name)
    record(
        guest,
        EventTag.INVITATION_REDEEM,
        subject,
        role=claimed.role,
        invited=claimed.email,
        email=person.email,
    )
