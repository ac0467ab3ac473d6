"""Single cells: what spreadsheets put in front is taken away, what they would run is left out."""

from __future__ import annotations

import re
import unicodedata

from entitylocker.accounts.schemas import one_line
from entitylocker.web.spreadsheets import FORMULAS

_AS_TEXT = re.compile(r"=\s*\"([^\"]*)\"\s*\Z")
_NOTHING = frozenset({"-", "--", "---", "–", "—", "na", "n/a", "nil", "none", "null", ".", "..."})

# What spreadsheets write where a formula came to nothing, also as LibreOffice does.
_SHEET_ERROR = re.compile(
    r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|BUSY!|CONNECT!|BLOCKED!|UNKNOWN!|"
    r"GETTING_DATA|#+)|Err:\d{3}",
    re.IGNORECASE,
)


def find_sheet_error(text: str) -> str | None:
    """The sign of a formula that failed, where a cell holds nothing else: neither a name nor empty."""
    line = one_line(text)
    return line if _SHEET_ERROR.fullmatch(line) else None


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
