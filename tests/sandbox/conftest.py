"""A portal, its key, and a small locker to talk to; a citizen locker and an application to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from entitylocker.sandbox.portal import create_portal_app
from entitylocker.sandbox.portal_client import PortalClient
from entitylocker.sandbox.proofs import PortalKey
from entitylocker.sandbox.records import DocumentRequest
from tests.sandbox.citizen import RunningLocker, citizen_locker
from tests.sandbox.citizen_application import Application
from tests.sandbox.locker import FakeLocker

CLIENT_ID = "sample-portal"
BASE_URL = "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def private_jwk() -> dict[str, Any]:
    return {**ECKey.generate_key("P-256").as_dict(private=True), "kid": "first"}


@pytest.fixture
def locker(private_jwk: dict[str, Any]) -> Iterator[FakeLocker]:
    """A good locker; a test that makes the portal break a rule fails."""
    running = FakeLocker(CLIENT_ID, PortalKey(private_jwk).public_jwks(), BASE_URL + "/callback")
    yield running
    running.stop()
    assert running.does.protests == []


@pytest.fixture
def client(locker: FakeLocker, private_jwk: dict[str, Any]) -> PortalClient:
    return PortalClient(
        issuer=locker.issuer,
        client_id=CLIENT_ID,
        private_jwk=private_jwk,
        redirect_uri=BASE_URL + "/callback",
    )


@pytest.fixture
def portal(locker: FakeLocker, private_jwk: dict[str, Any]) -> Flask:
    return create_portal_app(issuer=locker.issuer, client_id=CLIENT_ID, private_jwk=private_jwk, base_url=BASE_URL)


@pytest.fixture
def browser(portal: Flask) -> FlaskClient:
    return portal.test_client()


@pytest.fixture
def question() -> DocumentRequest:
    return DocumentRequest(
        document_types=("CINCR", "GSTRC"),
        purpose_text="Bid in tender 2026/PWD/318",
        until=date(2027, 2, 20),
        times=10,
        retention_days=180,
        least_verdict="valid_at_claimed_time",
    )


@pytest.fixture(scope="session")
def running_citizen_locker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLocker]:
    with citizen_locker(authority_directory=tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def citizens(running_citizen_locker: RunningLocker) -> Iterator[RunningLocker]:
    """The same citizen locker for all; no test leaves a fault on."""
    yield running_citizen_locker
    running_citizen_locker.faults.switch_off()


@pytest.fixture
def application(citizens: RunningLocker) -> Application:
    return Application(citizens)
