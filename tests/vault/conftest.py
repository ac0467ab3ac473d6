"""Papers and senders for the tests of the vault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.config import Settings
from entitylocker.sandbox.papers import TestAuthority, make_paper
from entitylocker.trust.service import add_to_installation
from entitylocker.vault.events import VerdictChanged
from tests.factories import Member, Organisations
from tests.trust.issuers import Issuer, issuing
from tests.vault.helpers import Sender
from tests.vault.house import House


@pytest.fixture
def sender(make_organisation: Callable[..., Member]) -> Sender:
    """The administrator of a new organisation, ready to send files."""
    return Sender(make_organisation(verified=False))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    """Certificates of an authority that nobody trusts."""
    return TestAuthority(Path(tmp_path_factory.mktemp("authority")))


@pytest.fixture(scope="session")
def paper(authority: TestAuthority) -> Callable[[str], bytes]:
    """`paper("valid")` answers a PDF of that kind, made once."""
    made: dict[str, bytes] = {}

    def make(kind: str) -> bytes:
        if kind not in made:
            made[kind] = make_paper(kind, authority=authority)
        return made[kind]

    return make


@pytest.fixture
def issuer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """An issuer that the locker may call; nobody trusts it yet."""
    with issuing(f"Issuer {uuid7()}") as made:
        monkeypatch.setattr(app.extensions["entitylocker"], "outgoing", made.outgoing())
        yield made


@pytest.fixture
def trusted(app: Flask, issuer: Issuer, organisations: Organisations) -> Issuer:
    """The same, trusted by the whole installation."""
    with app.test_request_context():
        add_to_installation(organisations.operator(), [issuer.der])
    return issuer


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[VerdictChanged]:
    """What other rooms hear."""
    heard: list[Any] = []
    monkeypatch.setitem(tenancy._reactions, VerdictChanged, [heard.append])
    return heard


@pytest.fixture
def house(app: Flask, settings: Settings) -> House:
    return House(app, settings)
