"""A verified department with an administrator, who brings others in."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Means
from entitylocker.extensions import db
from entitylocker.onboarding import service, undoing
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations


@pytest.fixture
def parent(organisations: Organisations) -> Member:
    """The administrator of a verified department that has units."""
    return organisations.department(name="State of Tests")


@pytest.fixture
def work(app: Flask) -> Callable[..., UUID]:
    """`work(parent, content)` sends a file and works through it as the command does; answers the run's id."""

    def do(parent: Member, content: bytes, *, in_person: bool = True) -> UUID:
        with app.test_request_context():
            run_id = service.keep_run(parent.actor, service.SentFile("officers.csv", content, in_person))
            service.work(lambda: service.load_runner(parent.person_id, parent.organisation_id, Means.COMMAND), run_id)
        return run_id

    return do


@pytest.fixture
def undo(app: Flask) -> Callable[[Member, UUID], dict[str, int]]:
    """`undo(parent, run_id)` has the worker take a run back; answers what the event of it says."""

    def do(parent: Member, run_id: UUID) -> dict[str, int]:
        with app.test_request_context():
            service.undo_run(parent.actor, run_id)
            undoing.take_run_back(str(parent.organisation_id), str(run_id))
        newest = text("SELECT data FROM events WHERE tag = 'onboarding:undo' ORDER BY sequence DESC LIMIT 1")
        with app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
            return dict(db.session.scalar(newest))

    return do
