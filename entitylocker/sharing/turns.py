"""How many strangers' files are held and checked at the same time, so that members never wait for them.

A process holds few of them in memory; of the checker's children, of which a machine has two, they get one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

from entitylocker.sharing.errors import ChecksBusy
from entitylocker.web.engine_room import engines

AT_ONCE = 8
AT_ONCE_EACH = 2
HELD_BYTES = 100 * 1024 * 1024
PATIENCE_SECONDS = 15.0
_LOOK_SECONDS = 0.05
_RETRY_SECONDS = 30
_GUESTS = "entitylocker_public_check_guests"


class Guests:
    """The files that this process holds in memory: so many, so many bytes together, so many of one network."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: Counter[str] = Counter()
        self._bytes = 0

    @contextmanager
    def receive(self, network: str, size: int) -> Iterator[None]:
        """Room for a file of at most `size` bytes while the block runs. Raises ChecksBusy."""
        with self._lock:
            full = self._of.total() >= AT_ONCE or self._of[network] >= AT_ONCE_EACH
            if full or self._bytes + size > HELD_BYTES:
                raise ChecksBusy(seconds=_RETRY_SECONDS)
            self._of[network] += 1
            self._bytes += size
        try:
            yield
        finally:
            with self._lock:
                self._of -= Counter([network])
                self._bytes -= size


def guests() -> Guests:
    """The guests of this process."""
    found: Guests = current_app.extensions.setdefault(_GUESTS, Guests())
    return found


@contextmanager
def turn(patience: float = PATIENCE_SECONDS) -> Iterator[None]:
    """Be the only public check of this machine while the block runs; wait at most `patience` seconds for that.

    Raises ChecksBusy. The turn is a lock on a file, which ends with the process whatever happens to it.
    """
    descriptor = os.open(_lock_file(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _await(descriptor, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _await(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise ChecksBusy(seconds=_RETRY_SECONDS) from None
            time.sleep(_LOOK_SECONDS)


def _lock_file() -> Path:
    folder = engines().settings.home / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "public-check.lock"
