"""The gate: is this a sound PDF, its signature dictionaries where they must be? Never repairs or saves."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from typing import Any

import pikepdf

from entitylocker.signatures import caps
from entitylocker.signatures.active_content import ActiveContent, find_later, text_of
from entitylocker.signatures.byte_ranges import (
    SignatureDictionary,
    examine_ranges,
    examine_tail,
    is_sane,
    removed_signatures,
)
from entitylocker.signatures.gate_fields import SignedFields, read_fields
from entitylocker.signatures.layers import hidden_layers
from entitylocker.signatures.report import GateFinding
from entitylocker.signatures.verdicts import Reason, Verdict

_RANGE_SOMEWHERE = re.compile(rb"/ByteRange\s*\[")
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm\b")


@dataclass(frozen=True, slots=True)
class Gate:
    """What the gate saw. `stop`: nothing further may be read. `dictionaries`: the signatures that count."""

    findings: tuple[GateFinding, ...] = ()
    pages: int | None = None
    encrypted: bool | None = None
    active_content: tuple[str, ...] = ()
    active_later: tuple[str, ...] = ()
    hidden_layers: tuple[str, ...] = ()
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
            return _look(pdf, data, password)
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


def _look(pdf: pikepdf.Pdf, data: bytes, password: str | None) -> Gate:
    if len(pdf.objects) > caps.MAX_OBJECTS:
        return _stopped("too_many_objects", Reason.LIMIT)
    sweep = _Sweep()
    for candidate in pdf.objects:
        sweep.see(candidate)
    if sweep.largest_stream > caps.MAX_OBJECTS_PER_STREAM:
        return _stopped("object_stream_too_large", Reason.LIMIT)
    fields = read_fields(pdf)
    if max(len(fields.signed), len(sweep.candidates)) > caps.MAX_SIGNATURES:
        return _stopped("too_many_signatures", Reason.LIMIT)
    if fields.too_many:
        return _stopped("too_many_fields", Reason.LIMIT)
    gate = _conclude(pdf, data, sweep, fields)
    ends = [one.end for one in gate.dictionaries if is_sane(one.byte_range, len(data))]
    return replace(gate, active_later=find_later(sweep.active, data, ends, password))


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
        self.active = ActiveContent()
        self.largest_stream = 0

    def see(self, candidate: Any) -> None:
        """Take note of one object."""
        text = text_of(candidate)
        if not text:
            return
        self.active.see(candidate.objgen, text)
        if isinstance(candidate, pikepdf.Stream) and _OBJECT_STREAM.search(text):
            self.largest_stream = max(self.largest_stream, int(candidate.stream_dict.get("/N", 0)))
        elif isinstance(candidate, pikepdf.Dictionary) and "/ByteRange" in candidate:
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
        active_content=sweep.active.kinds,
        hidden_layers=hidden_layers(pdf),
        dictionaries=dictionaries,
        signed_fields=len(fields.signed),
        root=pdf.Root.objgen,
    )
