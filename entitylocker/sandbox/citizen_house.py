"""What the parts of one citizen locker share: clients, grants, papers, faults and uploaded files."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import current_app, request

from entitylocker.sandbox.citizen_clients import ClientFacts, Clients
from entitylocker.sandbox.citizen_errors import insufficient_scope, invalid_token
from entitylocker.sandbox.citizen_faults import Faults
from entitylocker.sandbox.citizen_grants import Grant, Grants
from entitylocker.sandbox.citizen_papers import Printer
from entitylocker.sandbox.citizen_people import Citizen, IssuedPaper

EXTENSION = "citizen_locker"
MOST_UPLOADS = 20


@dataclass(frozen=True)
class Upload:
    """A file that an application put into somebody's locker."""

    path: str
    media_type: str
    data: bytes = field(repr=False)
    uploaded_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def uri(self) -> str:
        """Its address; unlike that of an issued paper it has no issuer in it."""
        return f"in.gov.digilocker-OTHER-{self.path.replace('/', '_')}"


class Shelves:
    """What was added to lockers since the start: uploaded files and papers that were pulled from issuers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uploads: dict[str, dict[str, Upload]] = {}
        self._pulled: dict[str, list[IssuedPaper]] = {}

    def put(self, citizen: Citizen, upload: Upload) -> bool:
        """Keep a file, in place of one with the same path. False when this person's locker is full."""
        with self._lock:
            mine = self._uploads.setdefault(citizen.key, {})
            if upload.path not in mine and len(mine) >= MOST_UPLOADS:
                return False
            mine[upload.path] = upload
            return True

    def uploads(self, citizen: Citizen) -> list[Upload]:
        with self._lock:
            return list(self._uploads.get(citizen.key, {}).values())

    def pull(self, citizen: Citizen, paper: IssuedPaper) -> bool:
        """Put a paper into the locker; False when it is there already."""
        with self._lock:
            if paper in (*citizen.papers, *self._pulled.get(citizen.key, [])):
                return False
            self._pulled.setdefault(citizen.key, []).append(paper)
            return True

    def papers(self, citizen: Citizen) -> list[IssuedPaper]:
        """Everything that was issued to this person."""
        with self._lock:
            return [*citizen.papers, *self._pulled.get(citizen.key, [])]


@dataclass(frozen=True)
class House:
    """One citizen locker. `form_token`: what the forms of its own pages carry."""

    base_url: str
    clients: Clients
    grants: Grants
    printer: Printer
    clock: Callable[[], float]
    faults: Faults = field(default_factory=Faults)
    shelves: Shelves = field(default_factory=Shelves)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def house() -> House:
    """The locker that answers this request."""
    found: House = current_app.extensions[EXTENSION]
    return found


@dataclass(frozen=True)
class Caller:
    """Who asks, for whom: a client with a person's token."""

    client: ClientFacts
    grant: Grant
    citizen: Citizen

    def need(self, *scopes: str) -> None:
        """Raises WireError insufficient_scope unless one of `scopes` was agreed to."""
        if not set(scopes) & set(self.grant.scopes):
            raise insufficient_scope()

    def papers(self) -> Iterator[IssuedPaper]:
        """The papers of the person that were agreed to."""
        return (paper for paper in house().shelves.papers(self.citizen) if self.grant.may_see(paper.doctype))


def caller(call: str, *, about_documents: bool = False) -> Caller:
    """Read the bearer token. Raises WireError invalid_token when there is none that works."""
    authorization = request.authorization
    token = authorization.token if authorization is not None and authorization.type == "bearer" else None
    if not token or house().faults.take("expired_consent", call):
        raise invalid_token()
    grant, citizen = house().grants.find(token, about_documents=about_documents)
    client = house().clients.find(grant.client_id)
    if client is None:
        raise invalid_token()
    return Caller(client, grant, citizen)
