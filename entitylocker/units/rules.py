"""Pure decisions: which roles an agency may have, what days mean, codes that are read out and codes of departments."""

from __future__ import annotations

import re
import secrets
from datetime import date, timedelta
from enum import StrEnum

from entitylocker.access import Role
from entitylocker.access.roles import FOLDER_ROLES
from entitylocker.organisations.days import Span, span_of
from entitylocker.units.errors import LongerThanAYear, WrongRoleForFolder

DEPTH = 6
LONGEST = timedelta(days=366)
# Never an administrator: an agency acts, the department decides who belongs to it.
AGENCY_ROLES = (Role.SIGNATORY, Role.RECORDS_OFFICER, Role.READER, Role.AUDITOR)
# Crockford's alphabet: no letters that are taken for digits. 60 bits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH = 12
_READ_AS = str.maketrans("OIL", "011")


class Phase(StrEnum):
    """Where something that two organisations agree on stands today."""

    ASKED = "asked"
    COMING = "coming"
    CURRENT = "current"
    ENDED = "ended"


def new_code() -> str:
    """A fresh code of an organisation, as it is stored."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def shown_code(code: str) -> str:
    """The code in groups of four, for people."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def read_code(typed: str) -> str:
    """What somebody typed, as it is stored."""
    return re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(_READ_AS)


def agency_span(role: Role, folder: object | None, starts_on: date, ends_on: date) -> Span:
    """The days on which an agency acts. Raises WrongRoleForFolder, LongerThanAYear."""
    if folder is not None and role not in FOLDER_ROLES:
        raise WrongRoleForFolder(field="role")
    if ends_on - starts_on >= LONGEST:
        raise LongerThanAYear(field="ends_on")
    return span_of(starts_on, ends_on)


def child_code(own_code: str, number: int) -> str:
    """A department code for the unit of that number: the parent's code and the number."""
    return f"{own_code}-{number:02d}"


def lies_below(code: str, own_code: str) -> bool:
    """Whether a department code belongs to a unit of the department with `own_code` (migration 0014 says the same)."""
    return code.startswith(f"{own_code}-") and len(code) > len(own_code) + 1
