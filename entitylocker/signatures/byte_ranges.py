"""What a signature covers, byte for byte: the ranges, the gap between them, and what stands behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf

from entitylocker.signatures import caps
from entitylocker.signatures.report import GateFinding
from entitylocker.signatures.verdicts import Verdict

_RAW_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX_AND_SPACE = re.compile(rb"\A[0-9A-Fa-f\s\x00]*\Z")
_LAST_TABLE = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF[\r\n]*\Z")
_END_OF_LINE = b"\r\n"


@dataclass(frozen=True, slots=True)
class SignatureDictionary:
    """The parts of a signature dictionary that the gate looks at; None where there is nothing usable."""

    field: str
    byte_range: tuple[int, ...] | None
    contents: bytes | None
    sub_filter: str

    @classmethod
    def read(cls, field: str, value: Any) -> SignatureDictionary:
        """Read `value`, a pikepdf dictionary, without trusting any type in it."""
        contents = value.get("/Contents")
        return cls(
            field=field[: caps.MAX_TEXT],
            byte_range=_numbers(value.get("/ByteRange")),
            contents=bytes(contents) if isinstance(contents, pikepdf.String) else None,
            sub_filter=str(value.get("/SubFilter", "")),
        )

    @property
    def end(self) -> int:
        """The first byte after the covered ones."""
        return self.byte_range[2] + self.byte_range[3] if self.byte_range and len(self.byte_range) == 4 else 0


def _numbers(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, pikepdf.Array) or len(value) > 16:
        return None
    numbers: list[int] = []
    for one in value:  # type: ignore[attr-defined, unused-ignore]
        if isinstance(one, bool) or not isinstance(one, int):
            return None
        numbers.append(one)
    return tuple(numbers)


def is_sane(byte_range: Sequence[int] | None, size: int) -> bool:
    """Whether the ranges are two, start at 0, leave room for a gap and end inside the file."""
    if byte_range is None or len(byte_range) != 4:
        return False
    first, length, second, rest = byte_range
    return first == 0 and length > 0 and rest > 0 and second >= length + 2 and second + rest <= size


def gap_holds(data: bytes, byte_range: Sequence[int], contents: bytes | None) -> bool:
    """Whether the gap is exactly one hex string, and that string `contents` (None: any)."""
    gap = data[byte_range[1] : byte_range[2]]
    inner = gap[1:-1]
    if gap[:1] != b"<" or gap[-1:] != b">" or not _HEX_AND_SPACE.match(inner):
        return False
    if contents is None:
        return True
    digits = bytes(inner.translate(None, b" \t\r\n\f\x00"))
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii")) == contents


def examine_ranges(data: bytes, dictionaries: Iterable[SignatureDictionary], *, encrypted: bool) -> list[GateFinding]:
    """Findings about byte ranges that do not cover what a signature must cover.

    In an encrypted file the value of /Contents is not compared here (qpdf may have decrypted it).
    """
    findings = []
    for one in dictionaries:
        code = None
        if one.contents is None or not one.contents.strip(b"\x00"):
            code = "contents_empty"
        elif not is_sane(one.byte_range, len(data)):
            code = "byte_range_invalid"
        elif one.byte_range and not gap_holds(data, one.byte_range, None if encrypted else one.contents):
            code = "gap_is_not_the_signature"
        if code:
            findings.append(GateFinding(code, Verdict.CHANGED_AFTER_SIGNING, detail=one.field))
    return findings


def examine_tail(data: bytes, dictionaries: Sequence[SignatureDictionary]) -> list[GateFinding]:
    """A finding when what follows the last covered byte is neither line ends nor a revision.

    A revision ends with the place of its own cross-references. One that only points back to older ones hides
    objects from us that a reader which mends files would show.
    """
    ends = [one.end for one in dictionaries if is_sane(one.byte_range, len(data))]
    if not ends or not data[max(ends) :].strip(_END_OF_LINE):
        return []
    last = _LAST_TABLE.search(data, max(ends))
    is_revision = last is not None and int(last[1]) >= max(ends)
    return [] if is_revision else [GateFinding("bytes_after_the_end", Verdict.CHANGED_AFTER_SIGNING)]


def removed_signatures(data: bytes, known: Iterable[SignatureDictionary]) -> list[GateFinding]:
    """A finding when an earlier revision held a signature that the file as it is now does not know any more.

    Only ranges whose gap really is a hex string at that place count: not those of a file within the file.
    """
    current = {one.byte_range for one in known}
    for match in _RAW_RANGE.finditer(data):
        ranges = tuple(int(number) for number in match.groups())
        if ranges in current or not is_sane(ranges, len(data)) or not gap_holds(data, ranges, None):
            continue
        around = data[max(0, match.start() - 4096) : match.end() + 4096]
        if b"/UR3" not in around:
            return [GateFinding("signature_removed", Verdict.CHANGED_AFTER_SIGNING)]
    return []
