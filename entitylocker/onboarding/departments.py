"""Departments of a file: found again in whatever spelling, opened below their parent, vouched for by the letter."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from uuid import UUID

from entitylocker.access import Actor
from entitylocker.errors import LockerError, NotFound, SameMoment
from entitylocker.identifiers import OrganisationKind
from entitylocker.onboarding.lists import department_key
from entitylocker.onboarding.rows import Plan, ReadRow
from entitylocker.onboarding.seating import open_units, seat_in
from entitylocker.onboarding.words import Word, because
from entitylocker.organisations.service import Letter
from entitylocker.units.errors import VouchedAlready
from entitylocker.units.service import Unit, open_child, vouch_for

# Kept with the unit, as everything that people write there: in one language.
NOTE = "From a file of departments and officers"


def find_or_open(
    actor: Actor, row: ReadRow, plans: Mapping[str, Plan], before: Callable[[], None] | None = None
) -> tuple[Unit, bool]:
    """The department of a row, and whether it was opened now. A parent that is not there yet is opened first.

    `plans`: by key, what the file says of each department itself. A parent whose officer could not be invited still
    gets its kind and its place from there. `before` is called before it is opened.

    Raises PermissionDenied, TooDeep, and NotFound where it is gone again.
    """
    key = department_key(row.plan.department)
    units = open_units(actor)
    if key in units:
        return units[key], False
    above = actor
    if row.plan.parent:
        parent = plans.get(department_key(row.plan.parent)) or Plan(department=row.plan.parent)
        unit, _ = find_or_open(actor, ReadRow(row.line, parent), plans)
        above = seat_in(actor, unit)
    if before is not None:
        before()
    open_child(above, name=row.plan.department, kind=OrganisationKind(row.plan.kind), note=NOTE)
    units = open_units(actor)
    if key not in units:
        raise NotFound
    return units[key], True


def vouch(actor: Actor, child_id: UUID, letter: bytes, name: str, code: str | None) -> list[Word]:
    """Vouch for a department by the order letter, unless that was done. What cannot be is said, and stops nothing.

    Raises SameMoment: then it may be tried again.
    """
    try:
        vouch_for(actor, child_id, Letter(name or "order.pdf", io.BytesIO(letter)), code=code)
    except VouchedAlready:
        return []
    except SameMoment:
        raise
    except LockerError as refused:
        return [because("not_vouched", refused)]
    return [Word("vouched")]
