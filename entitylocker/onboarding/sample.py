"""A file to begin with. Nobody in it exists."""

from __future__ import annotations

from flask_babel import gettext

from entitylocker.access import Actor, Permission, require
from entitylocker.onboarding.headers import (
    CODE,
    COLUMN_LABELS,
    DEPARTMENT,
    EMAIL,
    LANGUAGE,
    OFFICER,
    PARENT,
    PHONE,
    ROLE,
    WAY,
)
from entitylocker.tenancy import use_case
from entitylocker.web.spreadsheets import csv_file

_COLUMNS = (DEPARTMENT, CODE, PARENT, OFFICER, EMAIL, PHONE, ROLE, LANGUAGE, WAY)
_ROWS = (
    ("Department of Health", "", "", "Asha Rao", "asha.rao@health.example", "", "administrator", "English", "mail"),
    ("Department of Health", "", "", "Ravi Kumar", "", "98765 43210", "records officer", "Hindi", "SMS"),
    ("Directorate of Ayush", "", "Department of Health", "Meena Kumari", "", "", "records officer", "Hindi", "slip"),
)


@use_case(Permission.MEMBER_SEAT)
def sample_file(actor: Actor) -> bytes:
    """The names of the columns in the reader's language, and three rows."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    return csv_file([[gettext(COLUMN_LABELS[column]) for column in _COLUMNS], *_ROWS])
