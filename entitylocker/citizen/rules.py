"""Pure decisions: whether two names are the same, how long is lent, what may be lent, who may borrow."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from entitylocker.access import Facts
from entitylocker.citizen.adapters import IssuedDocument
from entitylocker.errors import N_
from entitylocker.signatures.ekyc import read_day
from entitylocker.web.formats import ZONE

LONGEST_DAYS = 365
MOST_AT_ONCE = 10
REMIND_BEFORE = timedelta(days=3)
_YEAR = re.compile(r"[12]\d{3}")
_TITLES = {"mr", "mrs", "ms", "dr", "shri", "smt", "kumari", "श्री", "श्रीमती"}
# An Aadhaar card shows an Aadhaar number, which no organisation should have from here.
_NEVER_LENT = {"ADHAR", "AADHAAR", "ADHAAR"}


def same_name(one: str, other: str) -> bool:
    """Whether two names have the same words, whatever their order, case, marks and forms of address.

    It is shown, never acted on: people are written in many ways.
    """
    return bool(_words(one)) and _words(one) == _words(other)


def _words(name: str) -> list[str]:
    plain = "".join(
        letter if letter.isalnum() or unicodedata.category(letter).startswith("M") else " "
        for letter in unicodedata.normalize("NFKC", name).casefold()
        if unicodedata.category(letter) != "Cf"
    )
    return sorted(word for word in plain.split() if word not in _TITLES)


def same_birth(one: str, day: date) -> bool | None:
    """Whether a birth as an offline e-KYC file writes it (a day, or the year only) is that day; None: nobody knows."""
    if _YEAR.fullmatch(one):
        return int(one) == day.year
    born_on = read_day(one)
    return None if born_on is None else born_on == day


def end_of(day: date) -> datetime:
    """The instant at which a day in India is over: a lending until that day ends then."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)


def today(now: datetime) -> date:
    """The day in India."""
    return now.astimezone(ZONE).date()


def why_not_until(day: date, now: datetime) -> str | None:
    """Why nothing can be lent until `day`; None: it can."""
    if day < today(now):
        return N_("This day is over already.")
    if day > today(now) + timedelta(days=LONGEST_DAYS):
        return N_("A document is lent for a year at most. It can be lent again after that.")
    return None


def why_not_lent(document: IssuedDocument) -> str | None:
    """Why a document of the list cannot be lent; None: it can."""
    if document.type_code in _NEVER_LENT or ".uidai" in document.uri.lower():
        return N_("Aadhaar cards are not lent: organisations are not to keep Aadhaar numbers. Show a proof instead.")
    if not document.is_pdf:
        return N_("It is not there as a PDF.")
    return None


def object_key(organisation_id: UUID, lending_id: UUID) -> str:
    """Where the bytes of a lending lie; apart from those of the vault."""
    return f"{PREFIX}{organisation_id}/{lending_id}"


def lending_of(key: str) -> UUID | None:
    """The lending whose bytes lie at `key`."""
    try:
        return UUID(key.removeprefix(PREFIX).partition("/")[2])
    except ValueError:
        return None


def object_context(organisation_id: UUID, lending_id: UUID) -> bytes:
    """What the key and every byte of a lent document are bound to."""
    return b"entitylocker/lending/1\x00" + organisation_id.bytes + lending_id.bytes


PREFIX = "lent/"


def root_facts(organisation_id: UUID) -> Facts:
    """Where copies of lent documents go: the top of the organisation's documents."""
    return Facts(organisation_id, folder_path="/")
