"""Files for spreadsheets: what they would run as a formula goes out as plain text (OWASP: CSV injection)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

# What begins a formula, in the wide forms of East Asian keyboards too.
FORMULAS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def csv_line(cells: Iterable[object], line_end: str = "\r\n") -> str:
    """One line. None is an empty cell; line ends within cells become spaces."""
    buffer = io.StringIO()
    # A lone carriage return would end the line, and the csv module does not quote it.
    texts = [str("" if cell is None else cell).replace("\r", " ").replace("\n", " ") for cell in cells]
    safe = [f"'{text}" if text.lstrip().startswith(FORMULAS) or text[:1].isspace() else text for text in texts]
    csv.writer(buffer, lineterminator=line_end).writerow(safe)
    return buffer.getvalue()


def csv_file(lines: Iterable[Iterable[object]]) -> bytes:
    """A whole file, in UTF-8 with the sign by which spreadsheets know it: Hindi stays Hindi."""
    return "\ufeff".encode() + "".join(map(csv_line, lines)).encode()
