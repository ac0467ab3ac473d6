"""The roles in a PostgreSQL that is not ours, set up by a role that may make roles and databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from entitylocker.engines import EngineFailed, roles
from entitylocker.engines.account import choose_account
from entitylocker.engines.keeper import Keeper
from entitylocker.engines.layout import Layout, prepare_home
from entitylocker.engines.postgres import Postgres
from entitylocker.engines.programs import postgres_program
from entitylocker.engines.secret_values import load_secrets

pytestmark = pytest.mark.xdist_group("engines")

PASSWORDS = {"el_app": "a", "el_operator": "o", "el_worker": "w"}


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL where nothing of ours is, but a role `landlord` with CREATEROLE and CREATEDB."""
    layout = Layout(tmp_path)
    account = choose_account(tmp_path, layout.postgres, [postgres_program("postgres")])
    prepare_home(layout, account)
    keeper = Keeper(tmp_path, account)
    postgres = Postgres(layout, account, keeper, layout.run, durable=False)
    try:
        postgres.start(load_secrets(layout.secrets), lambda text: None)
        with postgres.connect() as connection:
            for name in ("entitylocker", "filer"):
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            for name in (*roles.SERVING, roles.OWNER, roles.LOOKUP, roles.FILER):
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
            connection.execute("CREATE ROLE landlord LOGIN CREATEROLE CREATEDB PASSWORD 'l'")
            connection.execute("GRANT CONNECT ON DATABASE postgres TO landlord")
        yield postgres
    finally:
        keeper.close()


def as_role(postgres: Postgres, role: str, password: str, database: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(postgres.sockets), user=role, password=password, dbname=database, autocommit=True)


def test_a_landlord_sets_everything_up_twice(strange: Postgres) -> None:
    with as_role(strange, "landlord", "l", "postgres") as landlord:
        assert roles.ensure_database(landlord, "house")
        assert not roles.ensure_database(landlord, "house")
    for _ in range(2):
        with as_role(strange, "landlord", "l", "house") as landlord:
            roles.ensure_roles(landlord, PASSWORDS)
    with as_role(strange, "landlord", "l", "house") as landlord:
        landlord.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        landlord.execute("ALTER FUNCTION one OWNER TO el_lookup")
    with as_role(strange, "el_app", "a", "house") as app:
        assert app.execute("SELECT one()").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("CREATE TABLE mine (a int)")


def test_the_roles_of_another_installation_are_known_as_such(strange: Postgres) -> None:
    with as_role(strange, "landlord", "l", "postgres") as landlord:
        assert roles.foreign_roles(landlord, {}) == []
        roles.ensure_database(landlord, "house")
    with as_role(strange, "landlord", "l", "house") as landlord:
        roles.ensure_roles(landlord, PASSWORDS)
        assert roles.foreign_roles(landlord, PASSWORDS) == []
        assert roles.foreign_roles(landlord, {"el_app": "a"}) == ["el_operator", "el_worker"]


def test_a_role_with_too_many_rights_is_refused(strange: Postgres) -> None:
    with strange.connect() as superuser:
        superuser.execute("CREATE ROLE el_app LOGIN BYPASSRLS")
        with pytest.raises(EngineFailed, match="el_app"):
            roles.ensure_roles(superuser, PASSWORDS)
        assert superuser.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'el_worker'").fetchone() == (0,)
