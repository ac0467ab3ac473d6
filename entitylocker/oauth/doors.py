"""The database functions that find and claim what lies behind a digest. All need a running transaction."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from entitylocker.extensions import db
from entitylocker.web.engine_room import engines

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"


def new_secret() -> str:
    """A value of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> bytes:
    """What is stored of a secret value."""
    return hashlib.sha256(value.encode()).digest()


def code_for(request_uri: str) -> str:
    """The authorization code of a request: 256 bits that only this installation can compute.

    The same request gives the same code, so a second click on “allow” can be sent to the portal like the first one
    although only the digest of the code is stored.
    """
    key = engines().settings.secret_key.encode()
    mac = hmac.new(key, b"entitylocker authorization code\0" + request_uri.encode(), hashlib.sha256)
    return urlsafe_b64encode(mac.digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class StoredRequest:
    """A pushed request as it was stored."""

    id: UUID
    client_id: str
    parameters: dict[str, Any]
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    answered_by_id: UUID | None
    outcome: str | None


@dataclass(frozen=True)
class StoredCode:
    """What must be known of a code before it is claimed."""

    id: UUID
    organisation_id: UUID
    client_id: str
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class ClaimedCode:
    """A code that this transaction redeemed."""

    id: UUID
    organisation_id: UUID
    consent_id: UUID
    redirect_uri: str
    code_challenge: str
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        """For authlib: the address that must be repeated."""
        return self.redirect_uri


@dataclass(frozen=True)
class StoredToken:
    """A token with the state of everything it depends on, joined in one statement at this instant."""

    id: UUID
    kind: str
    code_id: UUID
    client_id: str
    expires_at: datetime
    revoked_at: datetime | None
    organisation_id: UUID
    organisation_name: str
    organisation_verified: bool
    consent_id: UUID
    consent_ends_at: datetime
    consent_revoked_at: datetime | None
    document_ids: list[UUID]
    portal_id: UUID
    portal_name: str
    portal_state: str
    keeper_verified: bool
    organisation_state: str
    keeper_state: str


def find_request(request_uri: str) -> StoredRequest | None:
    row = _one("lookup_par_request(:digest)", digest=digest(request_uri))
    return None if row is None else StoredRequest(**row)


def claim_request(request_uri: str, person_id: UUID, outcome: str) -> bool:
    """Answer a request. False if it was answered before or is too old."""
    return (
        _one(
            "claim_par_request(:digest, :person, :outcome)",
            digest=digest(request_uri),
            person=person_id,
            outcome=outcome,
        )
        is not None
    )


def find_code(code: str) -> StoredCode | None:
    row = _one("lookup_code(:digest)", digest=digest(code))
    return None if row is None else StoredCode(**row)


def claim_code(code: str, client_id: str) -> ClaimedCode | None:
    """Redeem a code for the client it was issued to. None if that cannot be done, for whatever reason."""
    row = _one("claim_code(:digest, :client_id)", digest=digest(code), client_id=client_id)
    return None if row is None else ClaimedCode(**row)


def find_token(token: str) -> StoredToken | None:
    row = _one("lookup_token(:digest)", digest=digest(token))
    return None if row is None else StoredToken(**row)


def revoke_tokens(code_id: UUID, only: UUID | None = None) -> int:
    """Revoke what was issued for a code, all of it or `only` one token. How many were not revoked before."""
    found = db.session.execute(text("SELECT * FROM claim_back_tokens(:code, :only)"), {"code": code_id, "only": only})
    return len(found.all())


def sweep() -> None:
    """Remove used assertions and pushed requests that nobody can use any more."""
    db.session.execute(text("SELECT sweep_client_assertions(), sweep_par_requests()"))


def _one(call: str, **values: Any) -> Mapping[str, Any] | None:
    found = db.session.execute(text(f"SELECT * FROM {call}"), values)  # noqa: S608 - `call` is one of the words above
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)
