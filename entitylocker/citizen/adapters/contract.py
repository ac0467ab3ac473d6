"""What every adapter of a citizen locker promises."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from entitylocker.errors import N_, LockerError
from entitylocker.outgoing import Outgoing


class TokensRefused(LockerError):
    """The citizen locker does not take a code or a token (any more)."""

    code = "citizen_tokens_refused"
    status = 409
    message = N_("The citizen locker did not accept what we came with.")


@dataclass(frozen=True)
class Identity:
    """Who somebody is to a citizen locker. Texts are cleaned; none holds an Aadhaar number."""

    subject: str
    name: str
    born_on: date | None = None
    reference_key: str = ""


@dataclass(frozen=True)
class Tokens:
    """What a citizen locker hands out. `identity` None: it did not say whose they are (a refresh need not)."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    expires_at: datetime | None = None
    scopes: str = ""
    consent_valid_till: datetime | None = None
    identity: Identity | None = None


@dataclass(frozen=True)
class IssuedDocument:
    """A line of the list of issued documents. `issued_on`: the text as it came where it is no day that we can read."""

    uri: str
    title: str
    type_code: str
    issuer_name: str
    issued_on: date | str
    is_pdf: bool


class CitizenLocker(Protocol):
    """One citizen locker. Every call raises LockerUnavailable when there is no usable answer."""

    def authorization_url(self, *, state: str, verifier: str, purpose: str) -> str:
        """Where the person goes, with the challenge of `verifier` (RFC 7636, S256)."""
        ...

    def exchange(self, code: str, verifier: str) -> Tokens:
        """Tokens for a code, with the identity. Raises TokensRefused."""
        ...

    def refresh(self, refresh_token: str) -> Tokens:
        """Fresh tokens; the old ones are no longer good. Raises TokensRefused."""
        ...

    def identity(self, access_token: str) -> Identity:
        """Whose the token is. Raises TokensRefused."""
        ...

    def list_issued(self, access_token: str) -> list[IssuedDocument]:
        """The issued documents. Raises TokensRefused."""
        ...

    def fetch(self, access_token: str, uri: str) -> bytes:
        """The bytes of a document, as the locker vouches for them.

        Raises TokensRefused, DocumentNotThere, DocumentDamaged.
        """
        ...

    def revoke(self, token: str, hint: str) -> None:
        """Give a token back. `hint`: access_token or refresh_token."""
        ...


class AdapterMaker(Protocol):
    """How an adapter is made."""

    def __call__(
        self,
        *,
        base_url: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        scopes: str,
        outgoing: Outgoing,
    ) -> CitizenLocker: ...
