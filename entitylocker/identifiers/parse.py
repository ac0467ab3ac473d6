"""Reading one identifier: from what was typed to a normalised value and the facts it carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from stdnum import lei

from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.normalise import compact, with_single_hyphens
from entitylocker.identifiers.parts import Facts, Identifier, serial_at, state_at
from entitylocker.identifiers.places import COMPANY_TYPES
from entitylocker.identifiers.problems import (
    BadDepartmentCode,
    DoesNotAddUp,
    IdentifierMissing,
    ImpossibleYear,
    MustBeginWith,
    MustBeOneOf,
    UnknownCompanyType,
)
from entitylocker.identifiers.shape import require_shape
from entitylocker.identifiers.tax import read_gstin, read_iec, read_pan, read_tan

_DEPARTMENT = re.compile(r"[A-Z](?:-?[A-Z0-9]){1,19}")
_FIRST_COMPANY_YEAR = 1850  # the first Indian companies Act
_UDYAM = "UDYAM"
_FSSAI = {"1": "licence", "2": "registration"}
# The rule that makes check digits gives 02 to 98 (ISO 7064, mod 97-10): these three never.
_NO_LEI_CHECK = frozenset({"00", "01", "99"})


def parse_identifier(kind: IdentifierKind, text: str) -> Identifier:
    """Read `text` as an identifier of `kind`, however it was spaced, hyphenated, cased, in whichever digits.

    Raises InvalidIdentifier, which names the place where there is one, else says that the check digit fails.
    A well-formed identifier is not yet one that exists or that belongs to whoever typed it.
    """
    return _READERS[kind](text)


def _read_cin(text: str) -> Identifier:
    """21 characters of the Ministry of Corporate Affairs: listed, industry, state, year, type, serial."""
    kind, value = IdentifierKind.CIN, compact(text)
    require_shape(kind, value, "A99999AA9999AAA999999")
    if value[0] not in "LU":
        raise MustBeOneOf(kind, position=1, allowed="L, U", typed=value[0])
    facts: Facts = {"listed": value[0] == "L", "industry": value[1:6]}
    facts |= state_at(kind, value, 6)
    facts["year"] = _company_year(value[8:12])
    if value[12:15] not in COMPANY_TYPES:
        raise UnknownCompanyType(kind, position=13, last=15, typed=value[12:15])
    facts |= {"company_type": value[12:15], "serial": serial_at(kind, value, 15, 21)}
    return Identifier(kind, value, facts)


def _read_llpin(text: str) -> Identifier:
    """Three letters, four digits; written AAA-1234."""
    kind, value = IdentifierKind.LLPIN, compact(text)
    require_shape(kind, value, "AAA9999")
    return Identifier(kind, f"{value[:3]}-{value[3:]}", {"serial": value[3:]})


def _read_udyam(text: str) -> Identifier:
    """UDYAM, state letters, district, seven digits; written with hyphens."""
    kind, value = IdentifierKind.UDYAM, compact(text)
    if value and not value.startswith(_UDYAM):
        raise MustBeginWith(kind, beginning=_UDYAM)
    require_shape(kind, value, "AAAAAAA999999999")
    facts = state_at(kind, value, 5)
    facts |= {"district": value[7:9], "serial": serial_at(kind, value, 9, 16)}
    return Identifier(kind, f"{_UDYAM}-{value[5:7]}-{value[7:9]}-{value[9:]}", facts)


def _read_fssai(text: str) -> Identifier:
    """14 digits of the food authority: licence or registration, place, year, office, serial.

    The codes of places and offices are not published as one list: only the first digit is held against a rule.
    """
    kind, value = IdentifierKind.FSSAI, compact(text)
    require_shape(kind, value, "9" * 14)
    if value[0] not in _FSSAI:
        raise MustBeOneOf(kind, position=1, allowed="1, 2", typed=value[0])
    return Identifier(kind, value, {"form": _FSSAI[value[0]], "year": 2000 + int(value[3:5])})


def _read_lei(text: str) -> Identifier:
    """18 letters and digits, two check digits (ISO 17442; ISO 7064, mod 97-10)."""
    kind, value = IdentifierKind.LEI, compact(text)
    require_shape(kind, value, "*" * 18 + "99")
    if value[18:] in _NO_LEI_CHECK or not lei.is_valid(value):
        raise DoesNotAddUp(kind)
    return Identifier(kind, value, {"issuer": value[:4]})


def _read_din(text: str) -> Identifier:
    """Eight digits that a director keeps in every company. They describe a person, never the organisation."""
    kind, value = IdentifierKind.DIN, compact(text)
    require_shape(kind, value, "9" * 8)
    return Identifier(kind, value, {"serial": serial_at(kind, value, 0, 8)})


def _read_department(text: str) -> Identifier:
    """The code under which a government department is known; its order letter proves it, not the code."""
    kind, value = IdentifierKind.DEPARTMENT, with_single_hyphens(text)
    if not value:
        raise IdentifierMissing(kind)
    if len(value) > 20 or not _DEPARTMENT.fullmatch(value):
        raise BadDepartmentCode(kind)
    return Identifier(kind, value)


def _company_year(digits: str) -> int:
    year, latest = int(digits), datetime.now(ZoneInfo("Asia/Kolkata")).year
    if not _FIRST_COMPANY_YEAR <= year <= latest:
        raise ImpossibleYear(
            IdentifierKind.CIN, position=9, last=12, typed=digits, earliest=_FIRST_COMPANY_YEAR, latest=latest
        )
    return year


_READERS: dict[IdentifierKind, Callable[[str], Identifier]] = {
    IdentifierKind.CIN: _read_cin,
    IdentifierKind.LLPIN: _read_llpin,
    IdentifierKind.PAN: read_pan,
    IdentifierKind.GSTIN: read_gstin,
    IdentifierKind.UDYAM: _read_udyam,
    IdentifierKind.TAN: read_tan,
    IdentifierKind.IEC: read_iec,
    IdentifierKind.FSSAI: _read_fssai,
    IdentifierKind.LEI: _read_lei,
    IdentifierKind.DIN: _read_din,
    IdentifierKind.DEPARTMENT: _read_department,
}
