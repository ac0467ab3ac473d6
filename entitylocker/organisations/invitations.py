"""Bringing people in: invitations by mail, listed, sent again, taken back; never to a role beyond the inviter's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import ColumnElement, select, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, require
from entitylocker.accounts.people import find_person_id
from entitylocker.accounts.rules import normalise_email
from entitylocker.accounts.tokens import new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import (
    AdministratorFromAbove,
    AlreadyMember,
    EarlierInvitationStronger,
    MoreThanYouHold,
    SignatoryFromAbove,
)
from entitylocker.organisations.events import InvitationIssued
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.rights import lock_state
from entitylocker.organisations.rules import ANSWERING_ROLES, INVITATION_LIFETIMES, may_invite_to, sits_here
from entitylocker.organisations.sending_limits import count_sending
from entitylocker.organisations.states import InvitationState, InvitationWay
from entitylocker.tenancy import use_case
from entitylocker.web.links import link_to

PAST = 200


@dataclass(frozen=True)
class IssuedInvitation:
    """A fresh invitation. `link`, and `code` of a slip or message, may be handed over; the database has neither."""

    id: UUID
    way: InvitationWay
    role: Role
    link: str
    expires_at: datetime
    email: str = ""
    phone: str = ""
    guest_name: str = ""
    code: str = ""


@dataclass(frozen=True)
class ForWhom:
    """What an invitation says beside address and role. `run_id`: the run of bulk onboarding that issues it;
    `through_organisation_id`: the organisation above from which that is done. `waits_for_lift`: the organisation is
    suspended, and the time of the invitation begins when that is lifted.
    """

    guest_name: str = ""
    guest_key: str | None = None
    language: str | None = None
    run_id: UUID | None = None
    through_organisation_id: UUID | None = None
    waits_for_lift: bool = False


def may_issue(actor: Actor, role: Role) -> None:
    """Ask whether `actor` may bring somebody in with `role`.

    Raises NotFound, PermissionDenied, AdministratorFromAbove, SignatoryFromAbove, MoreThanYouHold.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    if sits_here(actor):
        refuse_from_above(role)
    if not may_invite_to(actor, role):
        raise MoreThanYouHold(field="role")


def refuse_from_above(role: Role) -> None:
    """Refuse a role that answers for the organisation, where somebody gives it who looks after it only as a branch.

    Raises AdministratorFromAbove, SignatoryFromAbove.
    """
    if role in ANSWERING_ROLES:
        raise (AdministratorFromAbove if role is Role.ADMINISTRATOR else SignatoryFromAbove)(field="role")


@use_case(Permission.MEMBER_INVITE, fresh=True)
def invite_member(
    actor: Actor, email: str, role: Role, guest: ForWhom | None = None, *, limited: bool = True
) -> IssuedInvitation:
    """Invite somebody by mail; an earlier open invitation to the same address ends.

    `limited`: whether the day's limit may refuse it.

    Only an account with that confirmed address can accept it. Raises MoreThanYouHold if the role holds anything that
    the actor does not hold everywhere and without end, EarlierInvitationStronger if that of the earlier one does,
    AlreadyMember, TooManyInvitations.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    may_issue(actor, role)
    if find_member_by_email(actor, email) is not None:
        raise AlreadyMember(field="email")
    _end_earlier(actor, email)
    token, digest = new_token()
    row = new_invitation(actor, InvitationWay.MAIL, role, digest, guest or ForWhom())
    row.email, row.email_normalised = email, normalise_email(email)
    db.session.add(row)
    record(actor, EventTag.INVITATION_ISSUE, Subject("invitation", row.id, email), role=role.value, way=row.way)
    return send_invitation(actor, row, token, limited=limited)


def new_invitation(actor: Actor, way: InvitationWay, role: Role, digest: bytes, guest: ForWhom) -> Invitation:
    """An invitation to be added, without what its way needs beside; other rooms are told of it."""
    assert actor.organisation_id is not None
    tenancy.publish(InvitationIssued(actor, actor.organisation_id, role, guest.guest_name))
    now = utc_now()
    return Invitation(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        way=way.value,
        role=role.value,
        token_digest=digest,
        expires_at=now + INVITATION_LIFETIMES[way],
        sent_at=now,
        invited_by_id=actor.membership_id,
        invited_by_person_id=actor.person_id,
        through_organisation_id=guest.through_organisation_id,
        by_directory=False,
        invited_by_name=actor.name,
        guest_name=guest.guest_name or None,
        guest_key=guest.guest_key,
        language=guest.language,
        run_id=guest.run_id,
        in_person=False,
        waits_for_lift=guest.waits_for_lift,
    )


def send_invitation(actor: Actor, row: Invitation, token: str, *, limited: bool = True) -> IssuedInvitation:
    """Put the mail of an invitation into the outbox of the running transaction. Raises TooManyInvitations."""
    if limited:
        count_sending(row.through_organisation_id or row.organisation_id)
    email, role = str(row.email), Role(row.role)
    link = link_to("organisations.invitation", token=token)
    send_mail(
        to=email,
        subject=lazy_gettext("Invitation to %(organisation)s", organisation=actor.organisation_name),
        template="mail/invitation",
        other_language=row.language,
        organisation=actor.organisation_name,
        invited_by=actor.name,
        role=role.value,
        link=link,
        email=email,
        expires_at=row.expires_at,
        asleep=row.waits_for_lift,
    )
    return IssuedInvitation(
        row.id, InvitationWay.MAIL, role, link, row.expires_at, email=email, guest_name=row.guest_name or ""
    )


def find_member_by_email(actor: Actor, email: str) -> Membership | None:
    """The current membership of whoever has that confirmed address, in the running transaction."""
    person_id = find_person_id(email)
    return db.session.scalar(
        select(Membership).where(
            Membership.organisation_id == actor.organisation_id,
            Membership.person_id == person_id,
            Membership.ended_at.is_(None),
            Membership.source_kind.is_(None),
        )
    )


def is_open(organisation_id: UUID | None) -> list[Any]:
    """The conditions of an invitation that can still be redeemed."""
    return [*_pending(organisation_id), Invitation.waits_for_lift | (Invitation.expires_at > utc_now())]


def _pending(organisation_id: UUID | None) -> list[Any]:
    """Neither redeemed nor taken back; it may have expired."""
    return [
        Invitation.organisation_id == organisation_id,
        Invitation.redeemed_at.is_(None),
        Invitation.revoked_at.is_(None),
    ]


def _end_earlier(actor: Actor, email: str) -> None:
    """What stands open for the address makes room; not what the actor could not have issued."""
    same = Invitation.email_normalised == normalise_email(email)
    query = select(Invitation).where(*is_open(actor.organisation_id), same).order_by(Invitation.id)
    for row in db.session.scalars(query.with_for_update()):
        if not may_invite_to(actor, Role(row.role)):
            raise EarlierInvitationStronger(field="email")
        row.revoked_at = utc_now()
        record(actor, EventTag.INVITATION_REVOKE, subject_of(row), because="replaced")


def wake_invitations(organisation_id: UUID) -> None:
    """Let the time of what was issued while the organisation was suspended begin now, in the running transaction."""
    waiting = (*_pending(organisation_id), Invitation.waits_for_lift)
    ends = utc_now() + INVITATION_LIFETIMES[InvitationWay.MAIL]
    db.session.execute(update(Invitation).where(*waiting).values(expires_at=ends, waits_for_lift=False))


def end_invitations_of(actor: Actor, membership_id: UUID) -> None:
    """End what a member who goes has issued: nobody comes back through a link of their own."""
    _end_open(actor, Invitation.invited_by_id == membership_id, because="inviter")


def end_invitations_to(actor: Actor, email: str) -> None:
    """End what stands open for the address of a member who goes: whoever came in another way kept it unused."""
    _end_open(actor, Invitation.email_normalised == normalise_email(email), because="membership")


def _end_open(actor: Actor, which: ColumnElement[bool], *, because: str) -> None:
    query = select(Invitation).where(*is_open(actor.organisation_id), which).order_by(Invitation.id)
    for row in db.session.scalars(query.with_for_update()):
        row.revoked_at = utc_now()
        record(actor, EventTag.INVITATION_REVOKE, subject_of(row), because=because)


def end_all_invitations(actor: Actor) -> None:
    """End every open invitation of an organisation that is closed, in the running transaction."""
    query = select(Invitation).where(*_pending(actor.organisation_id)).order_by(Invitation.id)
    for row in db.session.scalars(query.with_for_update()):
        row.revoked_at = utc_now()
        if row.expires_at > row.revoked_at:
            record(actor, EventTag.INVITATION_REVOKE, subject_of(row), because="closed")


@use_case(Permission.MEMBER_LIST)
def list_invitations(actor: Actor) -> list[Invitation]:
    """The invitations that can still be redeemed, newest first."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    query = select(Invitation).where(*is_open(actor.organisation_id)).order_by(Invitation.id.desc())
    return list(db.session.scalars(query))


@use_case(Permission.MEMBER_LIST)
def list_past_invitations(actor: Actor) -> list[tuple[Invitation, InvitationState]]:
    """The newest invitations that were accepted, taken back or have expired, with what became of them."""
    require(actor, Permission.MEMBER_LIST, actor.facts)
    over = (
        Invitation.redeemed_at.is_not(None) | Invitation.revoked_at.is_not(None) | (Invitation.expires_at <= utc_now())
    )
    query = select(Invitation).where(Invitation.organisation_id == actor.organisation_id, over)
    return [(row, state_of(row)) for row in db.session.scalars(query.order_by(Invitation.id.desc()).limit(PAST))]


def state_of(row: Invitation) -> InvitationState:
    """What became of an invitation until now."""
    if row.redeemed_at is not None:
        return InvitationState.REDEEMED
    if row.revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.OPEN if row.waits_for_lift or row.expires_at > utc_now() else InvitationState.EXPIRED


@use_case(Permission.MEMBER_INVITE)
def get_way(actor: Actor, invitation_id: UUID) -> InvitationWay:
    """How an invitation that nobody accepted or took back was sent. Raises NotFound."""
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    return InvitationWay(lock_pending(actor, invitation_id).way)


@use_case(Permission.MEMBER_INVITE)
def revoke_invitation(actor: Actor, invitation_id: UUID) -> None:
    """Take an open invitation back. Raises NotFound, also for one that is no longer open."""
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    row = lock_pending(actor, invitation_id)
    row.revoked_at = utc_now()
    record(actor, EventTag.INVITATION_REVOKE, subject_of(row))


@use_case(Permission.MEMBER_INVITE)
def revoke_run(actor: Actor, run_id: UUID) -> list[UUID]:
    """Take back what a run of bulk onboarding issued here and nobody accepted.

    Returns the ids of all that are taken back, those from an earlier try as well.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    assert actor.organisation_id is not None
    lock_state(actor.organisation_id)
    issued = (Invitation.organisation_id == actor.organisation_id, Invitation.run_id == run_id)
    query = select(Invitation).where(*issued, Invitation.redeemed_at.is_(None))
    rows = list(db.session.scalars(query.order_by(Invitation.id).with_for_update()))
    for row in rows:
        if row.revoked_at is None:
            row.revoked_at = utc_now()
            record(actor, EventTag.INVITATION_REVOKE, subject_of(row))
    return [row.id for row in rows]


@use_case(Permission.MEMBER_INVITE, fresh=True)
def resend_mail(actor: Actor, invitation_id: UUID) -> IssuedInvitation:
    """Send an invitation by mail again, with a new link and a new time; the old link ends.

    Raises NotFound where it was accepted or taken back or went another way, MoreThanYouHold.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    row = lock_pending(actor, invitation_id)
    if row.way != InvitationWay.MAIL:
        raise NotFound
    may_issue(actor, Role(row.role))
    token, row.token_digest = new_token()
    renew(actor, row)
    return send_invitation(actor, row, token)


def lock_pending(actor: Actor, invitation_id: UUID) -> Invitation:
    """An invitation that nobody accepted or took back, locked until the commit. Raises NotFound."""
    assert actor.organisation_id is not None
    lock_state(actor.organisation_id)
    row = db.session.scalar(
        select(Invitation)
        .where(*_pending(actor.organisation_id), Invitation.id == invitation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound
    return row


def renew(actor: Actor, row: Invitation) -> None:
    """Let a locked invitation begin anew, as issued by `actor`."""
    row.sent_at = utc_now()
    row.expires_at = row.sent_at + INVITATION_LIFETIMES[InvitationWay(row.way)]
    row.invited_by_id, row.invited_by_person_id = actor.membership_id, actor.person_id
    row.invited_by_name = actor.name
    row.through_organisation_id, row.by_directory, row.directory_token_id = None, False, None
    record(actor, EventTag.INVITATION_RESEND, subject_of(row), role=row.role, way=row.way)


def subject_of(row: Invitation) -> Subject:
    """An invitation as the trail names it."""
    return Subject("invitation", row.id, row.email or row.guest_name or row.phone or "")
