"""The gate: is this a sound PDF, its signature dictionaries where they must be? Never repairs or saves."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import pikepdf

from entitylocker.signatures import caps
from entitylocker.signatures.byte_ranges import (
    SignatureDictionary,
    examine_ranges,
    examine_tail,
    removed_signatures,
)
from entitylocker.signatures.gate_fields import SignedFields, read_fields
from entitylocker.signatures.report import GateFinding
from entitylocker.signatures.verdicts import Reason, Verdict

_ACTIVE = {
    "javascript": re.compile(rb"/S\s*/JavaScript\b|/JS\b"),
    "launch": re.compile(rb"/S\s*/Launch\b"),
    "submit_form": re.compile(rb"/S\s*/SubmitForm\b"),
    "import_data": re.compile(rb"/S\s*/ImportData\b"),
    "remote_document": re.compile(rb"/S\s*/GoTo[RE]\b"),
    "embedded_files": re.compile(rb"/EmbeddedFiles\b|/Type\s*/EmbeddedFile\b"),
    "rich_media": re.compile(rb"/RichMedia\b"),
    "xfa": re.compile(rb"/XFA\b"),
}
_ANY_ACTIVE = re.compile(b"|".join(pattern.pattern for pattern in _ACTIVE.values()))
_RANGE_SOMEWHERE = re.compile(rb"/ByteRange\s*\[")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate saw. `stop`: nothing further may be read. `dictionaries`: the signatures that count."""

    findings: tuple[GateFinding, ...] = ()
    pages: int | None = None
    encrypted: bool | None = None
    active_content: tuple[str, ...] = ()
    dictionaries: tuple[SignatureDictionary, ...] = ()
    signed_fields: int = 0
    root: tuple[int, int] | None = None
    stop: bool = False

    @property
    def has_signatures(self) -> bool:
        """Whether there is anything for the cryptographic check, or anything that pretends to be."""
        return bool(self.dictionaries) or self.signed_fields > 0


def pass_gate(data: bytes, password: str | None = None) -> Gate:
    """Look at `data` as a PDF. Answers a Gate for whatever bytes are given.

    Raises only what the parser itself may raise on bytes that break it; the caller turns that into `error`.
    """
    header = data[:1024].find(b"%PDF-")
    if header < 0:
        return _stopped("not_a_pdf", Reason.UNSUPPORTED)
    if len(data) > caps.MAX_BYTES:
        return _stopped("file_too_large", Reason.LIMIT)
    if data.count(b"startxref") > caps.MAX_REVISIONS:
        return _stopped("too_many_revisions", Reason.LIMIT)
    if header:
        return _stopped("bytes_before_header", Reason.DAMAGED)
    try:
        with pikepdf.open(io.BytesIO(data), password=password or "", attempt_recovery=False) as pdf:
            return _look(pdf, data)
    except pikepdf.PasswordError:
        return _stopped("password_needed", Reason.PASSWORD)
    except pikepdf.PdfError as fault:
        if "encrypt" in str(fault).lower():
            return _stopped("encryption_unsupported", Reason.UNSUPPORTED)
        return _stopped("damaged", Reason.DAMAGED)


def _stopped(code: str, reason: Reason) -> Gate:
    return Gate(findings=(_refusal(code, reason),), stop=True)


def _refusal(code: str, reason: Reason) -> GateFinding:
    return GateFinding(code, Verdict.NOT_CHECKABLE, reason.value)


def _look(pdf: pikepdf.Pdf, data: bytes) -> Gate:
    if len(pdf.objects) > caps.MAX_OBJECTS:
        return _stopped("too_many_objects", Reason.LIMIT)
    sweep = _Sweep()
    for number, candidate in enumerate(pdf.objects, start=1):
        sweep.see(number, candidate)
    if sweep.largest_stream > caps.MAX_OBJECTS_PER_STREAM:
        return _stopped("object_stream_too_large", Reason.LIMIT)
    fields = read_fields(pdf)
    if max(len(fields.signed), len(sweep.candidates)) > caps.MAX_SIGNATURES:
        return _stopped("too_many_signatures", Reason.LIMIT)
    if fields.too_many:
        return _stopped("too_many_fields", Reason.LIMIT)
    return _conclude(pdf, data, sweep, fields)


def _unreadable(pdf: pikepdf.Pdf, data: bytes, *, sound: bool) -> list[GateFinding]:
    """Objects that cannot be read are a note, unless a signature may be among them."""
    found = [GateFinding("structural_defects")] if pdf.get_warnings() else []
    if not sound and _RANGE_SOMEWHERE.search(data):
        found.append(_refusal("signature_unreadable", Reason.DAMAGED))
    return found


class _Sweep:
    """One pass over all objects: signature dictionaries, object streams, whatever could act by itself."""

    def __init__(self) -> None:
        self.candidates: dict[tuple[int, int], Any] = {}
        self.active: set[str] = set()
        self.largest_stream = 0

    def see(self, number: int, candidate: Any) -> None:
        """Take note of one object."""
        if isinstance(candidate, pikepdf.Stream):
            dictionary = candidate.stream_dict
        elif isinstance(candidate, pikepdf.Dictionary):
            dictionary = candidate
        else:
            return
        text = dictionary.unparse(resolved=True)
        if _OBJECT_STREAM.search(text):
            self.largest_stream = max(self.largest_stream, int(dictionary.get("/N", 0)))
        if _ANY_ACTIVE.search(text):
            self.active |= {name for name, pattern in _ACTIVE.items() if pattern.search(text)}
        if isinstance(candidate, pikepdf.Dictionary) and "/ByteRange" in candidate:
            self.candidates[candidate.objgen] = candidate


def _conclude(pdf: pikepdf.Pdf, data: bytes, sweep: _Sweep, fields: SignedFields) -> Gate:
    findings = list(fields.findings)
    orphans = {key: value for key, value in sweep.candidates.items() if key not in fields.values}
    rights = {key for key in orphans if key in fields.usage_rights}
    if rights:
        findings.append(GateFinding("usage_rights"))
    for _ in orphans.keys() - rights:
        findings.append(GateFinding("orphan_signature", Verdict.CHANGED_AFTER_SIGNING))
    dictionaries = tuple(SignatureDictionary.read(name, value) for name, value in fields.signed)
    findings += examine_ranges(data, dictionaries, encrypted=pdf.is_encrypted)
    findings += examine_tail(data, dictionaries)
    known = [SignatureDictionary.read("", value) for value in sweep.candidates.values()]
    findings += removed_signatures(data, [*dictionaries, *known])
    pages = len(pdf.pages)
    if pages == 0:
        findings.append(_refusal("no_pages", Reason.DAMAGED))
    findings += _unreadable(pdf, data, sound=bool(fields.signed or findings))
    return Gate(
        findings=tuple(dict.fromkeys(findings)),
        pages=pages,
        encrypted=pdf.is_encrypted,
        active_content=tuple(sorted(sweep.active)),
        dictionaries=dictionaries,
        signed_fields=len(fields.signed),
        root=pdf.Root.objgen,
    )
