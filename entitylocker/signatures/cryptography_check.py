"""All signatures of one PDF, as they were found in it: trust, revocation, time. Whatever is raised gets a name."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from entitylocker.signatures import judging
from entitylocker.signatures.byte_ranges import is_sane
from entitylocker.signatures.etsi_words import with_words
from entitylocker.signatures.examined import DOCUMENT_TIMESTAMP, Entry, Examined, failed
from entitylocker.signatures.levels import with_later_stamps, with_revocation_proven
from entitylocker.signatures.material import Material
from entitylocker.signatures.report import GateFinding, SignatureReport
from entitylocker.signatures.signature_check import (
    Circumstances,
    check_document_timestamp,
    check_signature,
)
from entitylocker.signatures.trust import TrustStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """Reports in the order of revisions, and findings about the file that only the second reader could make."""

    signatures: tuple[SignatureReport, ...] = ()
    findings: tuple[GateFinding, ...] = ()


def check_signatures(examined: Examined, *, trust: TrustStore, at: datetime, require_revocation: bool = False) -> Found:
    """Check every signature of `examined` as of `at` against the roots of `trust` alone.

    A signature that cannot be checked is reported as such; MemoryError alone is raised.
    """
    if not examined.entries:
        return Found(findings=examined.findings)
    around = Circumstances(
        material=Material.of(trust).with_store(examined.store), at=at, require_revocation=require_revocation
    )
    reports = _run(_check_backwards(examined.entries, around))
    judged = judging.name_strangers(with_revocation_proven(with_later_stamps(reports)))
    return Found(tuple(_settled(one, examined) for one in judged), examined.findings)


def _run(check: Coroutine[None, None, T]) -> T:
    """Run `check` to its end. Nothing in it ever waits, having no network: an event loop would only cost time."""
    try:
        check.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    raise RuntimeError("a check is waiting")


def _settled(report: SignatureReport, examined: Examined) -> SignatureReport:
    """With what can only be said at the end: the words of the standard, and which bytes were signed."""
    gate, size = examined.gate, examined.size
    ends = [one.end for one in gate.dictionaries if one.field == report.field and is_sane(one.byte_range, size)]
    report = replace(report, signed_bytes=ends[0] if len(ends) == 1 else None)
    return with_words(report, gate.findings + examined.findings)


async def _check_backwards(entries: Sequence[Entry], around: Circumstances) -> list[SignatureReport]:
    """From the last revision to the first, so that a trusted document time stamp proves what it covers."""
    reports: list[SignatureReport] = []
    proven_at: datetime | None = None
    for entry in reversed(entries):
        report = entry.refusal or await _guarded(entry, around, proven_at)
        reports.append(report)
        if report.kind == "timestamp" and report.proven_at and report.coverage in ("file", "revision"):
            proven_at = min(proven_at or report.proven_at, report.proven_at)
    return reports[::-1]


async def _guarded(entry: Entry, around: Circumstances, proven_at: datetime | None) -> SignatureReport:
    """Hostile input makes the libraries raise anything at all; all of it means the same: not checkable."""
    assert entry.signed is not None
    try:
        if entry.signed.sub_filter == DOCUMENT_TIMESTAMP:
            return await check_document_timestamp(entry.signed, around, proven_at)
        return await check_signature(entry.signed, around, proven_at)
    except MemoryError:
        raise
    except Exception as fault:
        return failed(entry.field_name, fault)
