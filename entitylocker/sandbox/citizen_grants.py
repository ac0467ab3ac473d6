"""What people agreed to: codes, access tokens and refresh tokens, in memory, each with its real lifetime."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from entitylocker.sandbox.citizen_clients import ClientFacts
from entitylocker.sandbox.citizen_errors import WireError, invalid_token
from entitylocker.sandbox.citizen_people import Citizen

CODE_SECONDS = 300
ACCESS_SECONDS = 3600
CONSENT_SECONDS = 30 * 24 * 3600
LONGEST_CONSENT_SECONDS = 366 * 24 * 3600
MOST_GRANTS = 10_000


@dataclass
class Grant:
    """One consent of one person for one client. `ends_at`: UNIX seconds, when nothing of it works any more.

    `doctypes`: the only kinds that were agreed to; empty for all. `withdrawn_at`: when the person took it back.
    """

    client_id: str
    citizen: Citizen
    redirect_uri: str
    scopes: tuple[str, ...]
    doctypes: tuple[str, ...]
    given_at: float
    ends_at: float
    purpose: str = ""
    code_challenge: str | None = None
    is_new_account: bool = False
    withdrawn_at: float | None = None
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    codes: list[str] = field(default_factory=list, repr=False)
    tokens: list[str] = field(default_factory=list, repr=False)

    def may_see(self, doctype: str) -> bool:
        """Whether papers of this kind were agreed to."""
        return not self.doctypes or doctype in self.doctypes


@dataclass(frozen=True)
class Tokens:
    """A pair of tokens, just made."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    reference_key: str


@dataclass
class _Token:
    grant: Grant
    ends_at: float
    citizen: Citizen
    spent: bool = False


class Grants:
    """Everything of one locker. Every call may come from any thread. `clock`: UNIX seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._codes: dict[str, _Token] = {}
        self._access: dict[str, _Token] = {}
        self._refresh: dict[str, _Token] = {}

    def issue_code(self, grant: Grant) -> str:
        """A code for `grant`, good once and for five minutes."""
        code = secrets.token_hex(20)
        with self._lock:
            self._forget_old()
            self._grants[grant.name] = grant
            self._codes[code] = _Token(grant, self._clock() + CODE_SECONDS, grant.citizen)
            grant.codes.append(code)
        return code

    def redeem(
        self, client: ClientFacts, code: str, redirect_uri: str, verifier: str, *, give_to: Citizen | None = None
    ) -> tuple[Grant, Tokens]:
        """Tokens for a code. `give_to`: a fault, the tokens belong to somebody else. Raises WireError invalid_grant.

        A code that comes a second time ends everything that came of it (RFC 6749 section 4.1.2).
        """
        with self._lock:
            held = self._codes.get(code)
            if held is None or held.grant.client_id != client.client_id:
                raise _invalid_grant("The authorization code is invalid.")
            if held.spent:
                self._end(held.grant)
                raise _invalid_grant("The authorization code was used before.")
            held.spent = True
            if held.ends_at <= self._clock():
                raise _invalid_grant("The authorization code has expired.", 401)
            if held.grant.redirect_uri != redirect_uri:
                raise _invalid_grant("The redirect_uri is not that of the authorization request.")
            if not _verifier_fits(verifier, held.grant.code_challenge):
                raise _invalid_grant("The code_verifier does not fit the code_challenge.")
            return held.grant, self._issue(held.grant, give_to or held.citizen)

    def refresh(self, client: ClientFacts, refresh_token: str) -> tuple[Grant, Tokens]:
        """New tokens for a refresh token, which is spent by that. Raises WireError invalid_grant.

        A refresh token that comes a second time ends everything that came of it (RFC 9700 section 4.14).
        """
        with self._lock:
            held = self._refresh.get(refresh_token)
            if held is None or held.grant.client_id != client.client_id:
                raise _invalid_grant("The refresh token is invalid.")
            if held.spent:
                self._end(held.grant)
                raise _invalid_grant("The refresh token was used before.")
            if held.ends_at <= self._clock() or self._is_withdrawn(held.grant):
                raise _invalid_grant("The refresh token has expired or was revoked by the user.", 401)
            held.spent = True
            return held.grant, self._issue(held.grant, held.citizen)

    def find(self, access_token: str, *, about_documents: bool = False) -> tuple[Grant, Citizen]:
        """Whose token this is. Raises WireError invalid_token for one that does not work any more."""
        with self._lock:
            held = self._access.get(access_token)
            if held is None or held.spent or held.ends_at <= self._clock():
                raise invalid_token()
            if held.grant.withdrawn_at is not None or (about_documents and held.citizen.has_withdrawn):
                raise invalid_token("The access token has been revoked by the user")
            return held.grant, held.citizen

    def revoke(self, client: ClientFacts, token: str) -> None:
        """End the grant that `token` came from, whichever kind it is. Raises WireError invalid_token (400)."""
        with self._lock:
            held = self._access.get(token) or self._refresh.get(token)
            if held is None or held.grant.client_id != client.client_id:
                raise WireError(400, "invalid_token", "The token is invalid")
            self._end(held.grant)

    def list_of(self, citizen: Citizen) -> list[Grant]:
        """What this person agreed to, the latest first."""
        with self._lock:
            mine = [grant for grant in self._grants.values() if grant.citizen.key == citizen.key]
        return sorted(mine, key=lambda grant: grant.given_at, reverse=True)

    def withdraw(self, citizen: Citizen, name: str | None = None) -> None:
        """The person takes back one consent, or all of them."""
        with self._lock:
            for grant in self._grants.values():
                if grant.citizen.key == citizen.key and name in (None, grant.name):
                    grant.withdrawn_at = grant.withdrawn_at or self._clock()

    def _issue(self, grant: Grant, citizen: Citizen) -> Tokens:
        now = self._clock()
        life = max(0, min(ACCESS_SECONDS, int(grant.ends_at - now)))
        # reference_key is there to find calls in logs again: another one each time, nothing to know a person by.
        made = Tokens(secrets.token_hex(20), secrets.token_hex(20), life, secrets.token_hex(16))
        self._access[made.access_token] = _Token(grant, now + life, citizen)
        self._refresh[made.refresh_token] = _Token(grant, grant.ends_at, citizen)
        grant.tokens += [made.access_token, made.refresh_token]
        return made

    def _is_withdrawn(self, grant: Grant) -> bool:
        return grant.withdrawn_at is not None or grant.citizen.has_withdrawn

    def _end(self, grant: Grant) -> None:
        """Nothing of it works any more; that its codes and tokens were there once stays known."""
        for token in grant.tokens:
            for held in (self._access.get(token), self._refresh.get(token)):
                if held is not None:
                    held.spent = True
        grant.withdrawn_at = grant.withdrawn_at or self._clock()

    def _forget_old(self) -> None:
        while len(self._grants) >= MOST_GRANTS:
            grant = self._grants.pop(next(iter(self._grants)))
            for token in grant.tokens:
                self._access.pop(token, None)
                self._refresh.pop(token, None)
            for code in grant.codes:
                self._codes.pop(code, None)


def _invalid_grant(why: str, status: int = 400) -> WireError:
    return WireError(status, "invalid_grant", why)


def _verifier_fits(verifier: str, challenge: str | None) -> bool:
    """RFC 7636 section 4.6. Without a challenge nothing is asked; a verifier that comes all the same does not harm."""
    if challenge is None:
        return True
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())
