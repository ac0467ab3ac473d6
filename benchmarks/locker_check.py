"""The locker's check of a file, in a process of its own: as for a file never seen, and with its structure known."""

from __future__ import annotations

from datetime import datetime

from benchmarks.cost import Cost, cost_of
from entitylocker.signatures.check import check_bytes, conclude
from entitylocker.signatures.examine import examine
from entitylocker.signatures.examined import Examined
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict


class _Trust:
    """What the checks rely on; the structures of files that were seen before."""

    store: TrustStore
    at: datetime | None
    known: dict[bytes, bytes]


def prepare(trust: TrustStore, at: datetime | None) -> None:
    """Trust this, as of `at`."""
    _Trust.store, _Trust.at, _Trust.known = trust, at, {}


def check(data: bytes) -> Cost:
    """Everything about a file that was never seen."""
    return cost_of(lambda: _counted(check_bytes(data, trust=_Trust.store, at=_Trust.at)))


def check_known(data: bytes) -> Cost:
    """A file whose structure is known: what the checker service does when it sees the same bytes again."""
    if data not in _Trust.known:
        _Trust.known[data] = examine(data).to_json()
    return cost_of(lambda: _counted(_concluded(_Trust.known[data])))


def _concluded(structure: bytes) -> Report:
    return conclude(Examined.from_json(structure), trust=_Trust.store, at=_Trust.at, revocation="if-known")


def _counted(report: Report) -> tuple[int, int]:
    broken_off = [one for one in report.signatures if one.verdict is Verdict.NOT_CHECKABLE]
    return len(report.signatures) - len(broken_off), len(broken_off)
