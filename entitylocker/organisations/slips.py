"""Invitations without a mail address: a slip of paper with a code, a text message; and printing slips again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import force_locale, gettext
from sqlalchemy import select

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.notifications.sms import send_text
from entitylocker.organisations.errors import HandItOverInPerson, NotByMessage
from entitylocker.organisations.invitations import (
    ForWhom,
    IssuedInvitation,
    is_open,
    lock_pending,
    may_issue,
    new_invitation,
    renew,
    subject_of,
)
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.models import Invitation
from entitylocker.organisations.rules import ANSWERING_ROLES, may_print
from entitylocker.organisations.sending_limits import count_sending
from entitylocker.organisations.slip_codes import code_of, digest_of_bearer
from entitylocker.organisations.states import InvitationWay
from entitylocker.tenancy import use_case
from entitylocker.web.display import LOCALES
from entitylocker.web.links import link_to

# A picture takes its time: so many are printed on one page.
SLIPS_AT_ONCE = 50
_SECRET_LABEL = b"entitylocker/slip/1:"


@dataclass(frozen=True)
class Slip:
    """A slip to print. `language`: the officer's, None where it is not known."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    guest_name: str
    role: Role
    code: str
    link: str
    expires_at: datetime
    language: str | None


@use_case(Permission.MEMBER_INVITE, fresh=True)
def issue_slip(actor: Actor, guest: ForWhom, role: Role, *, in_person: bool = False) -> IssuedInvitation:
    """Invite somebody by a slip with a one-time code, bound to nothing but the code.

    Whoever finds such a slip could use it: roles that answer for the organisation are only put on it by an inviter
    who says to hand it over `in_person`. Raises MoreThanYouHold, HandItOverInPerson.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    may_issue(actor, role)
    if role in ANSWERING_ROLES and not in_person:
        raise HandItOverInPerson(field="in_person")
    row = new_invitation(actor, InvitationWay.SLIP, role, b"", guest)
    row.in_person = in_person
    issued = _put(actor, row)
    record(
        actor, EventTag.INVITATION_ISSUE, Subject("invitation", row.id, guest.guest_name),
        role=role.value, way=row.way, in_person=in_person,
    )  # fmt: skip
    return issued


@use_case(Permission.MEMBER_INVITE, fresh=True)
def invite_by_phone(actor: Actor, phone: str, role: Role, guest: ForWhom | None = None) -> IssuedInvitation:
    """Invite somebody by a text message with a one-time code. `phone`: as `find_phone` writes it.

    Raises MoreThanYouHold, NotByMessage for roles that answer for the organisation, TooManyInvitations.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    may_issue(actor, role)
    if role in ANSWERING_ROLES:
        raise NotByMessage(field="role")
    row = new_invitation(actor, InvitationWay.SMS, role, b"", guest or ForWhom())
    row.phone = phone
    issued = _put(actor, row)
    record(actor, EventTag.INVITATION_ISSUE, Subject("invitation", row.id, phone), role=role.value, way=row.way)
    _send(actor, row, issued)
    return issued


@use_case(Permission.MEMBER_INVITE, fresh=True)
def renew_code(actor: Actor, invitation_id: UUID) -> IssuedInvitation:
    """Give a slip a new code and a new time, or send a text message again; the old code ends.

    Raises NotFound where it was accepted or taken back or went by mail, MoreThanYouHold.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    row = lock_pending(actor, invitation_id)
    if row.way == InvitationWay.MAIL:
        raise NotFound
    may_issue(actor, Role(row.role))
    renew(actor, row)
    issued = _put(actor, row)
    if row.way == InvitationWay.SMS:
        _send(actor, row, issued)
    return issued


@use_case(Permission.MEMBER_INVITE, fresh=True)
def print_slips(
    actor: Actor, invitation_ids: Iterable[UUID] | None = None, *, after: UUID | None = None, most: int | None = None
) -> list[Slip]:
    """The open slips of the actor's organisation, oldest first: those named, or all. The trail says who saw them.

    `after`: only those made after that one; `most`: no more than so many.

    Those that only others may see are left out. Raises MoreThanYouHold.
    """
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    query = select(Invitation).where(*is_open(actor.organisation_id), Invitation.way == InvitationWay.SLIP.value)
    if invitation_ids is not None:
        query = query.where(Invitation.id.in_(list(invitation_ids)))
    if after is not None:
        query = query.where(Invitation.id > after)
    rows = [row for row in db.session.scalars(query.order_by(Invitation.id)) if _may_see(actor, row)][:most]
    for row in rows:
        record(actor, EventTag.INVITATION_PRINT, subject_of(row))
    return [_slip(actor, row) for row in rows]


def _may_see(actor: Actor, row: Invitation) -> bool:
    is_theirs = actor.person_id is not None and row.invited_by_person_id == actor.person_id
    if not may_print(actor, Role(row.role), issued_by_them=is_theirs):
        return False
    may_issue(actor, Role(row.role))
    return True


def _slip(actor: Actor, row: Invitation) -> Slip:
    code = code_of(_open_secret(row))
    return Slip(
        row.id, row.organisation_id, actor.organisation_name, row.guest_name or "", Role(row.role), code,
        _link(code), row.expires_at, row.language,
    )  # fmt: skip


def _put(actor: Actor, row: Invitation) -> IssuedInvitation:
    """Write an invitation with a fresh code down."""
    secret, row.wrapped_code = open_key(row.organisation_id).new_document_key(context=_SECRET_LABEL + row.id.bytes)
    code = code_of(secret.raw)
    row.token_digest = digest_of_bearer(code)
    db.session.add(row)
    return IssuedInvitation(
        row.id, InvitationWay(row.way), Role(row.role), _link(code), row.expires_at,
        phone=row.phone or "", guest_name=row.guest_name or "", code=code,
    )  # fmt: skip


def _open_secret(row: Invitation) -> bytes:
    assert row.wrapped_code is not None
    key = open_key(row.organisation_id)
    return key.open_document_key(row.wrapped_code, context=_SECRET_LABEL + row.id.bytes).raw


def _link(code: str) -> str:
    return link_to("organisations.invitation", token=code)


def _send(actor: Actor, row: Invitation, issued: IssuedInvitation) -> None:
    count_sending(row.through_organisation_id or row.organisation_id)
    with force_locale(LOCALES.get(row.language or "en", LOCALES["en"])):
        words = gettext(
            "%(name)s invites you to %(organisation)s in EntityLocker. Open %(link)s or type the code there: %(code)s",
            name=actor.name, organisation=actor.organisation_name, link=issued.link, code=issued.code,
        )  # fmt: skip
    send_text(to=issued.phone, text=words)
