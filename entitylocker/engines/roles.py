"""The database roles: who owns, serves, looks up; the same in the embedded PostgreSQL and in another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from psycopg import Connection, sql

from entitylocker.engines.failures import EngineFailed
from entitylocker.engines.programs import POSTGRES

OWNER = "el_owner"
APP = "el_app"
OPERATOR = "el_operator"
WORKER = "el_worker"
LOOKUP = "el_lookup"
FILER = "el_filer"
SERVING = (APP, OPERATOR, WORKER)

Database = Connection[Any]


def ensure_roles(connection: Database, passwords: Mapping[str, str]) -> None:
    """Make the roles, and open the connection's current database to them and to nobody else. Can be repeated.

    `passwords` holds `el_app`, `el_operator` and `el_worker`, which own nothing and may create nothing.
    With `el_owner` in it that role is made too and gets the database (needs a superuser); without it the
    connection's own role stays the owner, who needs CREATEROLE once. `el_lookup` cannot sign in: the owner
    may hand functions to it. Raises EngineFailed when one of the roles exists with rights that would break
    the walls.
    """
    with connection.transaction():
        for role in SERVING:
            ensure_login(connection, role, passwords[role])
        owner = _owner(connection, passwords)
        if not _exists(connection, LOOKUP):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(LOOKUP)))
        _let_hand_over(connection, owner)
        open_database(connection, _one(connection, "SELECT current_database()"))
        _open_schema(connection)
        _refuse_mighty(connection)


def foreign_roles(connection: Database, passwords: Mapping[str, str]) -> list[str]:
    """The serving roles that exist already though `passwords` does not hold them: another installation's."""
    return [role for role in SERVING if role not in passwords and _exists(connection, role)]


def ensure_login(connection: Database, role: str, password: str) -> None:
    """Make a role that may sign in and nothing else, or give an existing one this password."""
    verb = "ALTER" if _exists(connection, role) else "CREATE"
    statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
    connection.execute(statement.format(sql.SQL(verb), sql.Identifier(role), sql.Literal(password)))


def ensure_database(connection: Database, name: str, template: str = "template0") -> bool:
    """Make a database if there is none of this name; True if made. Needs an autocommit connection."""
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if found is None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return found is None


def give_database(connection: Database, name: str, owner: str) -> None:
    """Make `owner` the owner of a database that only it and superusers may enter."""
    database = sql.Identifier(name)
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(owner)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))


def open_database(connection: Database, name: str) -> None:
    """Let the serving roles connect to a database and nobody else besides its owner."""
    database = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, _names(SERVING)))


def _owner(connection: Database, passwords: Mapping[str, str]) -> str:
    if OWNER not in passwords:
        return _one(connection, "SELECT current_user")
    ensure_login(connection, OWNER, passwords[OWNER])
    give_database(connection, _one(connection, "SELECT current_database()"), OWNER)
    return OWNER


def _let_hand_over(connection: Database, owner: str) -> None:
    """The owner may SET ROLE el_lookup, which `ALTER FUNCTION … OWNER TO` needs, but inherits nothing."""
    how = " WITH INHERIT FALSE, SET TRUE" if connection.info.server_version >= 160000 else ""
    statement = sql.SQL("GRANT {} TO {}" + how)
    connection.execute(statement.format(sql.Identifier(LOOKUP), sql.Identifier(owner)))


def _open_schema(connection: Database) -> None:
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    users = _names((*SERVING, LOOKUP))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(users))
    # A function's new owner must be allowed to create in its schema.
    connection.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(_names((LOOKUP,))))


def _refuse_mighty(connection: Database) -> None:
    found = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
        " AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)",
        ([*SERVING, LOOKUP],),
    ).fetchall()
    if found:
        names = ", ".join(name for (name,) in found)
        raise EngineFailed(engine=POSTGRES, reason=f"These roles have rights that they must not have: {names}.")


def _exists(connection: Database, role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def _names(roles: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(role) for role in roles)


def _one(connection: Database, statement: LiteralString) -> str:
    row = connection.execute(statement).fetchone()
    return str(row[0]) if row else ""
