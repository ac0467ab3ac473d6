"""Reading one identifier: from what was typed to a normalised value and the facts it carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin, pan

from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.normalise import compact, with_single_hyphens
from entitylocker.identifiers.places import COMPANY_TYPES, GST_STATES, PAN_HOLDERS, STATES, find_state
from entitylocker.identifiers.problems import (
    BadDepartmentCode,
    DoesNotAddUp,
    IdentifierMissing,
    ImpossibleYear,
    InvalidIdentifier,
    MustBeginWith,
    MustBeOneOf,
    SerialIsZero,
    UnknownCompanyType,
    UnknownState,
)
from entitylocker.identifiers.shape import require_shape

Facts = dict[str, str | int | bool]

_BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DEPARTMENT = re.compile(r"[A-Z](?:-?[A-Z0-9]){1,19}")
_FIRST_COMPANY_YEAR = 1850  # the first Indian companies Act
_GST_REGISTRATIONS = {"Z": "regular", "D": "tax_deductor", "C": "tax_collector"}
_UDYAM = "UDYAM"


@dataclass(frozen=True)
class Identifier:
    """A well-formed identifier. `value` is the one spelling to store and compare.

    Facts, where the kind carries them: state (two letters, as of today), state_name, year, pan, holder,
    holder_type (fourth letter of the PAN), listed, industry, company_type, serial, registration.
    """

    kind: IdentifierKind
    value: str
    facts: Facts = field(default_factory=dict, hash=False, compare=False)


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
    facts |= _state(kind, value, 6)
    facts["year"] = _company_year(value[8:12])
    if value[12:15] not in COMPANY_TYPES:
        raise UnknownCompanyType(kind, position=13, last=15, typed=value[12:15])
    facts |= {"company_type": value[12:15], "serial": _serial(kind, value, 15, 21)}
    return Identifier(kind, value, facts)


def _read_llpin(text: str) -> Identifier:
    """Three letters, four digits; written AAA-1234."""
    kind, value = IdentifierKind.LLPIN, compact(text)
    require_shape(kind, value, "AAA9999")
    return Identifier(kind, f"{value[:3]}-{value[3:]}", {"serial": value[3:]})


def _read_pan(text: str) -> Identifier:
    """Ten characters; the fourth says whose it is. The rule of the last letter is not published."""
    kind, value = IdentifierKind.PAN, compact(text)
    require_shape(kind, value, "AAAAA9999A")
    return Identifier(kind, value, _pan_facts(kind, value, 0))


def _read_gstin(text: str) -> Identifier:
    """State, PAN, count, kind of registration, check character (Luhn, base 36)."""
    kind, value = IdentifierKind.GSTIN, compact(text)
    require_shape(kind, value, "99AAAAA9999A***")
    if value[:2] not in GST_STATES:
        raise UnknownState(kind, position=1, last=2, typed=value[:2])
    facts = _pan_facts(kind, value, 2) | {"pan": value[2:12]}
    if value[12] == "0":
        raise MustBeOneOf(kind, position=13, allowed="1-9, A-Z", typed="0")
    if value[13] not in _GST_REGISTRATIONS:
        raise MustBeOneOf(kind, position=14, allowed="Z, C, D", typed=value[13])
    if not _gstin_adds_up(value):
        raise DoesNotAddUp(kind)
    state = GST_STATES[value[:2]]
    if state:
        facts |= {"state": state, "state_name": STATES[state]}
    return Identifier(kind, value, facts | {"registration": _GST_REGISTRATIONS[value[13]]})


def _read_udyam(text: str) -> Identifier:
    """UDYAM, state letters, district, seven digits; written with hyphens."""
    kind, value = IdentifierKind.UDYAM, compact(text)
    if value and not value.startswith(_UDYAM):
        raise MustBeginWith(kind, beginning=_UDYAM)
    require_shape(kind, value, "AAAAAAA999999999")
    facts = _state(kind, value, 5)
    facts |= {"district": value[7:9], "serial": _serial(kind, value, 9, 16)}
    return Identifier(kind, f"{_UDYAM}-{value[5:7]}-{value[7:9]}-{value[9:]}", facts)


def _read_department(text: str) -> Identifier:
    """The code under which a government department is known; its order letter proves it, not the code."""
    kind, value = IdentifierKind.DEPARTMENT, with_single_hyphens(text)
    if not value:
        raise IdentifierMissing(kind)
    if len(value) > 20 or not _DEPARTMENT.fullmatch(value):
        raise BadDepartmentCode(kind)
    return Identifier(kind, value)


def _state(kind: IdentifierKind, value: str, start: int) -> Facts:
    letters = value[start : start + 2]
    state = find_state(letters)
    if state is None:
        raise UnknownState(kind, position=start + 1, last=start + 2, typed=letters)
    return {"state": state, "state_name": STATES[state]}


def _company_year(digits: str) -> int:
    year, latest = int(digits), datetime.now(ZoneInfo("Asia/Kolkata")).year
    if not _FIRST_COMPANY_YEAR <= year <= latest:
        raise ImpossibleYear(
            IdentifierKind.CIN, position=9, last=12, typed=digits, earliest=_FIRST_COMPANY_YEAR, latest=latest
        )
    return year


def _serial(kind: IdentifierKind, value: str, start: int, end: int) -> str:
    if not value[start:end].strip("0"):
        raise SerialIsZero(kind, position=start + 1, last=end)
    return value[start:end]


def _pan_facts(kind: IdentifierKind, value: str, start: int) -> Facts:
    """Facts of the PAN that begins at `start`; positions in the errors are those of the whole value."""
    number = value[start : start + 10]
    if number[3] not in PAN_HOLDERS:
        raise MustBeOneOf(kind, position=start + 4, allowed=", ".join(sorted(PAN_HOLDERS)), typed=number[3])
    _serial(kind, value, start + 5, start + 9)
    try:
        pan.validate(number)
    except ValidationError as error:
        raise InvalidIdentifier(kind) from error
    return {"holder_type": number[3], "holder": PAN_HOLDERS[number[3]]}


def _gstin_adds_up(value: str) -> bool:
    """python-stdnum, and the bare arithmetic for the newer states and registrations that it does not know."""
    return gstin.is_valid(value) or luhn.is_valid(value, _BASE_36)


_READERS: dict[IdentifierKind, Callable[[str], Identifier]] = {
    IdentifierKind.CIN: _read_cin,
    IdentifierKind.LLPIN: _read_llpin,
    IdentifierKind.PAN: _read_pan,
    IdentifierKind.GSTIN: _read_gstin,
    IdentifierKind.UDYAM: _read_udyam,
    IdentifierKind.DEPARTMENT: _read_department,
}
