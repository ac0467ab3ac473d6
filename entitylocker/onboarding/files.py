"""Files as officers make them: bytes to rows, whatever program saved them. Refused in words, or read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from entitylocker.onboarding.errors import (
    EmptyFile,
    FileTooLarge,
    NoHeader,
    NoRows,
    NotText,
    RowAboveHeading,
    SecondHeading,
    TooManyRows,
    UnclosedQuote,
    Workbook,
)
from entitylocker.onboarding.headers import Heading, find_heading, plain
from entitylocker.onboarding.values import ROLES

MAX_MEGABYTES = 2
MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
MAX_ROWS = 2000
# Titles, dates and reference numbers that stand above the names of the columns.
_HEADER_WITHIN = 20
_Record = tuple[int, int, list[str]]
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
    """A row by the lines in which it begins and ends. `cells`: column → what stands there; `beyond`: cells without a
    column; `unnamed`: cells in a column without a name; `running_on`: columns whose cell may have swallowed other rows.
    """

    line: int
    last: int
    cells: dict[str, str]
    beyond: bool
    unnamed: bool
    running_on: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """How much of a file was read. `lines`: all, to the last that holds something; `above`: those above the names of
    the columns; `repeated`: those that name them again; `unread`: the names of columns that mean nothing here.
    """

    rows: int
    lines: int
    above: int
    repeated: int
    empty: int
    unread: list[str]

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Table:
    """What a file says. `encoding` and `delimiter`: how it was read."""

    rows: list[Row]
    heading: Heading
    encoding: str
    delimiter: str
    reading: Reading


def read_table(content: bytes) -> Table:
    """Read a file of departments and officers. Raises a FileRefused that says what to do."""
    if len(content) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_MEGABYTES)
    text, encoding = decode(content)
    if not text.strip():
        raise EmptyFile
    # Old Macs and other programs end lines in other ways; within quotes they are line ends, too.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter, heading = _find_header(text)
    sorted_out = _sort_out(text, delimiter, heading)
    rows = [_row(record, delimiter, heading) for record in sorted_out["row"]]
    if not rows:
        raise NoRows
    if len(rows) > MAX_ROWS:
        raise TooManyRows(rows=MAX_ROWS, found=len(rows), files=-(-len(rows) // MAX_ROWS))
    return Table(rows, heading, encoding, delimiter, _reading(sorted_out, heading))


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


def _sort_out(text: str, delimiter: str, heading: Heading) -> dict[str, list[_Record]]:
    """Every record of a file by what it is: none is left out. Raises UnclosedQuote, RowAboveHeading, SecondHeading."""
    found: dict[str, list[_Record]] = {kind: [] for kind in ("above", "heading", "repeated", "empty", "row")}
    lines = text.rstrip().split("\n")
    for record in _records(text, delimiter):
        line, last, cells = record
        if line <= len(lines):
            _refuse_open_quote(lines[line - 1 : last], record, delimiter, is_last=last >= len(lines))
            found[_kind(line, cells, heading)].append(record)
    return found


def _kind(line: int, cells: list[str], heading: Heading) -> str:
    if not any(cell.strip() for cell in cells):
        return "empty"
    if line < heading.line:
        if _names_role(cells):
            raise RowAboveHeading(line=line, heading=heading.line)
        return "above"
    if line == heading.line:
        return "heading"
    if heading.is_repeated(cells):
        return "repeated"
    if heading.is_contradicted(cells):
        raise SecondHeading(line=line, heading=heading.line)
    return "row"


def _refuse_open_quote(lines: list[str], record: _Record, delimiter: str, *, is_last: bool) -> None:
    """Two stray quotes make one cell of all rows between them: several lines are one record only where every quote is
    closed as it should be, and where no more than one of them has a role. Raises UnclosedQuote.
    """
    line, last, _ = record
    if last > line:
        roles = sum(_names_role(each.split(delimiter)) for each in lines)
        if roles > 1 or not _is_closed(lines, delimiter):
            raise UnclosedQuote(line=line)
    elif is_last and len(list(csv.reader([f"{lines[0]}\n", "end"], delimiter=delimiter))) == 1:
        raise UnclosedQuote(line=line)


def _is_closed(lines: list[str], delimiter: str) -> bool:
    try:
        return len(list(csv.reader([f"{each}\n" for each in lines], delimiter=delimiter, strict=True))) == 1
    except csv.Error:
        return False


def _names_role(cells: list[str]) -> bool:
    return any(plain(cell) in ROLES for cell in cells)


def _row(record: _Record, delimiter: str, heading: Heading) -> Row:
    line, last, cells = record
    read = heading.cells(cells)
    return Row(
        line,
        last,
        read,
        beyond=any(cell.strip() for cell in cells[heading.width :]),
        unnamed=any(cell.strip() and not text.strip() for cell, text in zip(cells, heading.texts, strict=False)),
        running_on=tuple(name for name, cell in read.items() if "\n" in cell and cell.count(delimiter) > 1),
    )


def _reading(sorted_out: dict[str, list[_Record]], heading: Heading) -> Reading:
    count = {kind: sum(last - line + 1 for line, last, _ in records) for kind, records in sorted_out.items()}
    return Reading(
        rows=len(sorted_out["row"]),
        lines=sum(count.values()),
        above=count["above"],
        repeated=count["repeated"],
        empty=count["empty"],
        unread=heading.unread,
    )


def _records(text: str, delimiter: str) -> Iterator[_Record]:
    """Each record with the lines in which it begins and ends, from 1."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise UnclosedQuote(line=line) from None
        yield line, reader.line_num, cells
