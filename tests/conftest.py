"""Fixtures on real engines. The controlling process starts them once; every worker has a database of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from entitylocker.access import Actor, Role
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.storage.store import ObjectStore
from tests import false_alarms
from tests.engine_room import (
    TestEngines,
    clone_database,
    in_own_bucket,
    object_store_of,
    on_database,
    settings_of,
)
from tests.factories import Member, Organisations

# How long an example takes depends on who else uses the machine: no test is a timed one.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

_STATE = pytest.StashKey[TestEngines]()
_FACTS = pytest.StashKey[dict[str, Any]]()


def _needs_engines(config: pytest.Config) -> bool:
    return not config.option.collectonly and not config.getoption("--no-engines")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-engines", action="store_true", help="run only what needs no engine")


def pytest_configure(config: pytest.Config) -> None:
    """Start the engines in the controlling process; workers are told where they are."""
    if hasattr(config, "workerinput"):
        config.stash[_FACTS] = json.loads(config.workerinput["engines"])
        return
    if _needs_engines(config):
        engines = TestEngines()
        config.stash[_STATE] = engines
        config.stash[_FACTS] = engines.start()


def pytest_configure_node(node: Any) -> None:
    """Give each worker a clone of the migrated database and a bucket to go with it."""
    facts = node.config.stash.get(_FACTS, {})
    if facts:
        name = _clone(node.config, node.workerinput["workerid"])
        facts = in_own_bucket(on_database(facts, name), name.replace("_", "-"))
    node.workerinput["engines"] = json.dumps(facts)


def pytest_unconfigure(config: pytest.Config) -> None:
    engines = config.stash.get(_STATE, None)
    if engines is not None:
        engines.stop()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    false_alarms.summarise(terminalreporter)


def _clone(config: pytest.Config, label: str) -> str:
    name = f"test_{label}_{uuid4().hex[:8]}"
    with config.stash[_STATE].superuser() as superuser:
        clone_database(config.stash[_FACTS]["database_owner_url"], superuser, name)
    return name


@pytest.fixture(scope="session")
def engine_facts(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Where the engines of this worker are, as Settings takes it."""
    return dict(request.config.stash[_FACTS])


@pytest.fixture(scope="session")
def settings(engine_facts: dict[str, Any]) -> Settings:
    # As a demo has it: what operators need to sign in otherwise is the business of tests/accounts/test_operators.py.
    as_in_a_demo = {"demo": True, "operator_second_factor": False}
    return settings_of({**engine_facts, "max_upload_bytes": 8 * 1024 * 1024, **as_in_a_demo})


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application on this worker's database. It is shared: tests keep apart by organisation."""
    return create_app(settings)


@pytest.fixture
def in_app(app: Flask) -> Iterator[Flask]:
    """An application context, for tests of services. Not together with `client`: requests make their own."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def organisations(app: Flask) -> Organisations:
    """Makes organisations and their people through the services."""
    return Organisations(app)


@pytest.fixture
def make_organisation(organisations: Organisations) -> Callable[..., Member]:
    """`make_organisation(verified=True, kind=…)` answers its administrator."""
    return organisations.make


@pytest.fixture
def member_actor(organisations: Organisations) -> Callable[..., Actor]:
    """`member_actor(Role.READER, organisation_id)` answers the actor of a new member with that role."""

    def make(role: Role, organisation_id: UUID | None = None) -> Actor:
        return organisations.add_member(role, organisation_id).actor

    return make


@pytest.fixture(scope="session")
def object_store(settings: Settings) -> ObjectStore:
    return object_store_of(settings)


@pytest.fixture
def object_prefix() -> str:
    """A prefix of its own in the shared bucket."""
    return f"tests/{uuid4().hex}/"
