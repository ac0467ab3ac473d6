"""A verified department with an administrator, who brings others in."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from entitylocker.access import Means
from entitylocker.onboarding import service
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
