"""What runs in a child of the checker: one file at a time, within limits, then perhaps retirement."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from entitylocker.signatures.check import conclude
from entitylocker.signatures.ekyc import EkycRefusal, Refused, read_ekyc
from entitylocker.signatures.examine import examine
from entitylocker.signatures.examined import Examined
from entitylocker.signatures.trust import TrustStore

_PR_SET_PDEATHSIG = 1
_PAGE = os.sysconf("SC_PAGE_SIZE")


def prepare(memory_bytes: int) -> None:
    """Set the limits of this child. It dies with its parent, writes no core and no files."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(5)


def work(
    data: bytes, known: bytes | None, trust: TrustStore, at: datetime | None, password: str | None, policy: str
) -> tuple[Any, bytes | None, int]:
    """Check one file. Answers the report as JSON, what its bytes say, and how much this process holds now.

    `known`: what its bytes say, from a check before; then `data` is not looked at and nothing new is answered.
    The report is None if memory ran out. That is caught here, not by the pool: until the error is forgotten there
    is no memory to send it with.
    """
    answer = structure = None
    with contextlib.suppress(MemoryError):
        examined = Examined.from_json(known) if known is not None else examine(data, password)
        answer = conclude(examined, trust=trust, at=at, revocation=policy).to_json()
        structure = examined.to_json() if known is None else None
    return answer, structure, _resident_bytes()


def work_on_ekyc(data: bytes, code: str, certificates: tuple[bytes, ...], lasts_seconds: float) -> dict[str, Any]:
    """What an offline e-KYC file proves: {"found": …}, or {"refused": why}."""
    try:
        found = read_ekyc(data, code, certificates, now=datetime.now(UTC), lasts=timedelta(seconds=lasts_seconds))
        return {"found": found.to_json()}
    except Refused as refused:
        return {"refused": refused.why.value}
    except MemoryError:
        return {"refused": EkycRefusal.TOO_LARGE.value}


def _resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statistics:
        return int(statistics.read().split()[1]) * _PAGE
