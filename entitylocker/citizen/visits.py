"""Visits to a citizen locker: begun in one browser for one purpose, ended there once, within ten minutes.

What the browser must bring back lies in two halves: the state in the address, a secret in the browser's own session.
Of both only digests are kept here, and the verifier of PKCE is made of both, so it is kept nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.citizen.errors import VisitNotKnown
from entitylocker.citizen.lockers import LockerEntry, adapter_of
from entitylocker.citizen.models import CitizenState
from entitylocker.citizen.states import Purpose
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant

VISIT_LASTS = timedelta(minutes=10)
_PURPOSES = {Purpose.LINK: "Link with EntityLocker", Purpose.SIGN_IN: "Sign in to EntityLocker"}


@dataclass(frozen=True)
class Departure:
    """Where to send the browser, and what it must keep until it is back."""

    address: str
    state: str = field(repr=False)
    browser_secret: str = field(repr=False)


@dataclass(frozen=True)
class Return:
    """What a browser came back with. `browser_secret` None: it kept nothing for this state."""

    state: str = field(repr=False)
    browser_secret: str | None = field(repr=False)
    code: str = field(repr=False, default="")


@dataclass(frozen=True)
class Visit:
    """A visit that was begun here and has now come to its end."""

    purpose: Purpose
    verifier: str = field(repr=False)
    person_id: UUID | None = None
    session_id: UUID | None = None


def depart(
    entry: LockerEntry, purpose: Purpose, *, person_id: UUID | None = None, session_id: UUID | None = None
) -> Departure:
    """Begin a visit, in the running transaction."""
    state, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    now = utc_now()
    db.session.add(
        CitizenState(
            id=uuid7(),
            created_at=now,
            state_digest=_digest(state),
            browser_digest=_digest(secret),
            locker_key=entry.key,
            purpose=purpose.value,
            person_id=person_id,
            session_id=session_id,
            expires_at=now + VISIT_LASTS,
        )
    )
    db.session.execute(text("SELECT sweep_citizen_states()"))
    address = adapter_of(entry).authorization_url(
        state=state, verifier=verifier_of(state, secret), purpose=_PURPOSES[purpose]
    )
    return Departure(address, state, secret)


def arrive(entry: LockerEntry, back: Return) -> Visit:
    """The visit that ends with `back`; its state is used up, whatever comes of it. In a transaction of its own.

    Raises VisitNotKnown: never begun, used, too old, begun in another browser or at another citizen locker.
    """
    with tenancy.transaction(Tenant()):
        found = db.session.execute(
            text("SELECT * FROM claim_citizen_state(:digest)"), {"digest": _digest(back.state)}
        ).one_or_none()
    if found is None or back.browser_secret is None or found.expires_at <= utc_now():
        raise VisitNotKnown
    same_browser = hmac.compare_digest(found.browser_digest, _digest(back.browser_secret))
    if not same_browser or found.locker_key != entry.key:
        raise VisitNotKnown
    return Visit(
        Purpose(found.purpose), verifier_of(back.state, back.browser_secret), found.person_id, found.session_id
    )


def verifier_of(state: str, secret: str) -> str:
    """The PKCE verifier (RFC 7636, 43 characters) of a visit: who lacks either half cannot make it."""
    made = hmac.new(secret.encode(), b"entitylocker/pkce/1\x00" + state.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _digest(text_: str) -> bytes:
    return hashlib.sha256(text_.encode("utf-8", "surrogatepass")).digest()
