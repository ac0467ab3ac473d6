"""All signatures of one PDF through pyHanko: integrity, changes, trust. Whatever it raises gets a name."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from entitylocker.signatures import asn1_repairs, judging
from entitylocker.signatures.gate import Gate
from entitylocker.signatures.material import Material
from entitylocker.signatures.report import GateFinding, SignatureReport
from entitylocker.signatures.signature_check import (
    DETACHED,
    DOCUMENT_TIMESTAMP,
    ENVELOPED_SHA1,
    Circumstances,
    check_document_timestamp,
    check_signature,
    not_checkable,
)
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason, Verdict

asn1_repairs.apply()


@dataclass(frozen=True, slots=True)
class Found:
    """Reports in the order of revisions, and findings about the file that only this reader can make."""

    signatures: tuple[SignatureReport, ...] = ()
    findings: tuple[GateFinding, ...] = ()


@dataclass(frozen=True)
class _Entry:
    """A signed field: readable (`signature`) or not (`refusal`)."""

    name: str
    sub_filter: str
    revision: int
    signature: EmbeddedPdfSignature | None = None
    refusal: SignatureReport | None = None


def check_signatures(
    data: bytes,
    gate: Gate,
    *,
    trust: TrustStore,
    at: datetime,
    password: str | None = None,
    require_revocation: bool = False,
) -> Found:
    """Check every signature that `gate` saw in `data`, as of `at`, against the roots of `trust` alone.

    A signature that cannot be checked is reported as such; MemoryError alone is raised.
    """
    try:
        reader, defects = _open(data, password)
        entries = _entries(reader)
    except MemoryError:
        raise
    except Exception as fault:
        return Found(findings=(_broken(fault),))
    if not _agree(reader, gate, entries):
        finding = GateFinding("readers_disagree", Verdict.NOT_CHECKABLE, Reason.DAMAGED.value)
        return Found(_refusals(entries), (finding,))
    around = Circumstances(
        data=data,
        material=Material.of(trust).with_document(reader),
        at=at,
        require_revocation=require_revocation,
        signature_fields={entry.name for entry in entries},
    )
    reports = asyncio.run(_check_backwards(entries, around))
    return Found(judging.name_strangers(_long_term(reports, around)), defects)


def _open(data: bytes, password: str | None) -> tuple[PdfFileReader, tuple[GateFinding, ...]]:
    """Strictly if it can be, else tolerantly with a note. Hybrid cross-references are refused."""
    defects: tuple[GateFinding, ...] = ()
    try:
        reader = _reader(data, password, strict=True)
    except (PdfReadError, ValueError, KeyError, IndexError):
        reader = _reader(data, password, strict=False)
        defects = (GateFinding("structural_defects"),)
    if reader.xrefs.hybrid_xrefs_present:
        raise NotImplementedError("hybrid cross-references")
    return reader, defects


def _reader(data: bytes, password: str | None, *, strict: bool) -> PdfFileReader:
    reader = PdfFileReader(io.BytesIO(data), strict=strict)
    if reader.encrypted:
        reader.decrypt(password or "")
    _ = reader.root["/Pages"]  # a file whose catalogue cannot be read is found out here
    return reader


def _entries(reader: PdfFileReader) -> list[_Entry]:
    entries = [_entry(reader, name, field) for name, _, field in enumerate_sig_fields(reader, filled_status=True)]
    return sorted(entries, key=lambda entry: entry.revision)


def _entry(reader: PdfFileReader, name: str, field: Any) -> _Entry:
    sub_filter = ""
    try:
        sub_filter = str(field.get_object()["/V"].get("/SubFilter", ""))
        if sub_filter not in DETACHED | {ENVELOPED_SHA1, DOCUMENT_TIMESTAMP}:
            return _Entry(name, sub_filter, 0, refusal=not_checkable(name, Reason.UNSUPPORTED, sub_filter[:60]))
        signature = EmbeddedPdfSignature(reader, field, name)
        return _Entry(name, sub_filter, signature.signed_revision, signature=signature)
    except MemoryError:
        raise
    except Exception as fault:
        return _Entry(name, sub_filter, 0, refusal=not_checkable(name, Reason.ERROR, type(fault).__name__))


def _broken(fault: Exception) -> GateFinding:
    reason = Reason.UNSUPPORTED if isinstance(fault, NotImplementedError) else Reason.ERROR
    return GateFinding("unreadable", Verdict.NOT_CHECKABLE, reason.value, type(fault).__name__)


def _agree(reader: PdfFileReader, gate: Gate, entries: list[_Entry]) -> bool:
    """Two parsers must see the same document: the same catalogue and as many signed fields."""
    root = reader.root_ref
    return (root.idnum, root.generation) == gate.root and len(entries) == gate.signed_fields


def _refusals(entries: list[_Entry]) -> tuple[SignatureReport, ...]:
    return tuple(not_checkable(entry.name, Reason.DAMAGED) for entry in entries)


async def _check_backwards(entries: list[_Entry], around: Circumstances) -> list[SignatureReport]:
    """From the last revision to the first, so that a trusted document time stamp proves what it covers."""
    reports: list[SignatureReport] = []
    proven_at: datetime | None = None
    for entry in reversed(entries):
        report = entry.refusal or await _guarded(entry, around, proven_at)
        reports.append(report)
        if report.kind == "timestamp" and report.proven_at and report.coverage in ("file", "revision"):
            proven_at = min(proven_at or report.proven_at, report.proven_at)
    return reports[::-1]


async def _guarded(entry: _Entry, around: Circumstances, proven_at: datetime | None) -> SignatureReport:
    """Hostile input makes the libraries raise anything at all; all of it means the same: not checkable."""
    assert entry.signature is not None
    try:
        if entry.sub_filter == DOCUMENT_TIMESTAMP:
            return await check_document_timestamp(entry.signature, around, proven_at)
        return await check_signature(entry.signature, around, proven_at)
    except MemoryError:
        raise
    except Exception as fault:
        return not_checkable(entry.name, Reason.ERROR, type(fault).__name__)


def _long_term(reports: list[SignatureReport], around: Circumstances) -> list[SignatureReport]:
    """A B-LT signature followed by a trusted document time stamp is B-LTA (ETSI EN 319 142-1, 6.1)."""
    raised = []
    for index, report in enumerate(reports):
        sealed = any(later.kind == "timestamp" and later.intact for later in reports[index + 1 :])
        raised.append(replace(report, level="B-LTA") if report.level == "B-LT" and sealed else report)
    return raised
