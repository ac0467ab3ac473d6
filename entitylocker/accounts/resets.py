"""Setting a new password by a link in a mail. Nothing here tells whether, or of what kind, there is an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS, Actor
from entitylocker.accounts.epochs import lock_person, void_proofs
from entitylocker.accounts.errors import ResetLinkEnded
from entitylocker.accounts.models import PasswordReset, Person, PersonSession
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.open_links import end_address_changes, end_resets
from entitylocker.accounts.passwords import check_new_password, hash_password
from entitylocker.accounts.people import as_actor, find_person_id, tenant_of_person
from entitylocker.accounts.rules import mask_email
from entitylocker.accounts.sessions import end_rows
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.tenancy import Tenant, open_use_case
from entitylocker.web.links import link_to

RESET_LIFETIME = timedelta(minutes=30)


@dataclass(frozen=True)
class OpenReset:
    """Whom a link is for."""

    person_id: UUID
    name: str
    email: str


@open_use_case("whoever forgot the password is nobody yet")
def ask_reset(email: str) -> None:
    """Mail a link that sets a new password; an earlier one ends.

    It goes to the address as the account has it, never to another spelling that was typed. Where there is no account,
    as much work is done and the typed address is told so.
    """
    with tenancy.transaction(Tenant()):
        found = find_person_id(email)
    person_id = found or uuid7()
    token, digest = new_token()
    with tenancy.transaction(tenant_of_person(person_id)):
        person = db.session.scalar(select(Person).where(Person.id == person_id))
        end_resets(ANONYMOUS, person_id, why="replaced")
        row = PasswordReset(
            id=uuid7(),
            token_digest=digest,
            person_id=person.id if person else None,
            expires_at=utc_now() + RESET_LIFETIME,
        )
        db.session.add(row)
        subject = Subject("person", person.id if person else None, mask_email(email))
        record(ANONYMOUS, EventTag.PERSON_RESET_ASK, subject, known=person is not None)
        _send(person.email if person else email, token, known=person is not None)


def _send(email: str, token: str, *, known: bool) -> None:
    send_mail(
        to=email,
        subject=lazy_gettext("Set a new password") if known else lazy_gettext("No account with this address"),
        template="mail/password_reset" if known else "mail/no_account",
        link=link_to("accounts.reset_password", token=token) if known else link_to("accounts.sign_up"),
        minutes=int(RESET_LIFETIME.total_seconds()) // 60,
    )


@open_use_case("the link is the proof")
def get_reset(token: str) -> OpenReset:
    """Whom a link is for; looking uses nothing up. Raises ResetLinkEnded."""
    with tenancy.transaction(Tenant()):
        row = db.session.execute(
            text("SELECT * FROM lookup_password_reset(:digest)"), {"digest": digest_of(token)}
        ).first()
    if row is None:
        raise ResetLinkEnded
    return OpenReset(row.person_id, row.name, row.email)


@open_use_case("the link is the proof")
def reset_password(token: str, password: str) -> None:
    """Set the password and end all sessions; nobody is signed in by this. A link works once.

    Whatever else somebody with the old password may have begun ends, too: sign-ins of which the second step is owed,
    and a change of address that nobody confirmed.

    Raises ResetLinkEnded, UnfitPassword (the link still works then), Busy.
    """
    found = get_reset(token)
    check_new_password(password, name=found.name, email=found.email)
    fresh = hash_password(password)
    with tenancy.transaction(tenant_of_person(found.person_id)):
        lock_person(found.person_id)
        claimed = db.session.execute(text("SELECT claim_password_reset(:digest)"), {"digest": digest_of(token)})
        if claimed.scalar() != found.person_id:
            raise ResetLinkEnded
        actor = as_actor(found.person_id, found.name)
        db.session.execute(update(Person).where(Person.id == found.person_id).values(password_hash=fresh))
        record(actor, EventTag.PERSON_PASSWORD_RESET, Subject("person", found.person_id, found.name))
        end_address_changes(actor, found.person_id, why="password_reset")
        end_all_sessions(actor, found.person_id)
        tell_person(found.person_id, "password_reset")


def end_all_sessions(actor: Actor, person_id: UUID) -> int:
    """End every session of a person, each with its event, in their running transaction; returns how many.

    What somebody proved at the same moment opens none, and no ticket for a second step is worth anything any more. No
    browser counts as known any more: one of them may be an intruder's.
    """
    void_proofs(person_id)
    query: Any = (
        select(PersonSession)
        .where(PersonSession.person_id == person_id, PersonSession.ended_at.is_(None))
        .order_by(PersonSession.id)
        .with_for_update()
    )
    rows = list(db.session.scalars(query))
    end_rows(actor, rows)
    db.session.execute(
        update(PersonSession)
        .where(PersonSession.person_id == person_id, PersonSession.browser_digest.is_not(None))
        .values(browser_digest=None)
    )
    return len(rows)
