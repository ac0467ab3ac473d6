"""The migration that made runs held goes back with a run in its newest state in the table."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

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


def test_a_run_that_is_being_looked_at_waits_to_be_started(
    app: Flask, settings: Settings, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "LOOKED_AT_ONCE", 1)
    with app.test_request_context():
        run_id = service.receive_run(parent.actor, service.SentFile("officers.csv", make_officers(1, 2).bytes()))
    runs = _migration("0022_runs", monkeypatch)
    engine = create_engine(settings.database_owner_url, connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection, connection.begin() as going_back:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        with Operations.context(MigrationContext.configure(connection)):
            runs.downgrade()
        connection.execute(text("ALTER TABLE onboarding_runs NO FORCE ROW LEVEL SECURITY"))
        found = text("SELECT state, worked_until FROM onboarding_runs WHERE id = :id")
        assert tuple(connection.execute(found, {"id": run_id}).one()) == ("preview", None)
        going_back.rollback()
    engine.dispose()
