"""The applications that a citizen locker knows, and how they prove who they are."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from entitylocker.sandbox.citizen_errors import WireError

SCOPES = {
    "userdetails": "Name, date of birth and gender",
    "openid": "A number that stands for the account",
    "profile": "Name, date of birth and gender",
    "email": "E-mail address",
    "files.issueddocs": "Documents that were issued to this person",
    "files.uploadeddocs": "Files that this person uploaded",
}


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """An application as it is registered. `strict`: version 2.4 is demanded (PKCE, purpose, service_name)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str = "EntityLocker"
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("userdetails", "files.issueddocs", "files.uploadeddocs")
    strict: bool = False

    @classmethod
    def read(cls, client_id: str, facts: ClientFacts | Mapping[str, Any]) -> ClientFacts:
        """From a mapping of the fields, or as it is. Raises TypeError for a field that does not exist."""
        if isinstance(facts, ClientFacts):
            return facts
        lists = {name: tuple(facts[name]) for name in ("redirect_uris", "scopes") if name in facts}
        return cls(**{**facts, **lists, "client_id": client_id})

    def file_hmac(self, data: bytes) -> str:
        """What stands in the `hmac` header beside `data`: Base64 of HMAC-SHA256 under the client's secret."""
        return b64encode(hmac.digest(self.client_secret.encode(), data, "sha256")).decode("ascii")

    def hash_matches(self, stated: str, *parts: str) -> bool:
        """Whether `stated` is SHA-256 over secret and parts, in hexadecimal of either case or in Base64."""
        digest = hashlib.sha256((self.client_secret + "".join(parts)).encode()).digest()
        return hmac.compare_digest(stated.lower().encode(), digest.hex().encode()) or hmac.compare_digest(
            stated.encode(), b64encode(digest)
        )


class Clients:
    """All of them by their id; more can be registered while the locker runs."""

    def __init__(self, clients: Mapping[str, ClientFacts | Mapping[str, Any]]) -> None:
        self._clients = {name: ClientFacts.read(name, facts) for name, facts in clients.items()}

    def find(self, client_id: str | None) -> ClientFacts | None:
        return self._clients.get(client_id or "")

    def register(self, facts: ClientFacts) -> None:
        """Add a client, or replace the one with its id."""
        self._clients = {**self._clients, facts.client_id: facts}

    def authenticate(self, fields: Mapping[str, str]) -> ClientFacts:
        """Who sent this request, by HTTP Basic or by the fields of its body. Raises WireError invalid_client."""
        by_header = request.authorization is not None and request.authorization.type == "basic"
        name, secret = _basic() if by_header else (fields.get("client_id", ""), fields.get("client_secret", ""))
        client = self.find(name)
        if client is None or not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
            headers = {"WWW-Authenticate": 'Basic realm="citizen locker"'} if by_header else {}
            raise WireError(401 if by_header else 400, "invalid_client", "Unknown client, or wrong secret.", headers)
        return client


def _basic() -> tuple[str, str]:
    authorization = request.authorization
    assert authorization is not None
    return authorization.username or "", authorization.password or ""


def decode_base64(text: str) -> bytes:
    """The bytes behind `text`; none for what is not Base64."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
