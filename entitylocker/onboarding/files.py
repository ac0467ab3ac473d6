"""Files as officers make them: bytes to rows, whatever program saved them. Refused in words, or read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from entitylocker.onboarding.errors import (
    EmptyFile,
    FileTooLarge,
    NoHeader,
    NoRows,
    NotText,
    TooManyRows,
    UnclosedQuote,
    Workbook,
)
from entitylocker.onboarding.headers import Heading, find_heading

MAX_MEGABYTES = 2
MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
MAX_ROWS = 2000
# Titles, dates and reference numbers that stand above the names of the columns.
_HEADER_WITHIN = 20
_DELIMITERS = ",;\t|"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-", b"{\\rtf")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Row:
    """A row by the line in which it begins. `cells`: column → what stands there; `beyond`: cells without a column."""

    line: int
    cells: dict[str, str]
    beyond: bool


@dataclass(frozen=True)
class Table:
    """What a file says. `encoding` and `delimiter`: how it was read."""

    rows: list[Row]
    heading: Heading
    encoding: str
    delimiter: str


def read_table(content: bytes) -> Table:
    """Read a file of departments and officers. Raises a FileRefused that says what to do."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_MEGABYTES)
    text, encoding = decode(content)
    if not text.strip():
        raise EmptyFile
    delimiter, heading = _find_header(text)
    rows = list(_rows(text, delimiter, heading))
    if not rows:
        raise NoRows
    return Table(rows, heading, encoding, delimiter)


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: UTF-8, -16, -32 or Windows-1252. Raises EmptyFile, Workbook, NotText."""
    if not content.strip(b"\0 \r\n\t"):
        raise EmptyFile
    if content.startswith(_WORKBOOKS):
        raise Workbook
    for sign, encoding in _BOMS:
        if content.startswith(sign):
            return _decoded(content[len(sign) :], encoding), encoding
    wide = _wide_without_sign(content)
    if wide:
        return _decoded(content, wide), wide
    try:
        return _sound(content.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        return _decoded(content, "windows-1252"), "windows-1252"


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return _sound(content.decode(encoding))
    except UnicodeDecodeError:
        raise NotText from None


def _sound(text: str) -> str:
    """Nothing but text: no NUL, no control signs, and not mostly the signs that misread bytes become."""
    odd = sum(1 for letter in text if ord(letter) < 32 and letter not in "\t\r\n\f\v\x1a")
    if "\0" in text or odd:
        raise NotText
    return text.rstrip("\x1a")


def _wide_without_sign(content: bytes) -> str | None:
    """UTF-16 without its sign: commas and line ends leave zeros in every second place."""
    if len(content) % 2 or b"\0" not in content:
        return None
    even, odd = content[::2].count(0), content[1::2].count(0)
    if max(even, odd) * 20 < len(content) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _find_header(text: str) -> tuple[str, Heading]:
    """Under which delimiter some line near the top names most columns. Raises NoHeader, ColumnTwice."""
    best: tuple[int, int, str, list[str], int] | None = None
    for delimiter in _DELIMITERS:
        for number, (_line, _last, cells) in zip(range(_HEADER_WITHIN), _records(text, delimiter), strict=False):
            known = find_heading(cells).known
            if known >= 2 and (best is None or known > best[0]):
                best = (known, number, delimiter, cells, _line)
    if best is None:
        raise NoHeader
    heading = find_heading(best[3], line=best[4])
    heading.require_complete()
    return best[2], heading


def _rows(text: str, delimiter: str, heading: Heading) -> Iterator[Row]:
    count = 0
    for line, last, cells in _records(text, delimiter):
        if line <= heading.line or not any(cell.strip() for cell in cells) or heading.is_repeated(cells):
            continue
        if last > line and text.count('"') % 2 and last >= text.rstrip().count("\n") + 1:
            raise UnclosedQuote(line=line)
        count += 1
        if count > MAX_ROWS:
            raise TooManyRows(rows=MAX_ROWS)
        yield Row(line, heading.cells(cells), any(cell.strip() for cell in cells[heading.width :]))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Each record with the lines in which it begins and ends, from 1."""
    # Old Macs and other programs end lines in other ways; within quotes they are line ends, too.
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise UnclosedQuote(line=line) from None
        yield line, reader.line_num, cells
