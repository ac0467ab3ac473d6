"""Exclusive use of a home, and the room on its disk."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path
from types import TracebackType

from entitylocker.engines.failures import HomeInUse, HomeUnusable
from entitylocker.engines.layout import Layout

GIB = 1024**3
# Below the first the store makes its volumes read-only; the engines do not start without the second.
LEAST_FREE_BYTES = GIB
START_FREE_BYTES = LEAST_FREE_BYTES + GIB // 4


class HomeLock:
    """Exclusive use of a home by one process; the kernel gives it back should that process die."""

    def __init__(self, home: Path) -> None:
        self._layout = Layout(home)
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the home. Raises HomeInUse when another has it, HomeUnusable when it cannot be written."""
        if self._descriptor is not None:
            return
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise HomeInUse(home=str(self._layout.home), pid=holder or "unknown") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the home back."""
        if self._descriptor is not None:
            # By word and not only by closing: a forked child may still hold the descriptor.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> HomeLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        home = self._layout.home
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            return os.open(self._layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise HomeUnusable(home=str(home), reason=f"It cannot be written to: {fault.strerror}.") from fault


def check_space(home: Path) -> None:
    """Raises HomeUnusable when the disk is so full that the store would turn read-only."""
    free = shutil.disk_usage(home).free
    if free < START_FREE_BYTES:
        have, need = free // 1024**2, START_FREE_BYTES // 1024**2
        raise HomeUnusable(home=str(home), reason=f"Its disk has {have} MiB free; {need} MiB are needed.")
