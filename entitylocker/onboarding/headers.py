"""The names of columns, in English and Hindi, as they stand in officers' files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from entitylocker.errors import N_
from entitylocker.onboarding.errors import ColumnTwice, NoHeader

DEPARTMENT, KIND, CODE, PARENT = "department", "kind", "code", "parent"
OFFICER, EMAIL, PHONE, CONTACT = "officer", "email", "phone", "contact"
ROLE, LANGUAGE, WAY = "role", "language", "way"
COLUMNS = (DEPARTMENT, KIND, CODE, PARENT, OFFICER, EMAIL, PHONE, CONTACT, ROLE, LANGUAGE, WAY)

# So many columns a row names only if it is meant to.
_SURELY = 3
# So much of the name of a column that means nothing is shown.
_SHOWN = 60

COLUMN_LABELS: dict[str, str] = {
    DEPARTMENT: N_("Department"),
    KIND: N_("Kind"),
    CODE: N_("Code"),
    PARENT: N_("Parent department"),
    OFFICER: N_("Officer"),
    EMAIL: N_("E-mail address"),
    PHONE: N_("Mobile number"),
    CONTACT: N_("E-mail address or mobile number"),
    ROLE: N_("Role"),
    LANGUAGE: N_("Language"),
    WAY: N_("Way"),
}

_WORDS: dict[str, str] = {
    DEPARTMENT: "department|dept|deptt|department name|name of department|name of the department|department office|"
    "office|office name|name of office|विभाग|विभाग का नाम|कार्यालय|कार्यालय का नाम|विभाग नाम",
    KIND: "kind|type|department type|kind of department|organisation type|organization type|प्रकार|विभाग का प्रकार",
    CODE: "code|department code|dept code|office code|कोड|विभाग कोड|विभाग का कोड|कूट",
    PARENT: "parent|parent department|parent office|administrative department|under|मूल विभाग|प्रशासकीय विभाग|"
    "प्रशासनिक विभाग|मुख्य विभाग",
    OFFICER: "officer|officer name|name of officer|name of the officer|nodal officer|name of nodal officer|name|"
    "nodal officer name|अधिकारी|अधिकारी का नाम|नाम|नोडल अधिकारी|नोडल अधिकारी का नाम",
    EMAIL: "email|e mail|mail|email id|e mail id|mail id|email address|e mail address|mail address|official email|"
    "ईमेल|ई मेल|ईमेल पता|ई मेल पता|मेल",
    PHONE: "mobile|mobile no|mobile number|mobile num|phone|phone no|phone number|cell|contact number|contact no|"
    "मोबाइल|मोबाइल नंबर|मोबाइल नम्बर|मोबाइल न|मोबाइल सं|दूरभाष|फोन|फोन नंबर",
    CONTACT: "contact|contact details|email or mobile|mail address or mobile|e mail or mobile|mail or mobile|"
    "email address or mobile number|e mail address or mobile number|संपर्क|सम्पर्क",
    ROLE: "role|access|rights|भूमिका|अधिकार",
    LANGUAGE: "language|lang|भाषा",
    WAY: "way|by|channel|invite by|invitation by|send by|how|माध्यम|तरीका|कैसे",
}


def plain(heading: str) -> str:
    """A heading without case, signs and the marks that Hindi is written with or without."""
    text = unicodedata.normalize("NFKC", heading).casefold().replace("\u093c", "").replace("\u0901", "\u0902")
    kept = (letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text)
    return " ".join("".join(kept).split())


_BY_WORD = {plain(word): column for column, words in _WORDS.items() for word in words.split("|")}


def column_of(heading: str) -> str | None:
    """Which column a heading means; of `विभाग / Department` either part suffices."""
    whole = _BY_WORD.get(plain(heading))
    parts = (_BY_WORD.get(plain(part)) for part in re.split(r"[/|()\[\]\n:*]|\s-\s", heading))
    return whole or next(filter(None, parts), None)


@dataclass(frozen=True)
class Heading:
    """The line that names the columns. `columns`: one for each cell, None where it means nothing here."""

    line: int
    columns: tuple[str | None, ...]
    texts: tuple[str, ...] = field(repr=False)

    @property
    def known(self) -> int:
        """How many different columns it names."""
        return len({column for column in self.columns if column})

    @property
    def width(self) -> int:
        """How many cells a row may have."""
        return len(self.columns)

    def require_complete(self) -> None:
        """Raises ColumnTwice, and NoHeader unless the necessary columns are there."""
        named = [column for column in self.columns if column]
        for column in named:
            if named.count(column) > 1:
                raise ColumnTwice(column=self.texts[self.columns.index(column)].strip())
        if not {DEPARTMENT, OFFICER} <= set(named):
            raise NoHeader

    def cells(self, row: list[str]) -> dict[str, str]:
        """A row by its columns; cells that are missing are empty."""
        found = dict.fromkeys((column for column in self.columns if column), "")
        for column, cell in zip(self.columns, row, strict=False):
            if column:
                found[column] = cell
        return found

    def is_repeated(self, row: list[str]) -> bool:
        """Whether a row is the heading again, as on every page of a printed list."""
        if [plain(cell) for cell in row if cell.strip()] == [plain(text) for text in self.texts if text.strip()]:
            return True
        return self.is_contradicted(row) and find_heading(row).columns == self.columns

    def is_contradicted(self, row: list[str]) -> bool:
        """Whether a row names the columns anew and otherwise: below it, cells would be taken for something else."""
        found = find_heading(row)
        return found.known >= _SURELY and {DEPARTMENT, OFFICER} <= set(found.columns)

    @property
    def unread(self) -> list[str]:
        """The names of columns that mean nothing here."""
        named = zip(self.columns, self.texts, strict=True)
        return [" ".join(text.split())[:_SHOWN] for column, text in named if column is None and text.strip()]


def find_heading(row: list[str], line: int = 0) -> Heading:
    """What a row means as a heading. Empty cells at its end count for nothing."""
    while row and not row[-1].strip():
        row = row[:-1]
    return Heading(line, tuple(column_of(cell) if len(cell) < 100 else None for cell in row), tuple(row))
