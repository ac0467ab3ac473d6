"""The migration ends branches that a link ended under when nothing ended with it, and no others."""

from __future__ import annotations

from uuid import UUID

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, text

from entitylocker.access import Role
from entitylocker.config import Settings
from entitylocker.units import service
from tests.factories import Organisations
from tests.onboarding.test_going_back import _migration
from tests.units.world import give_branch, join


def test_a_branch_older_than_a_link_on_its_way_ends(
    settings: Settings, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, department, left = (organisations.make(name=name) for name in ("State", "Department", "Left"))
    unit, officer = organisations.make(name="Unit"), organisations.add_member(Role.MEMBER, state.organisation_id)
    gone = join(state, left)
    join(state, department)
    join(department, unit)
    woken = give_branch(state, officer, left.organisation_id)
    stands = [give_branch(state, officer, place.organisation_id) for place in (department, unit)]
    with state.app.test_request_context():
        service.leave_parent(left.actor, gone)
    join(state, left)
    units = _migration("0020_units", monkeypatch)
    engine = create_engine(settings.database_owner_url, connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection, connection.begin() as tried:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("ALTER TABLE branch_administrations NO FORCE ROW LEVEL SECURITY"))
        # As it was before this migration: leaving ended no branch.
        connection.execute(
            text("UPDATE branch_administrations SET revoked_at = NULL WHERE id = :woken"), {"woken": woken}
        )
        with Operations.context(MigrationContext.configure(connection)):
            units._end_old_branches()
        mine = text("SELECT id FROM branch_administrations WHERE organisation_id = :place AND revoked_at IS NULL")
        found: set[UUID] = set(connection.scalars(mine, {"place": state.organisation_id}))
        tried.rollback()
    engine.dispose()
    assert found == set(stands)
