"""Working through a run: row by row, each by itself; begun, continued after a kill, and never twice at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.access import Actor, Means, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound, PermissionDenied, SameMoment
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.onboarding.departments import find_or_open, vouch
from entitylocker.onboarding.errors import LetterLost, RunIsOver, RunIsRunning, RunTakenOver
from entitylocker.onboarding.guests import find_guest, invite_guest
from entitylocker.onboarding.holding import (
    Hold,
    claim,
    go_on,
    is_worked_on,
    keep_hold,
    let_go,
    lock_run,
    take,
)
from entitylocker.onboarding.lists import department_key
from entitylocker.onboarding.looking import lasting_notes, look_through_run, settle_guest
from entitylocker.onboarding.models import OnboardingRow, OnboardingRun, RowState, RunState
from entitylocker.onboarding.planning import open_run_letter
from entitylocker.onboarding.rows import Plan, ReadRow
from entitylocker.onboarding.seating import load_runner, require_seating, seat_in
from entitylocker.onboarding.undoing import take_run_back
from entitylocker.onboarding.words import Word, because
from entitylocker.organisations.errors import MoreThanYouHold
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case, use_case

log = logging.getLogger(__name__)

_ENDED = {RunState.DONE.value, RunState.UNDOING.value, RunState.UNDONE.value}
_DEEPEST = 50
_OPEN_ROWS = (RowState.READY.value, RowState.FAILED.value)
# How often a row is tried where another act stood in its way.
_TRIES = 3

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class _Work:
    """A run in somebody's hands. `letter`: decrypted once for all rows, or why it cannot be; `now` answers who acts at
    that moment; `plans`: what the file says of each department itself, by its key.
    """

    hold: Hold
    now: Callable[[], Actor]
    in_person: bool
    letter: bytes | LetterLost | None
    letter_name: str
    plans: dict[str, Plan]


@use_case(Permission.MEMBER_SEAT, fresh=True)
def start_run(actor: Actor, run_id: UUID) -> None:
    """Let the worker work through a run, or continue one that stopped. Raises NotFound, RunIsOver, RunIsRunning."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    run = _begin(actor, run_id)
    assert actor.person_id is not None
    run.started_by_person_id, run.started_by_name = actor.person_id, actor.name
    # Nobody works on it yet: the job takes it.
    run.worked_until = utc_now()
    defer(work_through_run, organisation_id=str(run.organisation_id), run_id=str(run_id))


def _begin(actor: Actor, run_id: UUID) -> OnboardingRun:
    run = lock_run(actor, run_id)
    if run.state in _ENDED:
        raise RunIsOver
    if run.state == RunState.LOOKING or is_worked_on(run):
        raise RunIsRunning
    if run.state == RunState.PREVIEW:
        subject = Subject("onboarding", run.id, run.file_name)
        record(actor, EventTag.ONBOARDING_START, subject, sha256=run.file_sha256, in_person=run.in_person)
    run.state = RunState.RUNNING.value
    # Whoever had it before and was too slow is out from now on.
    take(run)
    return run


@task("onboarding.work_through_run")
def work_through_run(organisation_id: str, run_id: str) -> None:
    """Work through a run as the person who started it, with the rights they have at each row."""
    place = UUID(organisation_id)
    found = claim(place, UUID(run_id), RunState.RUNNING)
    if found is None:
        return
    hold, person_id = found
    try:
        _work(lambda: load_runner(person_id, place, Means.JOB), hold)
    except (NotFound, PermissionDenied, MoreThanYouHold):
        # Whoever started it may do so no longer.
        let_go(place, hold)


@task("onboarding.resume_runs")
def resume_runs() -> None:
    """Put in anew what a worker that died left half done."""
    jobs = {
        RunState.RUNNING.value: work_through_run,
        RunState.LOOKING.value: look_through_run,
        RunState.UNDOING.value: take_run_back,
    }
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        found = db.session.execute(
            select(OnboardingRun.organisation_id, OnboardingRun.id, OnboardingRun.state).where(
                OnboardingRun.state.in_(jobs), OnboardingRun.worked_until < utc_now()
            )
        ).all()
        for organisation_id, run_id, state in found:
            defer(jobs[state], organisation_id=str(organisation_id), run_id=str(run_id))


@open_use_case("each row is a transaction for each organisation; what it calls asks for the permission")
def work(actor_now: Callable[[], Actor], run_id: UUID, tell: Told | None = None) -> None:
    """Work through the open rows of a run; a bad row never stops the good ones.

    `actor_now` answers who acts, with the rights of that moment. `tell(done, all)` after each row. Whoever is so slow
    that somebody else takes the run over stops without a word. Raises RunIsOver, RunIsRunning.
    """
    _work(actor_now, _take(actor_now(), run_id), tell)


@use_case(Permission.MEMBER_SEAT)
def _take(actor: Actor, run_id: UUID) -> Hold:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    return take(_begin(actor, run_id))


def _work(actor_now: Callable[[], Actor], hold: Hold, tell: Told | None = None) -> None:
    try:
        work, lines = _prepare(actor_now(), hold, actor_now)
        for number, row_id in enumerate(lines, start=1):
            _work_row(work, row_id)
            if tell is not None:
                tell(number, len(lines))
        _finish(actor_now(), hold)
    except RunTakenOver:
        log.info("run %s was taken over or is over", hold.run_id)


@use_case(Permission.MEMBER_SEAT)
def _prepare(actor: Actor, hold: Hold, now: Callable[[], Actor]) -> tuple[_Work, list[UUID]]:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, hold.run_id)
    rows = _list_rows(actor, hold.run_id)
    # The first row that is good says what its department is, else the first one.
    plans: dict[str, Plan] = {}
    for row in sorted(rows, key=lambda row: bool(row.state == RowState.BAD.value)):
        plans.setdefault(department_key(row.plan["department"]), Plan(**row.plan))
    return _Work(hold, now, run.in_person, _letter(run), run.letter_name, plans), _open_lines(rows)


def _letter(run: OnboardingRun) -> bytes | LetterLost | None:
    """People are brought in without a letter too: one that is lost keeps nobody waiting."""
    try:
        return open_run_letter(run)
    except LetterLost as lost:
        log.warning("the letter of run %s cannot be opened", run.id)
        return lost


def _list_rows(actor: Actor, run_id: UUID) -> list[Any]:
    query = select(OnboardingRow.id, OnboardingRow.plan, OnboardingRow.state).where(
        OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == run_id
    )
    return list(db.session.execute(query.order_by(OnboardingRow.line)))


def _open_lines(rows: list[Any]) -> list[UUID]:
    """The rows still to be done: departments before those that lie below them, else as in the file."""
    above = {row.plan["department"]: row.plan["parent"] for row in rows}
    waiting = [row for row in rows if row.state in _OPEN_ROWS]
    return [row.id for row in sorted(waiting, key=lambda row: _depth(row.plan["department"], above))]


def _depth(department: str, above: dict[str, str]) -> int:
    depth = 0
    # Circles are refused when the file is read; the bound is for what was not.
    while (department := above.get(department, "")) and depth < _DEEPEST:
        depth += 1
    return depth


def _work_row(work: _Work, row_id: UUID) -> None:
    actor = work.now()
    kept = _get_row(actor, work.hold, row_id)
    for _ in range(_TRIES):
        row = ReadRow(kept.line, Plan(**kept.plan), notes=lasting_notes(kept))
        outcome: dict[str, Any] = {}
        try:
            state = _try(work, actor, row, kept, outcome)
            break
        except SameMoment as met:
            # What was done of it is found by the next try.
            state = _refused(row, met)
    _note(work.now(), work.hold, row_id, state, row, outcome)


def _try(work: _Work, actor: Actor, row: ReadRow, kept: OnboardingRow, outcome: dict[str, Any]) -> RowState:
    """One try at a row: what became of it, with what was done so far in `outcome`. Raises SameMoment."""
    try:
        _do(work, actor, row, kept, outcome)
        _vouch(work, actor, row, outcome)
    except SameMoment:
        raise
    except LockerError as refused:
        return _refused(row, refused)
    except Exception:
        log.exception("row %s of run %s failed", kept.line, work.hold.run_id)
        row.problems.append(Word("fault"))
        return RowState.FAILED
    vouched = any(note.code == "vouched" for note in row.notes)
    changed = outcome.get("invitation_id") or outcome["child_opened"] or vouched
    return RowState.DONE if changed else RowState.KNOWN


def _refused(row: ReadRow, refused: LockerError) -> RowState:
    row.problems.append(because("refused", refused))
    return RowState.FAILED


def _vouch(work: _Work, actor: Actor, row: ReadRow, outcome: dict[str, Any]) -> None:
    if work.letter is None or not outcome.get("child_id") or row.plan.parent:
        return
    if not isinstance(work.letter, LetterLost):
        row.notes += vouch(actor, outcome["child_id"], work.letter, work.letter_name, row.plan.code or None)
    elif not outcome["vouched"]:
        row.notes.append(because("not_vouched", work.letter))


def _do(work: _Work, actor: Actor, row: ReadRow, kept: OnboardingRow, outcome: dict[str, Any]) -> None:
    """Department first, then its officer. What an earlier try of this run has done is found and counted as done."""

    def say_opening() -> None:
        _say_opening(actor, work.hold, kept.id)
        # For a further try, which has this same row in its hands.
        kept.child_opened = True

    unit, opened = find_or_open(actor, row, work.plans, say_opening)
    outcome["child_id"], outcome["child_opened"] = unit.id, opened or kept.child_opened
    outcome["vouched"] = unit.vouched
    row.notes.append(Word("opened" if outcome["child_opened"] else "department_known"))
    seat = seat_in(actor, unit)
    standing = find_guest(seat, row.plan)
    # The invitation that this very run issued to the officer before it was stopped.
    is_own = standing.run_id == work.hold.run_id and standing.state == "invited"
    mine = standing.invitation_id if is_own else None
    if mine is None and settle_guest(seat, row, standing):
        return
    invite = mine or invite_guest(seat, row.plan, work.hold, above=actor, in_person=work.in_person)
    outcome["invitation_id"] = invite
    row.notes.append(Word(f"invited_{row.plan.way}"))


@use_case(Permission.MEMBER_SEAT)
def _say_opening(actor: Actor, hold: Hold, row_id: UUID) -> None:
    """Before the department is opened: whoever dies after that still knows that this row did it."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    keep_hold(actor, hold)
    mine = (OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.id == row_id)
    db.session.execute(update(OnboardingRow).where(*mine).values(child_opened=True))


@use_case(Permission.MEMBER_SEAT)
def _get_row(actor: Actor, hold: Hold, row_id: UUID) -> OnboardingRow:
    """The next row; with it whoever works says that they are still at it."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    go_on(actor, hold)
    row = db.session.scalar(
        select(OnboardingRow).where(
            OnboardingRow.organisation_id == actor.organisation_id,
            OnboardingRow.run_id == hold.run_id,
            OnboardingRow.id == row_id,
        )
    )
    if row is None:
        raise NotFound
    return row


@use_case(Permission.MEMBER_SEAT)
def _note(
    actor: Actor, hold: Hold, row_id: UUID, state: RowState, row: ReadRow, outcome: dict[str, Any]
) -> None:  # fmt: skip
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    keep_hold(actor, hold)
    db.session.execute(
        update(OnboardingRow)
        .where(OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.id == row_id)
        .values(
            state=state.value,
            plan=row.plan.to_json(),
            problems=[word.to_json() for word in row.problems],
            notes=[word.to_json() for word in row.notes],
            child_id=outcome.get("child_id"),
            invitation_id=outcome.get("invitation_id"),
        )
    )


@use_case(Permission.MEMBER_SEAT)
def _finish(actor: Actor, hold: Hold) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, hold.run_id)
    keep_hold(actor, hold)
    failed = db.session.scalar(
        select(OnboardingRow.id)
        .where(
            OnboardingRow.organisation_id == actor.organisation_id,
            OnboardingRow.run_id == hold.run_id,
            OnboardingRow.state == RowState.FAILED.value,
        )
        .limit(1)
    )
    run.state = RunState.STOPPED.value if failed else RunState.DONE.value
    run.finished_at, run.worked_until = utc_now(), None
    if not failed:
        run.letter = run.letter_wrapped_key = None
    record(actor, EventTag.ONBOARDING_FINISH, Subject("onboarding", run.id, run.file_name), failed=bool(failed))
