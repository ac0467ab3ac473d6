"""What an organisation's directory does to its members: inviting, giving roles, ending. Never to administrators.

All of it runs in the running transaction of the organisation; that the actor may let the directory do this was asked
before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from entitylocker.access import Actor, Role
from entitylocker.accounts.rules import normalise_email
from entitylocker.accounts.tokens import new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound, TooManyRequests
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.errors import NeedsQuorum
from entitylocker.organisations.invitations import (
    ForWhom,
    find_member_by_email,
    is_open,
    new_invitation,
    send_invitation,
    subject_of,
)
from entitylocker.organisations.members import end_locked
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.rights import lock_members
from entitylocker.organisations.role_changes import set_role
from entitylocker.organisations.states import InvitationWay

# How many invitations a directory sends in a day: in all, and to one address.
MOST_A_DAY = 2000
MOST_TO_ONE = 5


def find_member(actor: Actor, email: str, membership_id: UUID | None) -> Membership | None:
    """Who somebody of the directory is here now: by the membership known before, else by their confirmed address."""
    if membership_id is not None:
        return db.session.scalar(
            select(Membership).where(
                Membership.organisation_id == actor.organisation_id,
                Membership.id == membership_id,
                Membership.ended_at.is_(None),
            )
        )
    return find_member_by_email(actor, email) if email else None


def let_directory_invite(actor: Actor, email: str, role: Role, name: str) -> None:
    """Invite somebody of the directory by mail, once; with another role the open invitation ends and a new one goes.

    It stands by the token with which the directory said so last, and by the administrator who let a group mean another
    role meanwhile, if that is `actor`. Raises TooManyRequests: a directory must not be made a mill of mails.
    """
    waiting = _open_invitation(actor, email)
    token_id = actor.token_id or (waiting.directory_token_id if waiting is not None else None)
    if waiting is not None and waiting.role == role.value:
        waiting.directory_token_id = token_id
        return
    _check_pace(actor, email)
    if waiting is not None:
        _revoke(actor, waiting)
    token, digest = new_token()
    row = new_invitation(actor, InvitationWay.MAIL, role, digest, ForWhom(guest_name=name))
    row.email, row.email_normalised = email, normalise_email(email)
    row.by_directory, row.directory_token_id = True, token_id
    db.session.add(row)
    record(actor, EventTag.INVITATION_ISSUE, Subject("invitation", row.id, email), role=role.value, way=row.way)
    send_invitation(actor, row, token)


def _check_pace(actor: Actor, email: str) -> None:
    since = Invitation.sent_at > utc_now() - timedelta(days=1)
    mine = (Invitation.organisation_id == actor.organisation_id, Invitation.by_directory, since)
    there = Invitation.email_normalised == normalise_email(email)
    sent = select(func.count(), func.count().filter(there)).select_from(Invitation).where(*mine)
    everywhere, to_one = db.session.execute(sent).one()
    if everywhere >= MOST_A_DAY or to_one >= MOST_TO_ONE:
        raise TooManyRequests(seconds=3600)


def let_directory_uninvite(actor: Actor, email: str) -> None:
    """Take back what the directory issued to an address and nobody accepted."""
    waiting = _open_invitation(actor, email)
    if waiting is not None:
        _revoke(actor, waiting)


def end_invitations_of_directory(actor: Actor, token_ids: Collection[UUID]) -> None:
    """End what a directory issued with these tokens, which end: nobody comes back through the hand of another."""
    issued = Invitation.directory_token_id.in_(token_ids)
    query = select(Invitation).where(*is_open(actor.organisation_id), issued).order_by(Invitation.id)
    for row in db.session.scalars(query.with_for_update()):
        _revoke(actor, row, because="directory")


def _revoke(actor: Actor, waiting: Invitation, **because: Any) -> None:
    waiting.revoked_at = utc_now()
    record(actor, EventTag.INVITATION_REVOKE, subject_of(waiting), **because)


def _open_invitation(actor: Actor, email: str) -> Invitation | None:
    """The directory's own: what a member or an officer from above issued is theirs."""
    return db.session.scalar(
        select(Invitation)
        .where(
            *is_open(actor.organisation_id),
            Invitation.email_normalised == normalise_email(email),
            Invitation.by_directory,
        )
        .with_for_update()
    )


def let_directory_set_role(actor: Actor, membership_id: UUID, role: Role) -> None:
    """Give a member another role. An administrator keeps theirs. Raises NotFound."""
    member = _lock(actor, membership_id)
    if member.role not in (role.value, Role.ADMINISTRATOR.value):
        set_role(actor, member, role)


def let_directory_end(actor: Actor, membership_id: UUID) -> None:
    """End a membership at once. Raises NotFound; NeedsQuorum for an administrator."""
    member = _lock(actor, membership_id)
    if member.role == Role.ADMINISTRATOR.value:
        raise NeedsQuorum
    end_locked(actor, member)


def _lock(actor: Actor, membership_id: UUID) -> Membership:
    assert actor.organisation_id is not None
    member = lock_members(actor.organisation_id, [membership_id]).get(membership_id)
    if member is None or member.source_kind is not None:
        raise NotFound
    return member
