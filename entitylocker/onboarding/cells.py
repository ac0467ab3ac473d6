"""Single cells: what spreadsheets put in front is taken away, what they would run is made harmless, in and out."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from entitylocker.accounts.schemas import one_line

# What begins a formula, in the wide forms of East Asian keyboards too (OWASP: CSV injection).
FORMULAS = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
_AS_TEXT = re.compile(r"=\s*\"([^\"]*)\"\s*\Z")
_NOTHING = frozenset({"-", "--", "---", "–", "—", "na", "n/a", "nil", "none", "null", ".", "..."})


def read_cell(text: str) -> tuple[str, bool]:
    """A cell on one line, composed, without control signs; and whether it began as a formula would.

    `="0123"` is how spreadsheets keep a number as text: what stands within counts. The signs in front of any other
    formula are left out. A dash or `N/A` means nothing.
    """
    line = one_line(text)
    as_text = _AS_TEXT.match(line)
    if as_text:
        line = one_line(as_text.group(1))
    if line.casefold() in _NOTHING:
        return "", False
    bare = re.sub(r"\A['\u2019](?=[=+\-@\d])", "", line)
    harmless = bare.lstrip("".join(FORMULAS) + " \t")
    return harmless, bare != harmless and not as_text


def read_number(text: str) -> str:
    """A cell that may begin with + because it is a telephone number."""
    line = one_line(text)
    as_text = _AS_TEXT.match(line)
    line = one_line(as_text.group(1)) if as_text else line.lstrip("'\u2019")
    return "" if line.casefold() in _NOTHING else re.sub(r"\.0+\Z", "", unicodedata.normalize("NFKC", line))


def csv_line(cells: Iterable[object]) -> str:
    """One line of a file for spreadsheets; what they would run as a formula is made plain text."""
    buffer = io.StringIO()
    # A lone carriage return would end the line, and the csv module does not quote it.
    texts = [str("" if cell is None else cell).replace("\r", " ").replace("\n", " ") for cell in cells]
    safe = [f"'{text}" if text.lstrip().startswith(FORMULAS) or text[:1].isspace() else text for text in texts]
    csv.writer(buffer, lineterminator="\r\n").writerow(safe)
    return buffer.getvalue()


def csv_file(lines: Iterable[Iterable[object]]) -> bytes:
    """A whole file, in UTF-8 with the sign by which spreadsheets know it: Hindi stays Hindi."""
    return "\ufeff".encode() + "".join(map(csv_line, lines)).encode()
