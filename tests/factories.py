"""People and organisations for tests, made through the services; only passwords are hashed once for all."""

from __future__ import annotations

import functools
import io
import itertools
import os
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Means, Role
from entitylocker.accounts.passwords import hash_password
from entitylocker.accounts.people import put_person, tenant_of_person
from entitylocker.accounts.service import Visit, add_operator, find_operator, load_session
from entitylocker.accounts.sessions import open_session
from entitylocker.delegations.service import load_member
from entitylocker.extensions import utc_now
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service as organisations
from entitylocker.organisations.letters import Letter

PASSWORD = "a long enough password for tests"
_numbers = itertools.count(int.from_bytes(os.urandom(3), "big") * 1000)


@functools.cache
def _hash() -> str:
    return hash_password(PASSWORD)


def next_pan() -> str:
    """A PAN of a company that nobody has had yet."""
    number = next(_numbers)
    letters = ""
    rest = number // 10_000
    for _ in range(4):
        rest, digit = divmod(rest, 26)
        letters += chr(65 + digit)
    return f"{letters[:3]}C{letters[3]}{number % 9999 + 1:04d}K"


@dataclass
class Person:
    """Somebody with an account and a session."""

    app: Flask
    person_id: UUID
    name: str
    email: str
    token: str
    session_id: UUID

    @property
    def actor(self) -> Actor:
        """The person as themselves."""
        return Actor(
            ActorKind.PERSON,
            Means.SESSION,
            self.name,
            person_id=self.person_id,
            session_id=self.session_id,
            confirmed_at=utc_now(),
        )

    def sign_in(self, client: FlaskClient) -> FlaskClient:
        """Put the session into the client's cookie."""
        with client.session_transaction() as cookie:
            cookie["_user_id"] = self.token
            cookie["_fresh"] = True
        return client

    def client(self) -> FlaskClient:
        """A client of their own, signed in."""
        return self.sign_in(self.app.test_client())


@dataclass
class Member(Person):
    """A person in an organisation. `actor` is loaded afresh each time, as for each request."""

    organisation_id: UUID

    @property
    def actor(self) -> Actor:
        with self.app.app_context():
            found = load_member(self.person_id, self.session_id, self.organisation_id)
        assert found is not None, f"{self.name} is no member any more"
        return replace(found, confirmed_at=utc_now())


def csrf_token(client: FlaskClient) -> str:
    """A CSRF token that belongs to the client's session."""
    with client.session_transaction() as cookie:
        raw = cookie.setdefault("csrf_token", os.urandom(20).hex())
    key = client.application.secret_key
    assert key is not None
    return str(URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(raw))


class Organisations:
    """Makes persons, organisations, members and operators."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._administrators: dict[UUID, Member] = {}

    def person(self, name: str = "Meera Joshi") -> Person:
        """Somebody with an account and an open session."""
        number = next(_numbers)
        person_id, email = uuid7(), f"person{number}@example.in"
        with self.app.app_context(), tenancy.transaction(tenant_of_person(person_id)):
            put_person(person_id, name=name, email=email, password_hash=_hash(), language=None)
            token = open_session(person_id, Visit("127.0.0.1", "pytest"))
        with self.app.app_context():
            found = self._session(token)
        return Person(self.app, person_id, name, email, token, found)

    @staticmethod
    def _session(token: str) -> UUID:
        found = load_session(token)
        assert found is not None
        return found.session_id

    def make(
        self,
        *,
        verified: bool = True,
        name: str = "Sahyadri Agro Exports Private Limited",
        kind: OrganisationKind = OrganisationKind.COMPANY,
        identifier_kind: IdentifierKind = IdentifierKind.PAN,
        identifier: str | None = None,
        letter: Letter | None = None,
    ) -> Member:
        """Register an organisation; answers its administrator."""
        founder = self.person()
        with self.app.test_request_context():
            organisation_id = organisations.register_organisation(
                founder.actor, name=name, kind=kind, identifier_kind=identifier_kind,
                identifier=identifier or next_pan(), letter=letter,
            )  # fmt: skip
            if verified:
                self.verify(organisation_id)
        administrator = Member(**vars(founder), organisation_id=organisation_id)
        self._administrators[organisation_id] = administrator
        return administrator

    def department(
        self, *, name: str = "Department of Public Works", code: str | None = None, verified: bool = True
    ) -> Member:
        """A government department with a department code: such that vouches for its units."""
        return self.make(
            verified=verified,
            name=name,
            kind=OrganisationKind.GOVERNMENT_DEPARTMENT,
            identifier_kind=IdentifierKind.DEPARTMENT,
            identifier=code or f"D-{uuid4().hex[:8].upper()}",
            letter=Letter("order.pdf", io.BytesIO(b"%PDF-1.7\nan order\n%%EOF")),
        )

    def verify(self, organisation_id: UUID) -> None:
        """Have the operator verify everything the organisation stated."""
        operator = self.operator()
        for pending in organisations.list_pending_identifiers(operator):
            if pending.organisation_id == organisation_id:
                organisations.verify_identifier(operator, pending.id)

    def operator(self) -> Actor:
        """An operator of the installation, signed in."""
        person = self.person("Olivia Operator")
        with self.app.app_context():
            add_operator(name=person.name, email=person.email, password=PASSWORD)
            found = find_operator(person.person_id, person.session_id)
        assert found is not None
        return replace(found, confirmed_at=utc_now())

    def add_member(self, role: Role, organisation_id: UUID | None = None, name: str = "Rohan Kulkarni") -> Member:
        """A new member with `role`, by invitation; in the organisation made last if none is named."""
        administrator = self._administrator(organisation_id)
        guest = self.person(name)
        with self.app.test_request_context():
            issued = organisations.invite_member(administrator.actor, guest.email, role)
            token = urlsplit(issued.link).path.rsplit("/", 1)[-1]
            organisations.redeem_invitation(guest.actor, token)
        return Member(**vars(guest), organisation_id=administrator.organisation_id)

    def _administrator(self, organisation_id: UUID | None) -> Member:
        if organisation_id is not None:
            return self._administrators[organisation_id]
        return list(self._administrators.values())[-1] if self._administrators else self.make()
