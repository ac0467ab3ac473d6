"""Server-side sessions: opened, looked up on each request, listed, ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.epochs import hold_epoch, void_proofs
from entitylocker.accounts.methods import joined, labels_of
from entitylocker.accounts.models import PersonSession
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import on_own_account
from entitylocker.accounts.rules import describe_browser, session_is_over
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.web.engine_room import engines
from entitylocker.web.formats import initials

# A note of the running transaction: it ends the very session it runs in, which is no reason to stop it.
OWN_SESSION_ENDED = "own_session_ended"

_SEEN_EVERY = timedelta(minutes=1)
_ADDRESS_MAX = 64
_AGENT_MAX = 400


@dataclass(frozen=True)
class Visit:
    """From where somebody signs in: shown to them in the list of their sessions.

    `browser`: the digest of a cookie that stays in the browser; None where there is no browser.
    """

    address: str = ""
    user_agent: str = ""
    browser: bytes | None = None


@dataclass(frozen=True)
class SessionPerson:
    """The signed-in person of a request, as Flask-Login wants it. `token` is what the cookie holds."""

    token: str
    person_id: UUID
    session_id: UUID
    name: str
    email: str
    language: str | None
    confirmed_at: datetime
    amr: tuple[str, ...] = ()
    limited_to: UUID | None = None
    is_operator: bool = False

    is_authenticated = True
    is_active = True
    is_anonymous = False

    @property
    def initials(self) -> str:
        """For the round sign."""
        return initials(self.name)

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie."""
        return self.token


@dataclass(frozen=True)
class SessionView:
    """A line of the list of sessions. `ways`: by what one was known, English words to be translated."""

    id: UUID
    browser: str
    address: str
    created_at: Any
    last_seen_at: Any
    is_this: bool
    ways: tuple[str, ...] = ()


@open_use_case("the person is only known once the session is found")
def load_session(token: str) -> SessionPerson | None:
    """The person whose session `token` belongs to; None once it ended, expired or was left alone too long."""
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT * FROM lookup_session(:digest)"), {"digest": digest_of(token)}).first()
    if found is None:
        return None
    settings = engines().settings
    now = utc_now()
    if session_is_over(
        now,
        created_at=found.created_at,
        last_seen_at=found.last_seen_at,
        lifetime=settings.session_seconds,
        idle=settings.session_idle_seconds,
    ):
        return None
    if now - found.last_seen_at >= _SEEN_EVERY:
        _note_seen(found.person_id, found.session_id)
    return SessionPerson(
        token,
        found.person_id,
        found.session_id,
        found.name,
        found.email,
        found.language,
        found.confirmed_at,
        tuple(found.amr.split()),
        found.limited_to,
        found.is_operator,
    )


def _note_seen(person_id: UUID, session_id: UUID) -> None:
    with tenancy.transaction(Tenant(person_id=person_id)):
        db.session.execute(
            update(PersonSession)
            .where(PersonSession.person_id == person_id, PersonSession.id == session_id)
            .values(last_seen_at=utc_now())
        )


def open_session(
    person_id: UUID,
    visit: Visit,
    amr: tuple[str, ...] = ("pwd",),
    *,
    limited_to: UUID | None = None,
    provider_id: UUID | None = None,
) -> str:
    """Open a session in the running transaction of that person and return its token.

    `amr`: by what the person was known, in the words of RFC 8176 (`pwd`, `otp`, `hwk`, …). `limited_to`: the only
    organisation it counts for, because its provider `provider_id` vouched and nobody else.
    """
    tell_of_new_browser(person_id, visit)
    token, digest = new_token()
    now = utc_now()
    db.session.add(
        PersonSession(
            id=uuid7(),
            person_id=person_id,
            created_at=now,
            last_seen_at=now,
            token_digest=digest,
            confirmed_at=now,
            amr=" ".join(amr),
            limited_to=limited_to,
            provider_id=provider_id,
            address=visit.address[:_ADDRESS_MAX],
            user_agent=visit.user_agent[:_AGENT_MAX],
            browser_digest=visit.browser,
        )
    )
    return token


def tell_of_new_browser(person_id: UUID, visit: Visit) -> None:
    """Write to the person if they were signed in before, but never in this browser; in their running transaction."""
    if visit.browser is None:
        return
    known = select(func.count(), func.count().filter(PersonSession.browser_digest == visit.browser)).where(
        PersonSession.person_id == person_id
    )
    before, here = db.session.execute(known).one()
    if before and not here:
        browser = describe_browser(visit.user_agent)
        tell_person(person_id, "new_sign_in", browser=browser, address=visit.address[:_ADDRESS_MAX])


def renew_session(actor: Actor, amr: tuple[str, ...]) -> str:
    """Put a fresh session in the place of the actor's, in their running transaction, and return its token.

    It is confirmed now and knows what was proved in addition; it lives no longer than the earlier one would have, whose
    token is worth nothing any more (OWASP ASVS 5.0, 7.2.4). Raises NotFound if that one ended.
    """
    assert actor.person_id is not None
    hold_epoch(actor.person_id)
    row = next((row for row in _lock_open_sessions(actor) if row.id == actor.session_id), None)
    if row is None:
        raise NotFound
    row.ended_at = now = utc_now()
    tenancy.current().note(OWN_SESSION_ENDED, row.id)
    token, digest = new_token()
    kept = ("person_id", "created_at", "limited_to", "provider_id", "address", "user_agent", "browser_digest")
    db.session.add(
        PersonSession(
            id=uuid7(),
            token_digest=digest,
            last_seen_at=now,
            confirmed_at=now,
            amr=" ".join(joined(row.amr.split(), amr)),
            **{name: getattr(row, name) for name in kept},
        )
    )
    return token


def weaken_sessions(person_id: UUID) -> None:
    """Let no open session of the person count as opened with two factors, in their running transaction."""
    rows = db.session.scalars(
        select(PersonSession).where(PersonSession.person_id == person_id, PersonSession.ended_at.is_(None))
    )
    for row in rows:
        row.amr = " ".join(word for word in row.amr.split() if word != "mfa")


def end_sessions_of_provider(actor: Actor, provider_id: UUID) -> None:
    """End the actor's sessions for which an organisation's provider vouched, in their running transaction."""
    assert actor.person_id is not None
    void_proofs(actor.person_id)
    end_rows(actor, [row for row in _lock_open_sessions(actor) if row.provider_id == provider_id])


def note_way_ended(actor: Actor, provider_ids: Collection[UUID]) -> None:
    """Say that the running transaction ends providers: the act of whoever came in by one of them is not stopped by it.

    What such a session does afterwards is.
    """
    own = (PersonSession.person_id == actor.person_id, PersonSession.id == actor.session_id)
    if actor.limited_to is None or not provider_ids:
        return
    if db.session.scalar(select(PersonSession.provider_id).where(*own)) in provider_ids:
        tenancy.current().note(OWN_SESSION_ENDED, actor.session_id)


def end_rows(actor: Actor, rows: list[PersonSession], tag: EventTag = EventTag.PERSON_SESSION_END) -> None:
    """End locked sessions, each with its event, in the running transaction."""
    for row in rows:
        row.ended_at = utc_now()
        record(actor, tag, Subject("session", row.id, describe_browser(row.user_agent)))


@use_case(Permission.SESSION_OWN)
def list_sessions(actor: Actor) -> list[SessionView]:
    """The actor's own open sessions, the one last used first."""
    require(actor, Permission.SESSION_OWN, actor.facts)
    settings = engines().settings
    now = utc_now()
    rows = db.session.scalars(
        select(PersonSession)
        .where(
            PersonSession.person_id == actor.person_id,
            PersonSession.ended_at.is_(None),
            PersonSession.created_at > now - timedelta(seconds=settings.session_seconds),
            PersonSession.last_seen_at > now - timedelta(seconds=settings.session_idle_seconds),
        )
        .order_by(PersonSession.last_seen_at.desc())
    )
    return [
        SessionView(
            row.id,
            describe_browser(row.user_agent),
            row.address,
            row.created_at,
            row.last_seen_at,
            row.id == actor.session_id,
            tuple(labels_of(row.amr.split())),
        )
        for row in rows
    ]


@open_use_case("what it calls asks for the permission")
def end_session(actor: Actor, session_id: UUID, tag: EventTag = EventTag.PERSON_SESSION_END) -> None:
    """End one of the actor's own sessions. `tag`: what that is called in the log. Raises NotFound for any other."""
    _end_session(on_own_account(actor), session_id, tag)


@open_use_case("what it calls asks for the permission")
def end_other_sessions(actor: Actor) -> int:
    """End all of the actor's sessions but the one that asks; returns how many ended."""
    return _end_other_sessions(on_own_account(actor))


@use_case(Permission.SESSION_OWN)
def _end_session(actor: Actor, session_id: UUID, tag: EventTag) -> None:
    require(actor, Permission.SESSION_OWN, actor.facts)
    if session_id != actor.session_id:
        require(actor, Permission.ACCOUNT_OWN, actor.facts)
    row = next((row for row in _lock_open_sessions(actor) if row.id == session_id), None)
    if row is None:
        raise NotFound
    end_rows(actor, [row], tag)
    if row.id == actor.session_id:
        tenancy.current().note(OWN_SESSION_ENDED, row.id)


@use_case(Permission.ACCOUNT_OWN)
def _end_other_sessions(actor: Actor) -> int:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    void_proofs(actor.person_id)
    others = [row for row in _lock_open_sessions(actor) if row.id != actor.session_id]
    end_rows(actor, others)
    if others:
        tell_person(actor.person_id, "sessions_ended", count=len(others))
    return len(others)


def _lock_open_sessions(actor: Actor) -> list[PersonSession]:
    """In a fixed order, so that two browsers ending each other's sessions do not wait for each other."""
    return list(
        db.session.scalars(
            select(PersonSession)
            .where(PersonSession.person_id == actor.person_id, PersonSession.ended_at.is_(None))
            .order_by(PersonSession.id)
            .with_for_update()
        )
    )
