"""The embedded PostgreSQL: its data directory, its start, its roles and databases."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from entitylocker.engines import postgres_settings, roles
from entitylocker.engines.account import Account
from entitylocker.engines.addresses import DATABASE
from entitylocker.engines.failures import EngineFailed
from entitylocker.engines.keeper import Keeper, Order
from entitylocker.engines.layout import Layout, make_private, write_for
from entitylocker.engines.log_files import last_words
from entitylocker.engines.programs import POSTGRES, POSTGRES_MAJOR, postgres_program
from entitylocker.engines.secret_values import SecretValues

NAME = "postgres"
FILER_DATABASE = "filer"
SET_UP_SECONDS = 120.0
# After a crash PostgreSQL first replays its log; as long as it does so, it is waited for.
START_SECONDS = 600.0


class Postgres:
    """One data directory and the server on it."""

    def __init__(self, layout: Layout, account: Account, keeper: Keeper, sockets: Path, durable: bool) -> None:
        self._layout = layout
        self._account = account
        self._keeper = keeper
        self._durable = durable
        self.sockets = sockets

    def start(self, values: SecretValues, progress: Callable[[str], None]) -> None:
        """Set up at the first time, start, and make roles and databases. Raises EngineFailed."""
        if not self._layout.database.exists():
            progress("Setting up PostgreSQL")
            self._set_up()
        check_version(self._layout.database)
        self._write_settings()
        self._forget_stranger()
        progress("Starting PostgreSQL")
        self._keeper.start(self._order())
        self._await_answer()
        self._make_databases(values)
        self._prove(values)
        self._keeper.keep(NAME)

    def stop(self) -> None:
        """Stop the server; every transaction that was committed is on the disk."""
        self._keeper.stop(NAME)

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as the superuser, which only the user who owns the home can."""
        return psycopg.connect(host=str(self.sockets), user="postgres", dbname=database, autocommit=True)

    def _set_up(self) -> None:
        fresh = self._layout.postgres / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        make_private(fresh, self._account)
        argv = [
            str(postgres_program("initdb")),
            "-D",
            str(fresh),
            "-U",
            "postgres",
            "-A",
            "peer",
            "--encoding=UTF8",
        ]
        argv += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        argv += [] if self._durable else ["--no-sync"]
        log = self._layout.log("initdb")
        code = self._keeper.run(Order("initdb", argv, self._layout.postgres, log), SET_UP_SECONDS)
        if code != 0:
            raise EngineFailed(engine=POSTGRES, reason=f"Its set-up failed: {last_words(log)}")
        # In one step: a set-up that was cut off leaves no data directory.
        fresh.rename(self._layout.database)

    def _write_settings(self) -> None:
        data = self._layout.database
        files = {
            "postgresql.conf": postgres_settings.main_settings(self.sockets, self._durable),
            "pg_hba.conf": postgres_settings.ACCESS,
            "pg_ident.conf": postgres_settings.identity_map(),
        }
        for name, text in files.items():
            write_for(self._account, data / name, text)

    def _forget_stranger(self) -> None:
        """Remove the note of a former server when the process of that number is now something else.

        PostgreSQL would take it for itself and not start: after a restart of a container numbers come again.
        """
        note = self._layout.database / "postmaster.pid"
        try:
            number = int(note.read_text("ascii").split("\n", 1)[0])
            command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return
        if os.fsencode(self._layout.database) not in command:
            note.unlink()

    def _order(self) -> Order:
        argv = [str(postgres_program("postgres")), "-D", str(self._layout.database)]
        patience = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))
        return Order(
            NAME,
            argv,
            self._layout.postgres,
            self._layout.log(NAME),
            stop=patience,
            orphan_signal=signal.SIGINT,
        )

    def _await_answer(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._keeper.ended(NAME) is not None:
                reason = f"It ended at once: {last_words(self._layout.log(NAME))}"
                raise EngineFailed(engine=POSTGRES, reason=reason)
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise EngineFailed(engine=POSTGRES, reason=f"It does not answer. Its log: {self._layout.log(NAME)}")

    def _make_databases(self, values: SecretValues) -> None:
        with self.connect() as connection:
            for name in ("postgres", "template1"):
                roles.give_database(connection, name, "postgres")
            roles.ensure_database(connection, DATABASE)
            roles.ensure_database(connection, FILER_DATABASE)
            roles.ensure_login(connection, roles.FILER, values.el_filer)
            roles.give_database(connection, FILER_DATABASE, roles.FILER)
        with self.connect(DATABASE) as connection:
            roles.ensure_roles(connection, asdict(values))

    def _prove(self, values: SecretValues) -> None:
        with psycopg.connect(
            host=str(self.sockets), dbname=DATABASE, user=roles.APP, password=values.el_app
        ) as connection:
            connection.execute("SELECT 1")


def check_version(data: Path) -> None:
    """Raises EngineFailed when the data directory is not one of the PostgreSQL that we bring."""
    try:
        found = (data / "PG_VERSION").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        reason = f"{data} is not a data directory, or is damaged. Restore the home from a backup."
        raise EngineFailed(engine=POSTGRES, reason=reason) from None
    if found != str(POSTGRES_MAJOR):
        made_by = f"{data} was made by PostgreSQL {found[:8]}; this is {POSTGRES_MAJOR}."
        reason = f"{made_by} Back up with the version before this one and restore here."
        raise EngineFailed(engine=POSTGRES, reason=reason)
