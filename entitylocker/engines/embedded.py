"""Both engines of one home, started and stopped together."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

from entitylocker.engines.account import choose_account
from entitylocker.engines.addresses import EngineAddresses, make_addresses
from entitylocker.engines.home import HomeLock, check_space
from entitylocker.engines.keeper import Keeper
from entitylocker.engines.layout import Layout, prepare_home, remove_socket_directory, socket_directory
from entitylocker.engines.leftovers import stop_leftovers
from entitylocker.engines.log_files import turn_over
from entitylocker.engines.postgres import Postgres
from entitylocker.engines.programs import postgres_program, store_program
from entitylocker.engines.secret_values import load_secrets
from entitylocker.engines.store import Store


def _silent(message: str) -> None:
    """Progress that nobody asked for."""


class EmbeddedEngines:
    """PostgreSQL and the document store of a home.

    They end with whoever started them, however that ends, and are started again should one of them fall.
    With `durable` false (tests only) nothing is forced to the disk. `progress` is told each step as an
    English sentence.
    """

    def __init__(self, home: Path, *, durable: bool = True, progress: Callable[[str], None] = _silent) -> None:
        self._layout = Layout(home.resolve())
        self._durable = durable
        self._progress = progress
        self._lock = HomeLock(self._layout.home)
        self._process = os.getpid()
        self._keeper: Keeper | None = None
        self._postgres: Postgres | None = None
        self._store: Store | None = None
        self._addresses: EngineAddresses | None = None

    def start(self) -> EngineAddresses:
        """Start both and return where they answer, once each has proved that it does. Can be repeated.

        Raises HomeInUse, HomeUnusable or EngineFailed, and then nothing is left running.
        """
        if self._addresses is not None:
            return self._addresses
        self._process = os.getpid()
        self._lock.acquire()
        try:
            self._addresses = self._start()
        except BaseException:
            self.stop()
            raise
        return self._addresses

    def stop(self) -> None:
        """Stop the store, then PostgreSQL; nothing is left running. In a forked child this does nothing."""
        if os.getpid() != self._process:
            return
        self._addresses = None
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = self._store = self._postgres = None
            remove_socket_directory(self._layout)
        self._lock.release()

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """An autocommit connection as PostgreSQL's superuser, for backups and tests. The engines must run."""
        assert self._postgres is not None, "the engines do not run"
        return self._postgres.connect(database)

    def pids(self) -> dict[str, int]:
        """The process ids of the running engines by name (`postgres`, `store`)."""
        assert self._keeper is not None, "the engines do not run"
        return {name: self._keeper.pid(name) for name in ("postgres", "store")}

    def __enter__(self) -> EmbeddedEngines:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> EngineAddresses:
        layout = self._layout
        check_space(layout.home)
        programs = [postgres_program("postgres"), postgres_program("initdb"), store_program()]
        account = choose_account(layout.home, layout.postgres, programs)
        if stop_leftovers(layout.home):
            self._progress("Stopped what an earlier run had left running")
        prepare_home(layout, account)
        values = load_secrets(layout.secrets)
        for name in ("postgres", "store"):
            turn_over(layout.log(name))
        sockets = socket_directory(layout, account)
        self._keeper = Keeper(layout.home, account)
        self._postgres = Postgres(layout, account, self._keeper, sockets, self._durable)
        self._store = Store(layout, account, self._keeper, sockets, self._durable)
        self._store.prepare(values)
        self._postgres.start(values, self._progress)
        self._store.start(values, self._progress)
        return make_addresses(values, sockets, self._store.ports.s3)
