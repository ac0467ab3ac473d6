"""What each row would do, before anything is done: asked of each department once, for a long file by the worker."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update

from entitylocker.access import Actor, Means, Permission, require
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.jobs.queue import task
from entitylocker.onboarding.errors import RunTakenOver
from entitylocker.onboarding.guests import Standing, find_guest, get_own_address, is_own
from entitylocker.onboarding.headers import DEPARTMENT, EMAIL, PARENT
from entitylocker.onboarding.holding import Hold, claim, go_on, keep_hold, let_go, lock_run
from entitylocker.onboarding.lists import by_slip, department_key
from entitylocker.onboarding.models import OnboardingRow, RowState, RunState
from entitylocker.onboarding.rows import Plan, ReadRow
from entitylocker.onboarding.seating import load_runner, open_units, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.errors import MoreThanYouHold
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.service import Unit

log = logging.getLogger(__name__)

# What is said of the file itself and stays; what would happen is said anew each time.
_LASTING = frozenset({"several_lines", "formula", "other_spelling", "much_alike", "shared_mailbox", "deobfuscated"})


class Looker:
    """Looks at the rows of one file, department by department."""

    def __init__(self, actor: Actor, units: dict[str, Unit], *, has_letter: bool) -> None:
        self._units = units
        self._has_letter = has_letter
        self._opened: set[str] = set()
        self._own = get_own_address(actor)

    def groups(self, rows: Iterable[ReadRow]) -> list[tuple[Unit | None, list[ReadRow]]]:
        """The rows by the department that is there already; None for those that would be opened, in one group."""
        found: dict[str, list[ReadRow]] = {}
        for row in rows:
            key = department_key(row.plan.department)
            found.setdefault(key if key in self._units else "", []).append(row)
        return [(self._units.get(key), group) for key, group in found.items()]

    def look(self, actor: Actor, unit: Unit | None, rows: list[ReadRow]) -> None:
        """Add what the rows of one group would do. A department that is there is asked about its officers."""
        good = [row for row in rows if not row.problems]
        if unit is not None and not unit.agreed:
            _refuse(good, DEPARTMENT)
            return
        good = self._below_agreed(good) if unit is None else good
        known = set() if unit is None else settle_guests(seat_in(actor, unit), good)
        for row in good:
            if unit is None:
                self._would_open(row)
            if row.line in known:
                continue
            row.notes.append(Word(f"would_invite_{row.plan.way}"))
            if is_own(row.plan, self._own):
                row.problems.append(Word("own_address", EMAIL))

    def _below_agreed(self, rows: list[ReadRow]) -> list[ReadRow]:
        """Those of departments to be opened whose parent, if it is there already, lets them be opened below it."""
        above = {row.line: self._units.get(department_key(row.plan.parent)) for row in rows if row.plan.parent}
        _refuse([row for row in rows if (unit := above.get(row.line)) is not None and not unit.agreed], PARENT)
        return [row for row in rows if not row.problems]

    def _would_open(self, row: ReadRow) -> None:
        key = department_key(row.plan.department)
        if key in self._opened:
            return
        self._opened.add(key)
        row.notes.append(Word("would_open"))
        if self._has_letter and not row.plan.parent:
            row.notes.append(Word("would_vouch"))


def _refuse(rows: list[ReadRow], column: str) -> None:
    for row in rows:
        row.problems.append(Word("not_agreed", column))


@use_case(Permission.MEMBER_LIST)
def settle_guests(seat: Actor, rows: list[ReadRow]) -> set[int]:
    """The lines of one department for whose officers nothing is to be done, as `settle_guest` says."""
    require(seat, Permission.MEMBER_LIST, seat.facts)
    return {row.line for row in rows if settle_guest(seat, row)}


def settle_guest(seat: Actor, row: ReadRow, standing: Standing | None = None) -> bool:
    """Whether nothing is to be done for the officer of a row, which then says why. `standing`: as it was just found."""
    standing = standing or find_guest(seat, row.plan)
    if standing.state == "other":
        by_slip(row)
        standing = find_guest(seat, row.plan)
    if standing.state in ("member", "invited"):
        row.notes.append(Word(f"{standing.state}_known"))
        return True
    return False


def lasting_notes(kept: OnboardingRow) -> list[Word]:
    """What was said of the file itself."""
    return [Word.from_json(note) for note in kept.notes if note["code"] in _LASTING]


@task("onboarding.look_through_run")
def look_through_run(organisation_id: str, run_id: str) -> None:
    """Look at the rows of a long file for the person who sent it. Nothing is done yet."""
    place = UUID(organisation_id)
    found = claim(place, UUID(run_id), RunState.LOOKING)
    if found is None:
        return
    hold, person_id = found
    try:
        _look_through(person_id, place, hold)
    except RunTakenOver:
        log.info("run %s was taken over or is over", hold.run_id)
    except (NotFound, PermissionDenied, MoreThanYouHold):
        let_go(place, hold)


@open_use_case("the departments are looked at one after the other; what it calls asks for the permission")
def _look_through(person_id: UUID, organisation_id: UUID, hold: Hold) -> None:
    actor = load_runner(person_id, organisation_id, Means.JOB)
    rows, has_letter = _read(actor, hold)
    looker = Looker(actor, open_units(actor), has_letter=has_letter)
    for unit, group in looker.groups(rows):
        go_on(actor, hold)
        looker.look(actor, unit, group)
        _keep(actor, hold, group)
        actor = load_runner(person_id, organisation_id, Means.JOB)
    _looked(actor, hold)


@use_case(Permission.MEMBER_SEAT)
def _read(actor: Actor, hold: Hold) -> tuple[list[ReadRow], bool]:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, hold.run_id)
    query = select(OnboardingRow).where(
        OnboardingRow.organisation_id == actor.organisation_id,
        OnboardingRow.run_id == hold.run_id,
        OnboardingRow.state == RowState.READY.value,
    )
    rows = [
        ReadRow(kept.line, Plan(**kept.plan), notes=lasting_notes(kept))
        for kept in db.session.scalars(query.order_by(OnboardingRow.line))
    ]
    return rows, run.letter is not None


@use_case(Permission.MEMBER_SEAT)
def _keep(actor: Actor, hold: Hold, rows: list[ReadRow]) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    keep_hold(actor, hold)
    mine = (OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == hold.run_id)
    for row in rows:
        values = {
            "state": (RowState.BAD if row.problems else RowState.READY).value,
            "plan": row.plan.to_json(),
            "problems": [word.to_json() for word in row.problems],
            "notes": [word.to_json() for word in row.notes],
        }
        db.session.execute(update(OnboardingRow).where(*mine, OnboardingRow.line == row.line).values(values))


@use_case(Permission.MEMBER_SEAT)
def _looked(actor: Actor, hold: Hold) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, hold.run_id)
    keep_hold(actor, hold)
    run.state, run.worked_until = RunState.PREVIEW.value, None
