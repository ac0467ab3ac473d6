"""Single cells: what spreadsheets put in front is taken away, what they would run is left out."""

from __future__ import annotations

import re
import unicodedata

from entitylocker.accounts.schemas import one_line
from entitylocker.web.spreadsheets import FORMULAS

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
