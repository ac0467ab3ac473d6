"""Who has an account in the sandbox's citizen locker, and what was issued to them. Nobody here exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid5

_NAMESPACE = UUID("5b0f1d2e-3c41-4f6a-9d57-0a2b6c8e4f10")


@dataclass(frozen=True, slots=True)
class IssuedPaper:
    """A paper that an invented issuer put into somebody's locker. `kind` as `sandbox.papers.make_paper` takes it."""

    doctype: str
    description: str
    issuer_id: str
    issuer: str
    number: str
    issued_on: date
    kind: str = "valid"
    expires_on: date | None = None

    @property
    def uri(self) -> str:
        """IssuerId-DocType-DocId."""
        return f"{self.issuer_id}-{self.doctype}-{self.number}"


@dataclass(frozen=True, slots=True)
class Citizen:
    """An invented person. `note` says what one can try with them.

    `has_withdrawn`: takes every consent back right after giving it. `has_aadhaar`: whether the account was opened with
    one; the number itself is nowhere, not even an invented one. `latin_name`: as papers print a name of other letters.
    """

    key: str
    name: str
    born_on: date
    gender: str
    note: str
    papers: tuple[IssuedPaper, ...] = ()
    has_withdrawn: bool = False
    has_aadhaar: bool = True
    email: str = ""
    latin_name: str = ""

    @property
    def id(self) -> str:
        """The DigiLocker id: 36 characters, the same in every sandbox and after every start."""
        return str(uuid5(_NAMESPACE, self.key))

    @property
    def mobile(self) -> str:
        """Ten digits that no telephone in India can have: none begins with 0."""
        return f"{int(UUID(self.id)) % 10**6:010d}"

    @property
    def dob(self) -> str:
        """The date of birth as the wire has it: DDMMYYYY."""
        return f"{self.born_on:%d%m%Y}"


def _pan(number: str) -> IssuedPaper:
    return IssuedPaper(
        "PANCR", "PAN Verification Record", "in.sample.pan", "Sample Tax Office", number, date(2012, 4, 2)
    )


def _licence(number: str, expires_on: date, kind: str = "valid") -> IssuedPaper:
    return IssuedPaper(
        "DRVLC", "Driving License", "in.sample.transport", "Sample Transport Office", number,
        date(2016, 8, 19), kind, expires_on,
    )  # fmt: skip


def _school(number: str, year: int) -> IssuedPaper:
    return IssuedPaper(
        "SSCER", "Class X Marksheet", "in.sample.board", "Sample School Board", number, date(year, 5, 28)
    )


def _degree(number: str, year: int) -> IssuedPaper:
    return IssuedPaper(
        "DGCER", "Degree Certificate", "in.sample.university", "Sample University", number, date(year, 7, 1)
    )


def _income(number: str, kind: str = "valid") -> IssuedPaper:
    return IssuedPaper(
        "INCER", "Income Certificate", "in.sample.district", "Sample District Office", number, date(2026, 1, 12), kind
    )


CITIZENS = (
    Citizen(
        "meera", "Meera Joshi", date(1984, 3, 9), "F", "Same name as the demo company’s administrator.",
        (_pan("SAMPM0001J"), _licence("MH00SAMPLE0001", date(2036, 8, 18)), _degree("DEGREE-1001", 2005)),
        email="meera@citizen.example",
    ),
    Citizen(
        "rohan", "Rohan Kulkarni", date(1991, 11, 30), "M", "Same name as the demo company’s records officer.",
        (_pan("SAMPR0002K"), _school("MARKS-2007-0002", 2007)), email="rohan@citizen.example",
    ),
    Citizen(
        "farhan", "Farhan Imtiaz Shaikh", date(1979, 7, 22), "M",
        "The demo’s signatory is called Farhan Shaikh: the names differ.",
        (_pan("SAMPF0003S"), _licence("MH00SAMPLE0003", date(2024, 8, 18))), email="farhan@citizen.example",
    ),
    Citizen(
        "kiran", "Kiran Patil", date(1996, 1, 5), "T", "Has an account and no documents.",
        has_aadhaar=False, email="kiran@citizen.example",
    ),
    Citizen(
        "anita", "Anita Deshpande", date(1972, 9, 14), "F",
        "Takes her consent back right after giving it: she signs in, and nothing of hers can be fetched.",
        (_pan("SAMPA0005D"),), has_withdrawn=True, email="anita@citizen.example",
    ),
    Citizen(
        "lata", "Lata Kadam", date(1968, 12, 1), "F",
        "Same name as the demo department’s administrator. One of her papers was changed after signing.",
        (_pan("SAMPL0006K"), _income("INC-2026-0006", "changed_after_signing"), _degree("DEGREE-1006", 1990)),
        email="lata@citizen.example",
    ),
    Citizen(
        "aarav", "Aarav Namoona", date(2013, 8, 14), "M", "Is not of age.",
        (_school("MARKS-2026-0007", 2026),),
    ),
    Citizen(
        "seema", "सीमा काल्पनिक", date(1988, 2, 29), "F", "A name in Devanagari.",
        (_income("INC-2026-0008"), _licence("DL00SAMPLE0008", date(2031, 2, 28), "unsigned")),
        email="seema@citizen.example", latin_name="Seema Kalpanik",
    ),
    Citizen(
        "zoya", "Zoya Benaam", date(1993, 6, 17), "F", "Like nobody in the demo.",
        (_pan("SAMPZ0009B"), _school("MARKS-2009-0009", 2009)), email="zoya@citizen.example",
    ),
)  # fmt: skip

# What issuers hold and no locker has yet: found by the search parameters, then put into the locker of whoever asks.
UNCLAIMED = (_income("INC-2026-0100"), _degree("DEGREE-1100", 2015))


def find_citizen(key: str) -> Citizen | None:
    """Who has the key `key`, if anybody."""
    return next((citizen for citizen in CITIZENS if citizen.key == key), None)
