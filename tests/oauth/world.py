"""A giver, a keeper, an approved portal and its program, for tests: everything through the services and over HTTP."""

from __future__ import annotations

import io
import json
import re
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import Event
from entitylocker.extensions import db, utc_now
from entitylocker.portals import approval, service
from entitylocker.portals.models import Portal
from entitylocker.tenancy import Tenant
from entitylocker.vault.deposits import Upload, deposit
from entitylocker.vault.models import Version
from entitylocker.vault.views import Details
from tests.factories import Member, Organisations, Person, csrf_token

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REDIRECT = "https://portal.example.in/callback?fixed=1"
TYPES = ["PANCR", "GSTRC"]
PDF = b"%PDF-1.7\n" + b"% a document for tests\n" * 40 + b"%%EOF\n"


def until(days: int = 30) -> str:
    return (utc_now() + timedelta(days=days)).date().isoformat()


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Program:
    """A portal's program: it signs with its key and speaks HTTP to the app."""

    app: Flask
    issuer: str
    portal: Portal
    key: ECKey
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def client_id(self) -> str:
        return self.portal.client_id

    def assertion(self, *, alg: str = "ES256", key: Any = None, **claims: Any) -> str:
        now = int(time.time())
        whole = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + 60,
            **claims,
        }
        whole = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": "one"}, whole, key or self.key, algorithms=[alg])

    def proof(self, assertion: str | None = None) -> dict[str, str]:
        return {
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
        }

    def details(self, **changes: Any) -> dict[str, Any]:
        whole = {
            "type": "organisation_documents",
            "document_types": TYPES,
            "purpose": {"code": "tender", "text": "Bid in tender 2026/PWD/318"},
            "until": until(),
            "fetch": {"times": 2},
            "retention": {"days": 90},
            "least_verdict": "valid_at_claimed_time",
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def parameters(self, details: Any = None, **changes: Any) -> dict[str, Any]:
        whole = {
            **self.proof(changes.pop("assertion", None)),
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "state": "the-state",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps([self.details() if details is None else details]),
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def push(self, **changes: Any) -> TestResponse:
        return self.app.test_client().post("/oauth/par", data=self.parameters(**changes))

    def pushed(self, **changes: Any) -> str:
        """The request_uri of a request that must be taken."""
        answer = self.push(**changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json["request_uri"])

    def redeem(self, code: str, **changes: Any) -> TestResponse:
        data = {
            **self.proof(changes.pop("assertion", None)),
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
            **changes,
        }
        data = {name: value for name, value in data.items() if value is not None}
        return self.app.test_client().post("/oauth/token", data=data)

    def refresh(self, refresh_token: str, **changes: Any) -> TestResponse:
        data = {**self.proof(), "grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
        return self.app.test_client().post("/oauth/token", data=data)

    def revoke(self, token: str) -> TestResponse:
        return self.app.test_client().post("/oauth/revoke", data={**self.proof(), "token": token})

    def get(self, path: str, token: str, **headers: str) -> TestResponse:
        return self.app.test_client().get(path, headers={"Authorization": f"Bearer {token}", **headers})


@dataclass
class World:
    """Two organisations and what lies between them."""

    app: Flask
    organisations: Organisations
    issuer: str
    giver: Member
    keeper: Member
    program: Program
    documents: dict[str, UUID]

    def page(self, request_uri: str, who: Person | None = None, **query: Any) -> TestResponse:
        client = (who or self.giver).client()
        return client.get(
            "/oauth/authorize",
            query_string={"client_id": self.program.client_id, "request_uri": request_uri, **query},
        )

    def answer(
        self,
        request_uri: str,
        decision: str = "allow",
        *,
        documents: list[UUID] | None = None,
        who: Member | None = None,
        client: FlaskClient | None = None,
        **changes: Any,
    ) -> TestResponse:
        member = who or self.giver
        client = client or member.client()
        chosen = [self.documents["PANCR"]] if documents is None else documents
        data = {
            "csrf_token": csrf_token(client),
            "client_id": self.program.client_id,
            "request_uri": request_uri,
            "organisation_id": str(member.organisation_id),
            "documents": [str(document_id) for document_id in chosen],
            "decision": decision,
            **changes,
        }
        return client.post("/oauth/authorize", data=data)

    def code(self, **changes: Any) -> str:
        """A fresh code for a consent that was given."""
        return callback(self.answer(self.program.pushed(), **changes))["code"]

    def tokens(self, details: Any = None, **changes: Any) -> dict[str, Any]:
        """The token response for a consent that was given."""
        code = callback(self.answer(self.program.pushed(details=details), **changes))["code"]
        answer = self.program.redeem(code)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def events(self, organisation_id: UUID | None = None) -> list[Event]:
        """The trail of the giver (or another), oldest first."""
        place = organisation_id or self.giver.organisation_id
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
            return list(
                db.session.scalars(select(Event).where(Event.organisation_id == place).order_by(Event.sequence))
            )

    def tags(self) -> list[str]:
        return [event.tag for event in self.events()]

    def deposit(self, type_code: str, verdict: str = "valid", member: Member | None = None) -> UUID:
        """A document of a type, with a verdict as if it had been checked."""
        member = member or self.giver
        details = Details(title=f"Certificate {type_code}", type_code=type_code, number="AB-12/2026")
        with self.app.test_request_context():
            done = deposit(member.actor, Upload("certificate.pdf", io.BytesIO(PDF)), details)
        self.set_verdict(UUID(done.document_id), verdict, member)
        return UUID(done.document_id)

    def set_verdict(self, document_id: UUID, verdict: str, member: Member | None = None) -> None:
        place = (member or self.giver).organisation_id
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
            changed = update(Version).where(Version.document_id == document_id)
            db.session.execute(changed.values(verdict=verdict, checked_at=utc_now()))

    def suspend(self) -> None:
        with self.app.test_request_context():
            approval.suspend_portal(self.organisations.operator(), self.program.portal.id, "for a test")

    def another_program(self, redirect_uris: str = REDIRECT) -> Program:
        """Another approved portal of the same keeper."""
        return register(self.app, self.organisations, self.issuer, self.keeper, redirect_uris)


def callback(answer: TestResponse) -> dict[str, str]:
    """The parameters that the browser brings back to the portal."""
    assert answer.status_code == 303, answer.text
    place = urlsplit(answer.headers["Location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == REDIRECT.split("?")[0]
    assert all(len(values) == 1 for values in parse_qs(place.query).values())
    return dict(parse_qsl(place.query))


def text_of(answer: TestResponse) -> str:
    """The words of a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": "one"}, private=True)


def portal_data(key: Any, redirect_uris: str = REDIRECT, **changes: Any) -> dict[str, Any]:
    return {
        "name": "State e-Tender Portal",
        "homepage": "https://portal.example.in/",
        "redirect_uris": redirect_uris,
        "jwks": json.dumps({"keys": [key.as_dict(private=False)]}),
        "document_types": [*TYPES, "UDYRC"],
        "contact": "desk@portal.example.in",
        **changes,
    }


def register(
    app: Flask, organisations: Organisations, issuer: str, keeper: Member, redirect_uris: str = REDIRECT
) -> Program:
    """An approved portal with a key of its own."""
    key = new_key()
    with app.test_request_context():
        portal = service.register_portal(keeper.actor, portal_data(key, redirect_uris))
        approval.approve_portal(organisations.operator(), portal.id)
    return Program(app, issuer, portal, key)


def make_world(app: Flask, organisations: Organisations, issuer: str) -> World:
    keeper = organisations.make(name="State Public Works Department")
    giver = organisations.make()
    world = World(app, organisations, issuer, giver, keeper, register(app, organisations, issuer, keeper), {})
    world.documents["PANCR"] = world.deposit("PANCR")
    return world


__all__ = ["PDF", "REDIRECT", "Program", "Role", "World", "callback", "make_world", "new_key", "portal_data", "text_of"]
