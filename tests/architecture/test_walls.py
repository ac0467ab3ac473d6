"""The walls of the database against its own catalogue: every table is what its model says it is."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine

from entitylocker.config import Settings
from entitylocker.extensions import Base, db
from entitylocker.jobs.worker import connection_facts
from entitylocker.paths import resource
from entitylocker.tenancy import TableKind

APP_POLICY = {
    TableKind.OWN: "own",
    TableKind.TWO_PARTY: "giver",
    TableKind.PERSON: "person",
    TableKind.DOOR: "put",
    TableKind.OPERATOR: "operator",
    TableKind.COMMON: "common",
}
# Functions that may look before the tenant is known. A new one is a decision, not an accident.
LOOKUPS_START_WITH = ("lookup_", "claim_", "sweep_", "throttle_")


@pytest.fixture(scope="module")
def owner(settings: Settings) -> Any:
    with psycopg.connect(**connection_facts(settings.database_owner_url)) as connection:
        yield connection


def _tables() -> list[Any]:
    return [table for table in Base.metadata.tables.values() if table.schema is None]


def test_every_table_has_a_kind_and_forced_row_security(app: Flask, owner: Any) -> None:
    secured = dict(
        owner.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchall()
    )
    policies = set(
        owner.execute("SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'").fetchall()
    )
    for table in _tables():
        kind = table.info.get("kind")
        assert kind in APP_POLICY, f"{table.name} does not say its kind in its model's info"
        assert secured[table.name], f"row level security is not forced on {table.name}"
        assert (table.name, APP_POLICY[kind]) in policies, f"{table.name} is {kind} but has no such policy"


def test_tables_of_the_database_and_of_the_models_are_the_same(owner: Any) -> None:
    found = {row[0] for row in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert found - {"alembic_version"} == {table.name for table in _tables()}


def test_migrations_equal_models(app: Flask, settings: Settings) -> None:
    engine = create_engine(settings.database_owner_url, connect_args={"options": "-c search_path=public"})
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []
    engine.dispose()


def test_migrations_start_with_row_security_off_and_form_one_line() -> None:
    files = sorted((resource("migrations") / "versions").glob("*.py"))
    for number, file in enumerate(files, start=1):
        text = file.read_text("utf-8")
        assert file.name.startswith(f"{number:04d}_"), f"{file.name} is out of line"
        assert f'revision = "{number:04d}"' in text
        for function in ("def upgrade() -> None:\n", "def downgrade() -> None:\n"):
            first = text.split(function, 1)[1].lstrip().splitlines()[0]
            assert first == 'op.execute("SET row_security = off")', f"{file.name}: {function} starts with {first}"


def test_no_serving_role_is_mighty_or_owns_anything(owner: Any) -> None:
    roles = "('el_app', 'el_operator', 'el_worker', 'el_lookup')"
    mighty = owner.execute(
        f"SELECT rolname FROM pg_roles WHERE rolname IN {roles} "
        "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
    ).fetchall()
    assert mighty == []
    owned = owner.execute(
        f"SELECT relname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname IN {roles}"
    ).fetchall()
    assert owned == []


def test_nobody_may_truncate_and_events_are_never_changed(owner: Any) -> None:
    rights = owner.execute(
        "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE table_schema = 'public' AND grantee IN ('el_app', 'el_operator', 'el_worker', 'el_lookup')"
    ).fetchall()
    assert not [right for right in rights if right[2] == "TRUNCATE"]
    assert {right[2] for right in rights if right[1] == "events" and right[0] != "el_lookup"} <= {"SELECT", "INSERT"}


def test_the_operator_has_no_way_to_documents(owner: Any) -> None:
    for table in ("documents", "versions", "folders", "consents"):
        reach = owner.execute(
            "SELECT has_any_column_privilege('el_operator', %s, 'SELECT, INSERT, UPDATE')", [f"public.{table}"]
        ).fetchone()
        assert reach == (False,), f"el_operator reaches {table}"


def test_functions_that_look_ahead_belong_to_the_lookup_role_and_to_nobody_else(owner: Any) -> None:
    functions = owner.execute(
        "SELECT proname, prosecdef, pg_get_userbyid(proowner), coalesce(array_to_string(proconfig, ','), ''), "
        "has_function_privilege('public', pg_proc.oid, 'EXECUTE') FROM pg_proc "
        "WHERE pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert functions, "there are lookups"
    for name, definer, who, configuration, public in functions:
        assert name.startswith(LOOKUPS_START_WITH), f"{name}: what is it?"
        assert definer and who == "el_lookup", f"{name} belongs to {who}"
        assert "search_path=" in configuration, f"{name} has no fixed search_path"
        assert not public, f"{name} may be called by everybody"


def test_foreign_keys_between_own_tables_carry_the_organisation() -> None:
    own = {table.name for table in _tables() if table.info["kind"] in (TableKind.OWN, TableKind.TWO_PARTY)}
    for table in _tables():
        if table.name not in own:
            continue
        for key in table.foreign_key_constraints:
            target = key.referred_table
            if target.name in own and target.name != "organisations":
                columns = {element.parent.name for element in key.elements}
                assert {"organisation_id", "portal_organisation_id"} & columns, (
                    f"{table.name}: {key.column_keys} without organisation"
                )
