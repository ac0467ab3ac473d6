"""Looking at the bytes of a file, and at nothing else: the gate, then every signature through pyHanko's reader."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, extract_contents

from entitylocker.signatures import asn1_repairs, caps, fast_paths, judging
from entitylocker.signatures.byte_ranges import gap_holds
from entitylocker.signatures.changes import Surroundings, count_objects, coverage_word, find_changes, permission_word
from entitylocker.signatures.examined import (
    DETACHED,
    DOCUMENT_TIMESTAMP,
    ENVELOPED_SHA1,
    Entry,
    Examined,
    Signed,
    Store,
    failed,
    not_checkable,
)
from entitylocker.signatures.fast_reader import FastReader
from entitylocker.signatures.field_rules import FieldSignature, keeps_seed_values
from entitylocker.signatures.gate import Gate, pass_gate
from entitylocker.signatures.report import Change, GateFinding, SignatureReport
from entitylocker.signatures.revocation_answers import CRL, IN_STORE, OCSP, Evidence
from entitylocker.signatures.two_versions import Budget
from entitylocker.signatures.verdicts import Reason, Verdict

_MOST_IN_STORE = 1000

asn1_repairs.apply()
fast_paths.apply()


@dataclass(frozen=True)
class _Found:
    """A signed field: readable (`signature`) or not (`refusal`)."""

    name: str
    revision: int = 0
    signature: EmbeddedPdfSignature | None = None
    refusal: SignatureReport | None = None
    is_stamp: bool = False
    visible: bool = False


def examine(data: bytes, password: str | None = None) -> Examined:
    """Everything that can be said of `data` without trust, time or policy. Answers for any bytes; raises MemoryError.

    The same bytes give the same answer. Parse hostile bytes only inside the checker's child: see `checker`.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        gate = pass_gate(data, password)
    except MemoryError:
        raise
    except Exception as fault:
        return Examined(len(data), sha256, Gate(findings=(_broken(fault),), stop=True))
    if gate.stop or not gate.has_signatures:
        return Examined(len(data), sha256, gate)
    entries, findings, store = _examine_signatures(data, gate, password)
    return Examined(len(data), sha256, gate, entries, findings, store)


def _examine_signatures(
    data: bytes, gate: Gate, password: str | None
) -> tuple[tuple[Entry, ...], tuple[GateFinding, ...], Store]:
    try:
        reader, defects = _open(data, password)
        found = _signed_fields(reader)
        agree = _agree(reader, gate, found)
        objects = count_objects(reader)
    except MemoryError:
        raise
    except Exception as fault:
        return (), (_broken(fault),), Store()
    if not agree:
        finding = GateFinding("readers_disagree", Verdict.NOT_CHECKABLE, Reason.DAMAGED.value)
        refusals = tuple(Entry(one.name, refusal=not_checkable(one.name, Reason.DAMAGED)) for one in found)
        return refusals, (finding,), Store()
    stamps = {one.name: one.visible for one in found if one.is_stamp}
    budget = Budget(caps.MAX_STEPS, len(found))
    around = Surroundings(data, password, {one.name for one in found}, stamps, budget, objects)
    return tuple(_entry(one, around) for one in found), defects, _store(reader)


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
    reader = FastReader(io.BytesIO(data), strict=strict)
    if reader.encrypted:
        reader.decrypt(password or "")
    _ = reader.root["/Pages"]  # a file whose catalogue cannot be read is found out here
    return reader


def _signed_fields(reader: PdfFileReader) -> list[_Found]:
    found = [
        _signed_field(reader, str(name), field) for name, _, field in enumerate_sig_fields(reader, filled_status=True)
    ]
    return sorted(found, key=lambda one: one.revision)


def _signed_field(reader: PdfFileReader, name: str, field: Any) -> _Found:
    try:
        sub_filter = str(field.get_object()["/V"].get("/SubFilter", ""))
        if sub_filter not in DETACHED | {ENVELOPED_SHA1, DOCUMENT_TIMESTAMP}:
            return _Found(name, refusal=not_checkable(name, Reason.UNSUPPORTED, sub_filter[:60]))
        signature = FieldSignature(reader, field, name)
        return _Found(
            name,
            signature.signed_revision,
            signature,
            is_stamp=sub_filter == DOCUMENT_TIMESTAMP,
            visible=is_field_visible(signature.sig_field),  # type: ignore[no-untyped-call]
        )
    except MemoryError:
        raise
    except Exception as fault:
        return _Found(name, refusal=failed(name, fault, _contents(field)))


def _contents(field: Any) -> bytes | None:
    try:
        contents: bytes = extract_contents(field.get_object()["/V"])
    except Exception:  # hostile input raises anything
        return None
    return contents


def _broken(fault: Exception) -> GateFinding:
    reason = Reason.UNSUPPORTED if isinstance(fault, NotImplementedError) else Reason.ERROR
    return GateFinding("unreadable", Verdict.NOT_CHECKABLE, reason.value, type(fault).__name__)


def _agree(reader: PdfFileReader, gate: Gate, found: list[_Found]) -> bool:
    """Two parsers must see the same document: the same catalogue, as many signed fields and as many pages."""
    root = reader.root_ref
    same = (root.idnum, root.generation) == gate.root and len(found) == gate.signed_fields
    return same and (reader.root["/Pages"].get("/Count") == gate.pages or _count_pages(reader) == gate.pages)


def _count_pages(reader: PdfFileReader) -> int:
    """How many pages the tree really has. Only for files that state another number: it costs time."""
    waiting, count, seen = [reader.root["/Pages"]], 0, 0
    while waiting and seen < caps.MAX_OBJECTS:
        node = waiting.pop().get_object()
        seen += 1
        if isinstance(node, DictionaryObject) and "/Kids" in node:
            waiting += list(node["/Kids"])
        else:
            count += isinstance(node, DictionaryObject)
    return count


def _entry(found: _Found, around: Surroundings) -> Entry:
    """Hostile input makes the libraries raise anything at all; all of it means the same: not checkable."""
    if found.signature is None:
        return Entry(found.name, refusal=found.refusal)
    try:
        return Entry(found.name, _signed(found.signature, around))
    except MemoryError:
        raise
    except Exception as fault:
        return Entry(found.name, refusal=failed(found.name, fault))


def _signed(signature: EmbeddedPdfSignature, around: Surroundings) -> Signed:
    signature.compute_integrity_info()  # type: ignore[no-untyped-call]
    sub_filter = str(signature.sig_object.get("/SubFilter", ""))
    digests = {signature.external_md_algorithm: signature.compute_digest()}
    if sub_filter == ENVELOPED_SHA1:
        digests["sha1"] = signature.compute_digest("sha1")
    return Signed(
        field_name=str(signature.field_name),
        sub_filter=sub_filter,
        contents=bytes(signature.pkcs7_content),
        digests=digests,
        claimed_at=_claimed_at(signature),
        coverage=coverage_word(signature),
        permission=permission_word(signature),
        changes=_changes(signature, around),
        seeds_kept=keeps_seed_values(signature),
    )


def _changes(signature: EmbeddedPdfSignature, around: Surroundings) -> tuple[Change, ...]:
    """The changes after `signature`. What stands in the gap must be the very signature that was read."""
    ranges = [int(number) for number in signature.byte_range]
    if len(ranges) != 4 or not gap_holds(around.data, ranges, signature.pkcs7_content):
        return (Change(judging.NOT_COVERED),)
    return find_changes(signature, around)


def _claimed_at(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        claimed = signature.self_reported_timestamp
    except (ValueError, TypeError, AttributeError):
        return None
    if claimed is None:
        return None
    return (claimed if claimed.tzinfo else claimed.replace(tzinfo=UTC)).astimezone(UTC)


def _store(reader: PdfFileReader) -> Store:
    """The security store; one that cannot be read adds nothing."""
    try:
        store = DocumentSecurityStore.read_dss(reader)
        certificates = tuple(certificate.dump() for certificate in store.load_certs())
        return Store(certificates, tuple(_evidence(store)))
    except NoDSSFoundError:
        return Store()
    except MemoryError:
        raise
    except Exception:  # hostile input raises anything; without the store the answer is more careful
        return Store()


def _evidence(store: DocumentSecurityStore) -> Iterator[Evidence]:
    kinds = ((CRL, store.crls, DecodePurpose.CRL), (OCSP, store.ocsps, DecodePurpose.OCSP_RESPONSE))
    for source, references, purpose in kinds:
        for reference in itertools.islice(references, _MOST_IN_STORE):
            yield Evidence(source, reference.get_object().read_data(purpose), IN_STORE)
