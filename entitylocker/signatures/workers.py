"""The children that parse: a slot each, killed on time, replaced when they crash, swell, break, or served long enough.

A file that took its child over could make it lie about the files it is given next. A child is given only so many,
and only their bytes and trust; the digest a structure is kept under is the parent's. What is left is accepted: a lie
about one of those files may be kept, and outlive the child, until the service starts again.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import queue
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pebble import ProcessPool

from entitylocker.signatures import caps
from entitylocker.signatures.check import not_checked
from entitylocker.signatures.child import prepare, work, work_on_ekyc
from entitylocker.signatures.ekyc import EkycRefusal
from entitylocker.signatures.structures import Structures
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason

_PRELOAD = ["entitylocker.signatures.child", "entitylocker.signatures.server", "pyhanko.sign.validation"]


# A file is held a few times over while it is handed on; a child that cannot even receive it would only crash.
_COPIES = 3
# A child killed from outside at the wrong instant leaves its pool locked: nobody waits for that one any longer.
_GRACE_SECONDS = 15.0
_INTERPRETER_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a check may take: seconds of the clock, bytes of address space; when a child is retired: size, files."""

    seconds: float = caps.CHECK_SECONDS
    memory_bytes: int = caps.MEMORY_BYTES
    retire_bytes: int = caps.RETIRE_RSS_BYTES
    retire_files: int = caps.RETIRE_FILES


@dataclass(frozen=True, slots=True)
class Task:
    """One file to check; see `check.check_bytes`."""

    data: bytes
    trust: TrustStore
    at: datetime | None = None
    password: str | None = None
    policy: str = "if-known"


@dataclass(frozen=True, slots=True)
class _Answer:
    """The report as JSON; what the bytes of the file say, if that was found out just now."""

    report: dict[str, Any]
    structure: bytes | None = None


class _Slot:
    """One child. Only one task at a time is given to it, so it can be replaced between two without a race."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOAD)
        self._pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        self._served = 0
        pool = ProcessPool(
            max_workers=1, initializer=prepare, initargs=(self._limits.memory_bytes,), context=self._context
        )
        pool.schedule(os.getpid)  # the child starts now, not when somebody waits for it
        return pool

    def run(self, task: Task, known: bytes | None) -> _Answer:
        """The report, whatever happens in the child. A crash is tried again once, in a fresh child."""
        if _COPIES * len(task.data) + _INTERPRETER_BYTES > self._limits.memory_bytes:
            return _refused(task, Reason.LIMIT)
        return self._attempt(task, known) or self._attempt(task, known) or _refused(task, Reason.ERROR)

    def _attempt(self, task: Task, known: bytes | None) -> _Answer | None:
        """One go: the report, a refusal, or None when the child is no more."""
        data = task.data if known is None else b""
        arguments = (data, known, task.trust, task.at, task.password, task.policy)
        try:
            future = self._pool.schedule(work, args=arguments, timeout=self._limits.seconds)
            report, structure, resident = future.result(self._limits.seconds + _GRACE_SECONDS)
        except FutureTimeout:
            if future.done():
                return _refused(task, Reason.TIMEOUT)
            self._replace()
            return None
        except Exception:  # the child crashed, the pool broke, the answer cannot be unpickled
            self._replace()
            return None
        self._served += 1
        if report is None or resident > self._limits.retire_bytes or self._served >= self._limits.retire_files:
            self._replace()
        return _Answer(report, structure) if report is not None else _refused(task, Reason.LIMIT)

    def run_ekyc(self, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """What the child says of an offline e-KYC file. It is told a code and sees a person: it serves nobody after."""
        try:
            future = self._pool.schedule(work_on_ekyc, args=arguments, timeout=self._limits.seconds)
            return dict(future.result(self._limits.seconds + _GRACE_SECONDS))
        except Exception:  # too slow, crashed, or its answer cannot be unpickled
            return {"refused": EkycRefusal.ERROR.value}
        finally:
            self._replace()

    def _replace(self) -> None:
        self.stop()
        self._pool = self._new_pool()

    def stop(self) -> None:
        """Kill the child, whatever it does."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


class Workers:
    """A few slots, lent to whoever comes first. Safe to use from many threads."""

    def __init__(self, count: int = 2, limits: Limits | None = None) -> None:
        self._slots = [_Slot(limits or Limits()) for _ in range(count)]
        self._free: queue.Queue[_Slot] = queue.Queue()
        for slot in self._slots:
            self._free.put(slot)
        self.count = count
        self.structures = Structures()

    def check(self, task: Task) -> dict[str, Any]:
        """Check one file in a child; waits for a free one. Answers the report as JSON.

        What the bytes of a file say is found out once, unless a password opened it; trust is asked every time.
        """
        slot = self._free.get()
        try:
            if task.password is not None:
                return slot.run(task, None).report
            sha256 = hashlib.sha256(task.data).digest()
            answer = slot.run(task, self.structures.find(sha256))
            if answer.structure is not None:
                self.structures.keep(sha256, answer.structure)
            return answer.report
        finally:
            self._free.put(slot)

    def read_ekyc(self, data: bytes, code: str, certificates: tuple[bytes, ...], lasts: float) -> dict[str, Any]:
        """Have a child read one offline e-KYC file; waits for a free one. `lasts`: seconds."""
        slot = self._free.get()
        try:
            return slot.run_ekyc((data, code, certificates, lasts))
        finally:
            self._free.put(slot)

    def stop(self) -> None:
        """End all children."""
        for slot in self._slots:
            slot.stop()


def _refused(task: Task, reason: Reason) -> _Answer:
    digest = hashlib.sha256(task.data).hexdigest()
    return _Answer(not_checked(reason, policy=task.policy, size=len(task.data), sha256=digest).to_json())
