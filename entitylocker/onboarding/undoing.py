"""Taking a run back: its invitations that nobody accepted, and the departments it opened in which nobody is.

The worker does it, department by department; what was taken back stays so, whoever dies in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import ColumnElement, distinct, exists, func, select, text

from entitylocker.access import Actor, Means, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound, PermissionDenied, SameMoment
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.onboarding.errors import RunIsOver, RunIsRunning, RunTakenOver
from entitylocker.onboarding.holding import (
    Hold,
    claim,
    go_on,
    is_worked_on,
    keep_hold,
    keep_hold_below,
    let_go,
    lock_run,
    take,
)
from entitylocker.onboarding.lists import department_key
from entitylocker.onboarding.models import OnboardingRow, RowState, RunState
from entitylocker.onboarding.seating import load_runner, require_seating, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.errors import MoreThanYouHold
from entitylocker.organisations.models import Invitation, Membership, Organisation
from entitylocker.organisations.rights import change_state
from entitylocker.organisations.service import revoke_run
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.models import UnitLink
from entitylocker.units.service import Unit, end_unit, list_children
from entitylocker.vault.models import Document

log = logging.getLogger(__name__)

_UNDOABLE = {state.value for state in (RunState.DONE, RunState.STOPPED, RunState.RUNNING, RunState.UNDOING)}
# How often a department is tried where another act stood in its way.
_TRIES = 3


@use_case(Permission.MEMBER_SEAT, fresh=True)
def undo_run(actor: Actor, run_id: UUID) -> None:
    """Let the worker take a run back as far as nobody came in by it; from now on nobody brings it further.

    Raises NotFound, RunIsOver for one that did nothing or was taken back, RunIsRunning.
    """
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    run = lock_run(actor, run_id)
    if run.state not in _UNDOABLE:
        raise RunIsOver
    if is_worked_on(run):
        raise RunIsRunning
    # Whoever had it before and was too slow is out from now on.
    take(run)
    # Nobody works on it yet: the job takes it.
    run.state, run.worked_until = RunState.UNDOING.value, utc_now()
    run.undone_by_person_id, run.undone_by_name = actor.person_id, actor.name
    run.letter = run.letter_wrapped_key = None
    record(actor, EventTag.ONBOARDING_ASK_UNDO, Subject("onboarding", run.id, run.file_name))
    defer(take_run_back, organisation_id=str(run.organisation_id), run_id=str(run_id))


@task("onboarding.take_run_back")
def take_run_back(organisation_id: str, run_id: str) -> None:
    """Take a run back as the person who asked for it, with the rights they have at each department."""
    place = UUID(organisation_id)
    found = claim(place, UUID(run_id), RunState.UNDOING)
    if found is None:
        return
    hold, person_id = found
    try:
        _take_back(lambda: load_runner(person_id, place, Means.JOB), hold)
    except RunTakenOver:
        log.info("run %s was taken over", hold.run_id)
    except (NotFound, PermissionDenied, MoreThanYouHold):
        # Whoever asked for it may do so no longer.
        let_go(place, hold)


@open_use_case("each department is a transaction of its own; what it calls asks for the permission")
def _take_back(now: Callable[[], Actor], hold: Hold) -> None:
    actor = now()
    units = {unit.id: unit for unit in list_children(actor)}
    opened = _prepare(actor, hold, {department_key(unit.name): unit.id for unit in units.values()})
    # What lies deepest first: a department with units below it is not empty.
    for unit in sorted(units.values(), key=lambda unit: -unit.depth):
        # Where a unit has not agreed to what stands above, nobody comes in by what was issued from there.
        if unit.id not in opened or not unit.agreed:
            continue
        actor = now()
        go_on(actor, hold)
        parent = units.get(unit.parent_id)
        above = actor if parent is None else seat_in(actor, parent)
        _try_unit(actor, hold, unit, above, opened=opened[unit.id])
    _finish(now(), hold)


def _try_unit(actor: Actor, hold: Hold, unit: Unit, above: Actor, *, opened: bool) -> None:
    """One department; one that refuses, as a suspended one does, stays as it is and keeps no other waiting."""
    for _ in range(_TRIES):
        try:
            _take_back_unit(actor, hold, unit, above, opened=opened)
        except SameMoment:
            # What was done of it is found by the next try.
            continue
        except LockerError as refused:
            log.warning("unit %s of run %s stays: %s", unit.id, hold.run_id, refused.code)
        return


def _take_back_unit(actor: Actor, hold: Hold, unit: Unit, above: Actor, *, opened: bool) -> None:
    seat = seat_in(actor, unit)
    if unit.state is OrganisationState.CLOSED:
        # By others, or by an earlier try that came no further.
        ended, closed = set[UUID](), opened and _nobody_ever_came(seat)
    else:
        ended, closed = _end_in(seat, hold, opened=opened)
    if ended or closed:
        _note(actor, hold, unit.id, ended, closed=closed)
    if closed:
        _let_go(above, unit.id)


@use_case(Permission.MEMBER_SEAT)
def _prepare(actor: Actor, hold: Hold, known: dict[str, UUID]) -> dict[UUID, bool]:
    """The departments of a run, and whether it opened them.

    What was just being opened when somebody was killed is known by name only until now. `known`: ids by that name.
    """
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    keep_hold(actor, hold)
    opened: dict[UUID, bool] = {}
    for row in db.session.scalars(select(OnboardingRow).where(*_rows_of(actor, hold))):
        if row.child_id is None and row.child_opened:
            row.child_id = known.get(department_key(row.plan["department"]))
        if row.child_id is not None:
            opened[row.child_id] = opened.get(row.child_id, False) or row.child_opened
    return opened


def _rows_of(actor: Actor, hold: Hold) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == hold.run_id


@use_case(Permission.MEMBER_SEAT)
def _end_in(seat: Actor, hold: Hold, *, opened: bool) -> tuple[set[UUID], bool]:
    """The invitations of the run that are taken back in the seat's department, and whether it was closed."""
    require(seat, Permission.MEMBER_SEAT, seat.facts)
    keep_hold_below(hold)
    return set(revoke_run(seat, hold.run_id)), opened and _close_if_empty(seat)


@use_case(Permission.ORGANISATION_READ)
def _nobody_ever_came(seat: Actor) -> bool:
    require(seat, Permission.ORGANISATION_READ, seat.facts)
    return not db.session.scalar(select(exists().where(Membership.organisation_id == seat.organisation_id)))


@use_case(Permission.MEMBER_SEAT)
def _close_if_empty(seat: Actor) -> bool:
    """Close the draft of the seat's department unless somebody is or may still come in, or something lies there."""
    require(seat, Permission.MEMBER_SEAT, seat.facts)
    here = seat.organisation_id
    row = db.session.scalar(select(Organisation).where(Organisation.id == here).with_for_update())
    somebody = exists().where(Membership.organisation_id == here)
    waiting = exists().where(
        Invitation.organisation_id == here, Invitation.revoked_at.is_(None), Invitation.expires_at > utc_now()
    )
    below = db.session.scalar(text("SELECT count(*) FROM lookup_units() WHERE state <> 'closed'"))
    something = exists().where(Document.organisation_id == here)
    taken = db.session.scalar(select(somebody | waiting | something))
    if row is None or row.state != OrganisationState.DRAFT or taken or below:
        return False
    change_state(row, OrganisationState.CLOSED, "", seat.name)
    record(seat, EventTag.ORGANISATION_CLOSE, Subject("organisation", row.id, row.name))
    return True


@use_case(Permission.MEMBER_SEAT)
def _let_go(above: Actor, child_id: UUID) -> None:
    """A closed department is no unit any more: a later file opens it anew."""
    require(above, Permission.MEMBER_SEAT, above.facts)
    link_id = db.session.scalar(
        select(UnitLink.id).where(
            UnitLink.organisation_id == above.organisation_id,
            UnitLink.child_organisation_id == child_id,
            UnitLink.ended_at.is_(None),
        )
    )
    if link_id is not None:
        end_unit(above, link_id)


@use_case(Permission.MEMBER_SEAT)
def _note(actor: Actor, hold: Hold, child_id: UUID, ended: set[UUID], *, closed: bool) -> None:
    """Say it in the rows. Into a department that was closed nobody comes by any invitation."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    keep_hold(actor, hold)
    for row in db.session.scalars(
        select(OnboardingRow).where(*_rows_of(actor, hold), OnboardingRow.child_id == child_id)
    ):
        is_over = row.invitation_id in ended or (closed and row.invitation_id is not None)
        said = ["undone"] * is_over + ["department_closed"] * (closed and row.child_opened)
        if said:
            row.state, row.notes = RowState.UNDONE.value, [Word(code).to_json() for code in said]


@use_case(Permission.MEMBER_SEAT)
def _finish(actor: Actor, hold: Hold) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, hold.run_id)
    keep_hold(actor, hold)
    run.state, run.undone_at, run.worked_until = RunState.UNDONE.value, utc_now(), None
    invitations = func.count().filter(_says("undone"))
    departments = func.count(distinct(OnboardingRow.child_id)).filter(_says("department_closed"))
    numbers = db.session.execute(select(invitations, departments).where(*_rows_of(actor, hold))).one()
    subject = Subject("onboarding", run.id, run.file_name)
    record(actor, EventTag.ONBOARDING_UNDO, subject, invitations=numbers[0], departments=numbers[1])


def _says(code: str) -> ColumnElement[bool]:
    return OnboardingRow.notes.contains([Word(code).to_json()])
