"""Challenges for passkeys: 256 random bits, for one browser and one purpose, good for one answer in five minutes."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.accounts.errors import PasskeyRefused
from entitylocker.accounts.factor_models import PasskeyChallenge
from entitylocker.accounts.tokens import digest_of
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant, open_use_case

CHALLENGE_LIFETIME = timedelta(minutes=5)
_BYTES = 32


class Purpose(StrEnum):
    """What an answer may be used for; an answer for one is none for another."""

    SIGN_IN = "sign_in"
    SECOND_STEP = "second_step"
    CONFIRM = "confirm"
    REGISTER = "register"


@open_use_case("whoever signs in is nobody yet")
def issue_challenge(purpose: Purpose, browser: str, person_id: UUID | None = None) -> bytes:
    """A fresh challenge for the browser whose cookie holds `browser`; with `person_id` only for that person."""
    challenge = secrets.token_bytes(_BYTES)
    with tenancy.transaction(Tenant()):
        db.session.execute(text("SELECT sweep_passkey_challenges()"))
        db.session.add(
            PasskeyChallenge(
                id=uuid7(),
                challenge_digest=_digest(challenge),
                browser_digest=digest_of(browser),
                purpose=purpose.value,
                person_id=person_id,
                expires_at=utc_now() + CHALLENGE_LIFETIME,
            )
        )
    return challenge


@open_use_case("whoever signs in is nobody yet")
def claim_challenge(challenge: bytes, purpose: Purpose, browser: str, person_id: UUID | None = None) -> None:
    """Use a challenge up, before its answer is looked at. Raises PasskeyRefused unless it was given out like this."""
    with tenancy.transaction(Tenant()):
        found = db.session.execute(
            text("SELECT * FROM claim_passkey_challenge(:challenge, :browser, :purpose)"),
            {"challenge": _digest(challenge), "browser": digest_of(browser), "purpose": purpose.value},
        ).first()
    if found is None or found.person_id != person_id:
        raise PasskeyRefused


def _digest(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
