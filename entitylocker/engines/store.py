"""The embedded document store: its start, the proof that a put is answered, its writing through."""

from __future__ import annotations

import io
import json
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from entitylocker.engines.account import Account
from entitylocker.engines.failures import EngineFailed
from entitylocker.engines.keeper import Keeper, Order
from entitylocker.engines.layout import Layout, make_private, write_for
from entitylocker.engines.log_files import last_words, tail_of
from entitylocker.engines.ports import LOOPBACK, Ports, are_free, choose_ports, clear_sockets, read_ports
from entitylocker.engines.programs import STORE
from entitylocker.engines.secret_values import SecretValues
from entitylocker.engines.store_settings import (
    MEMORY,
    election_command,
    server_command,
    shell_command,
    write_store_settings,
)

NAME = "store"
PROBE_BUCKET = "entitylocker-probe"
START_SECONDS = 120.0
SHELL_SECONDS = 60.0
ATTEMPTS = 3
ELECTION = "store-election"
ELECTED = "is leader true"
ELECTION_SECONDS = 8.0
WRITE_THROUGH = "fs.configure -locationPrefix=/buckets/ -fsync -apply"


class Store:
    """The store of one home."""

    def __init__(self, layout: Layout, account: Account, keeper: Keeper, sockets: Path, durable: bool) -> None:
        self._layout = layout
        self._account = account
        self._keeper = keeper
        self._sockets = sockets
        self._durable = durable
        last = read_ports(layout.port_note)
        if last is not None and are_free(last):
            # Nobody listens there: sockets of these ports are what a killed store left behind.
            clear_sockets(last)
            self._elected = any(layout.master.iterdir())
            self.ports = last
        else:
            self._elected = False
            self.ports = choose_ports()

    def prepare(self, values: SecretValues) -> None:
        """Write the settings and, at the first time, begin to elect a master: PostgreSQL need not run."""
        write_store_settings(self._layout, self._account, values, self._sockets)
        if not self._elected:
            self._begin_election()

    def start(self, values: SecretValues, progress: Callable[[str], None]) -> None:
        """Start and wait until a put was answered. Raises EngineFailed. PostgreSQL must run."""
        progress("Starting the document store")
        for attempt in range(ATTEMPTS):
            self._end_election()
            self._keeper.start(self._order())
            if self._await_put(values, last_attempt=attempt == ATTEMPTS - 1):
                break
            # Somebody took one of the ports after it was found free, or the master's memory is damaged.
            self._keeper.stop(NAME)
            self.ports = choose_ports()
            self._begin_election()
        if self._durable:
            self._write_through()
        self._keeper.keep(NAME)

    def stop(self) -> None:
        """Stop the store: what it answered for is on the disk, so that it need not be waited for long."""
        self._keeper.stop(NAME)

    def _begin_election(self) -> None:
        """Let a master alone elect itself.

        The others of the store find none at a very first start, and then one of them waits for five seconds.
        """
        write_for(self._account, self._layout.port_note, json.dumps(asdict(self.ports)))
        shutil.rmtree(self._layout.master, ignore_errors=True)
        make_private(self._layout.master, self._account)
        log = self._layout.log(ELECTION)
        log.unlink(missing_ok=True)
        command = election_command(self._layout, self.ports)
        order = Order(ELECTION, command, self._layout.store_settings, log, leavings=self.ports.sockets)
        self._keeper.start(order)
        self._elected = False

    def _end_election(self) -> None:
        """Wait until the master was elected and stop it: the store's own remembers."""
        if self._elected:
            return
        until = time.monotonic() + ELECTION_SECONDS
        while ELECTED not in tail_of(self._layout.log(ELECTION)) and time.monotonic() < until:
            if self._keeper.ended(ELECTION) is not None:
                break
            time.sleep(0.02)
        self._keeper.stop(ELECTION)
        self._elected = True

    def _order(self) -> Order:
        return Order(
            NAME,
            server_command(self._layout, self.ports, self._sockets),
            self._layout.store_settings,
            self._layout.log(NAME),
            environment={"GOMEMLIMIT": MEMORY, "TMPDIR": str(self._layout.store)},
            stop=((signal.SIGTERM, 2.0),),
            leavings=self.ports.sockets,
        )

    def _await_put(self, values: SecretValues, last_attempt: bool) -> bool:
        """True when a put was answered, False when the store ended and may be tried again."""
        client = connect(self.ports, values)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._keeper.ended(NAME) is not None:
                return self._ended(last_attempt)
            if _put(client):
                return True
            time.sleep(0.05)
        raise EngineFailed(engine=STORE, reason=f"It does not answer. Its log: {self._layout.log(NAME)}")

    def _ended(self, last_attempt: bool) -> bool:
        log = self._layout.log(NAME)
        if not last_attempt:
            return False
        raise EngineFailed(engine=STORE, reason=f"It ended at once: {last_words(log)}")

    def _write_through(self) -> None:
        """Let the store write every document to the disk before it answers; it remembers, so once is
        enough."""
        done = self._layout.store / "writes-through"
        if done.exists():
            return
        log = self._layout.log("store-shell")
        log.unlink(missing_ok=True)
        order = Order("store-shell", shell_command(self.ports), self._layout.store_settings, log, text=WRITE_THROUGH)
        code = self._keeper.run(order, SHELL_SECONDS)
        if code != 0 or '"fsync"' not in tail_of(log):
            raise EngineFailed(engine=STORE, reason=f"It could not be told to write through: {last_words(log)}")
        write_for(self._account, done, WRITE_THROUGH + "\n")


def connect(ports: Ports, values: SecretValues) -> Minio:
    """A client that answers soon and does not try again by itself."""
    http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=1.0, read=10.0))
    endpoint = f"{LOOPBACK}:{ports.s3}"
    return Minio(
        endpoint,
        access_key=values.s3_access_key,
        secret_key=values.s3_secret_key,
        secure=False,
        region="us-east-1",
        http_client=http,
    )


def _put(client: Minio) -> bool:
    try:
        if not client.bucket_exists(PROBE_BUCKET):
            client.make_bucket(PROBE_BUCKET)
        client.put_object(PROBE_BUCKET, "ready", io.BytesIO(b"ready"), 5)
    except (MinioException, urllib3.exceptions.HTTPError):
        return False
    return True
