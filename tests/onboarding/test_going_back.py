"""The migrations of runs go back with runs in their newest states in the table."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask
from sqlalchemy import create_engine, text

from entitylocker.config import Settings
from entitylocker.onboarding import planning, service
from entitylocker.paths import resource
from tests.factories import Member
from tests.onboarding.officers import make_officers


def _migration(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    folder = resource("migrations")
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location(f"migration_{name}", folder / "versions" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("kinds", None)
    return module


def test_a_run_in_the_hands_of_the_worker_waits_to_be_started_or_taken_back_anew(
    app: Flask, settings: Settings, parent: Member, work: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    undoing_id = work(parent, make_officers(1, 2).bytes())
    monkeypatch.setattr(planning, "LOOKED_AT_ONCE", 1)
    with app.test_request_context():
        service.undo_run(parent.actor, undoing_id)
        looking_id = service.receive_run(parent.actor, service.SentFile("officers.csv", make_officers(1, 2).bytes()))
    engine = create_engine(settings.database_owner_url, connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection, connection.begin() as going_back:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        with Operations.context(MigrationContext.configure(connection)):
            for name in ("0027_undoing", "0022_runs"):
                _migration(name, monkeypatch).downgrade()
        connection.execute(text("ALTER TABLE onboarding_runs NO FORCE ROW LEVEL SECURITY"))
        found = text("SELECT state, worked_until FROM onboarding_runs WHERE id = :id")
        assert tuple(connection.execute(found, {"id": undoing_id}).one()) == ("stopped", None)
        assert tuple(connection.execute(found, {"id": looking_id}).one()) == ("preview", None)
        going_back.rollback()
    engine.dispose()
