"""People who decide whom to trust."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from werkzeug.test import TestResponse

from entitylocker.accounts.service import add_operator
from entitylocker.sandbox.papers import TestAuthority, make_paper
from tests.factories import PASSWORD, Member, Organisations, Person, csrf_token
from tests.vault.helpers import Sender


@dataclass
class Visitor:
    """Somebody at the pages of trust: below an organisation, or as the operator."""

    person: Person
    base: str

    def __post_init__(self) -> None:
        self.client = self.person.client()

    def get(self, path: str = "", **query: str) -> TestResponse:
        return self.client.get(f"{self.base}/trust{path}", query_string=query)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(f"{self.base}/trust{path}", data={"csrf_token": csrf_token(self.client), **fields})

    def look(self, *files: tuple[str, bytes], **fields: Any) -> TestResponse:
        """Send files to be looked at."""
        return self.post("/look", files=[(io.BytesIO(content), name) for name, content in files], **fields)

    def add(self, *ders: bytes) -> TestResponse:
        """Tick these certificates."""
        return self.post("/certificates", certificates=[base64.b64encode(der).decode() for der in ders])


@pytest.fixture
def administrator(make_organisation: Callable[..., Member]) -> Member:
    return make_organisation()


@pytest.fixture
def visitor(administrator: Member) -> Visitor:
    """The administrator of a new organisation."""
    return Visitor(administrator, f"/organisations/{administrator.organisation_id}")


@pytest.fixture
def operator(app: Flask, organisations: Organisations) -> Visitor:
    """The operator of the installation."""
    person = organisations.person("Olivia Operator")
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    return Visitor(person, "/operator")


@pytest.fixture
def sender(administrator: Member) -> Sender:
    """The same administrator, sending documents."""
    return Sender(administrator)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """An authority that nobody trusts, unless a test says so, in an organisation of its own."""
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="session")
def paper(authority: TestAuthority) -> Callable[[str], bytes]:
    """`paper("valid")` answers a PDF of that kind, signed below that authority."""
    return lambda kind: make_paper(kind, authority=authority)


@pytest.fixture(scope="session")
def root(authority: TestAuthority) -> bytes:
    """The root of that authority (DER)."""
    pem = (authority.trust_dir / "root.pem").read_bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def intermediate(authority: TestAuthority) -> bytes:
    """The certificate between that root and the signers (DER)."""
    pem = (authority.trust_dir.parent / "intermediate.pem").read_bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
