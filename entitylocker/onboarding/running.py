"""Working through a run: row by row, each by itself; begun, continued after a kill, and never twice at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.access import Actor, Means, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.onboarding.departments import find_or_open, vouch
from entitylocker.onboarding.errors import RunIsOver, RunIsRunning
from entitylocker.onboarding.guests import find_guest, invite_guest
from entitylocker.onboarding.models import OnboardingRow, OnboardingRun, RowState, RunState
from entitylocker.onboarding.planning import open_run_letter, settle_guest
from entitylocker.onboarding.rows import Plan, ReadRow
from entitylocker.onboarding.seating import load_runner, require_seating, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.errors import MoreThanYouHold
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case, use_case

log = logging.getLogger(__name__)

# So long a row may take; whoever works says so anew with each. Afterwards somebody else takes over.
LEASE = timedelta(seconds=60)
_ENDED = {RunState.DONE.value, RunState.UNDONE.value}
_DEEPEST = 50
_OPEN_ROWS = (RowState.READY.value, RowState.FAILED.value)

Told = Callable[[int, int], None]


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
    if run.state == RunState.RUNNING and run.worked_until is not None and run.worked_until > utc_now():
        raise RunIsRunning
    if run.state == RunState.PREVIEW:
        subject = Subject("onboarding", run.id, run.file_name)
        record(actor, EventTag.ONBOARDING_START, subject, sha256=run.file_sha256, in_person=run.in_person)
    run.state = RunState.RUNNING.value
    return run


def lock_run(actor: Actor, run_id: UUID) -> OnboardingRun:
    """A run of the actor's organisation, locked until the commit. Raises NotFound."""
    run = db.session.scalar(
        select(OnboardingRun)
        .where(OnboardingRun.organisation_id == actor.organisation_id, OnboardingRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if run is None:
        raise NotFound
    return run


@task("onboarding.work_through_run")
def work_through_run(organisation_id: str, run_id: str) -> None:
    """Work through a run as the person who started it, with the rights they have at each row."""
    place, which = UUID(organisation_id), UUID(run_id)
    person_id = _claim(place, which)
    if person_id is None:
        return
    try:
        work(lambda: load_runner(person_id, place, Means.JOB), which, taken_over=True)
    except (NotFound, PermissionDenied, MoreThanYouHold):
        # Whoever started it may do so no longer.
        _stop(place, which)


def _claim(organisation_id: UUID, run_id: UUID) -> UUID | None:
    """Take a run that nobody works on; answers who started it."""
    mine = (OnboardingRun.organisation_id == organisation_id, OnboardingRun.id == run_id)
    free = (OnboardingRun.state == RunState.RUNNING.value, OnboardingRun.worked_until <= utc_now())
    taken = update(OnboardingRun).where(*mine, *free).values(worked_until=utc_now() + LEASE)
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        return db.session.scalar(taken.returning(OnboardingRun.started_by_person_id))


def _stop(organisation_id: UUID, run_id: UUID) -> None:
    mine = (OnboardingRun.organisation_id == organisation_id, OnboardingRun.id == run_id)
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        db.session.execute(update(OnboardingRun).where(*mine).values(state=RunState.STOPPED.value, worked_until=None))


@task("onboarding.resume_runs")
def resume_runs() -> None:
    """Put in anew what a worker that died left half done."""
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        found = db.session.execute(
            select(OnboardingRun.organisation_id, OnboardingRun.id).where(
                OnboardingRun.state == RunState.RUNNING.value, OnboardingRun.worked_until < utc_now()
            )
        ).all()
        for organisation_id, run_id in found:
            defer(work_through_run, organisation_id=str(organisation_id), run_id=str(run_id))


@open_use_case("each row is a transaction for each organisation; what it calls asks for the permission")
def work(actor_now: Callable[[], Actor], run_id: UUID, tell: Told | None = None, *, taken_over: bool = False) -> None:
    """Work through the open rows of a run; a bad row never stops the good ones.

    `actor_now` answers who acts, with the rights of that moment. `tell(done, all)` after each row. `taken_over`: the
    run was begun by `start_run`. Raises RunIsOver, RunIsRunning where it is not `taken_over`.
    """
    if not taken_over:
        _take(actor_now(), run_id)
    lines = _open_lines(actor_now(), run_id)
    for number, row_id in enumerate(lines, start=1):
        if not _hold(actor_now(), run_id):
            return
        _work_row(actor_now, run_id, row_id)
        if tell is not None:
            tell(number, len(lines))
    _finish(actor_now(), run_id)


@use_case(Permission.MEMBER_SEAT)
def _take(actor: Actor, run_id: UUID) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    _begin(actor, run_id).worked_until = utc_now() + LEASE


@use_case(Permission.MEMBER_SEAT)
def _open_lines(actor: Actor, run_id: UUID) -> list[UUID]:
    """The rows still to be done: departments before those that lie below them, else as in the file."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    query = select(OnboardingRow.id, OnboardingRow.plan, OnboardingRow.state).where(
        OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == run_id
    )
    rows = db.session.execute(query.order_by(OnboardingRow.line)).all()
    above = {row.plan["department"]: row.plan["parent"] for row in rows}
    waiting = [row for row in rows if row.state in _OPEN_ROWS]
    return [row.id for row in sorted(waiting, key=lambda row: _depth(row.plan["department"], above))]


def _depth(department: str, above: dict[str, str]) -> int:
    depth = 0
    # Circles are refused when the file is read; the bound is for what was not.
    while (department := above.get(department, "")) and depth < _DEEPEST:
        depth += 1
    return depth


@use_case(Permission.MEMBER_SEAT)
def _hold(actor: Actor, run_id: UUID) -> bool:
    """Say that somebody works on the run. False once it is over: it was taken back in the meantime."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    held = (
        update(OnboardingRun)
        .where(
            OnboardingRun.organisation_id == actor.organisation_id,
            OnboardingRun.id == run_id,
            OnboardingRun.state == RunState.RUNNING.value,
        )
        .values(worked_until=utc_now() + LEASE)
        .returning(OnboardingRun.id)
    )
    return db.session.scalar(held) is not None


def _work_row(actor_now: Callable[[], Actor], run_id: UUID, row_id: UUID) -> None:
    kept, in_person, letter, letter_name = _get_row(actor_now(), run_id, row_id)
    row = ReadRow(kept.line, Plan(**kept.plan), notes=_lasting_notes(kept))
    outcome: dict[str, Any] = {}
    try:
        outcome = _do(actor_now(), run_id, row, kept, in_person)
        if letter is not None and outcome.get("child_id") and not row.plan.parent:
            row.notes += vouch(actor_now(), outcome["child_id"], letter, letter_name, row.plan.code or None)
        vouched = any(note.code == "vouched" for note in row.notes)
        changed = outcome["invitation_id"] or outcome["child_opened"] or vouched
        state = RowState.DONE if changed else RowState.KNOWN
    except LockerError as refused:
        row.problems.append(Word("refused", facts={"why": refused.text()}))
        state = RowState.FAILED
    except Exception:
        log.exception("row %s of run %s failed", kept.line, run_id)
        row.problems.append(Word("fault"))
        state = RowState.FAILED
    _note(actor_now(), row_id, state, row, outcome)


_LASTING = frozenset({"formula", "other_spelling", "much_alike", "shared_mailbox", "deobfuscated"})


def _lasting_notes(kept: OnboardingRow) -> list[Word]:
    """What was said of the file itself; what would happen is now said anew."""
    return [Word.from_json(note) for note in kept.notes if note["code"] in _LASTING]


def _do(actor: Actor, run_id: UUID, row: ReadRow, kept: OnboardingRow, in_person: bool) -> dict[str, Any]:
    """Department first, then its officer. What an earlier try of this run has done is found and counted as done."""
    unit, opened = find_or_open(actor, row, lambda: _say_opening(actor, kept.id))
    opened = opened or kept.child_opened
    row.notes.append(Word("opened" if opened else "department_known"))
    seat = seat_in(actor, unit)
    mine = _find_own(seat, row.plan, run_id)
    if mine is None and settle_guest(seat, row):
        return {"child_id": unit.id, "child_opened": opened, "invitation_id": None}
    invitation_id = mine or invite_guest(seat, row.plan, run_id, above=actor, in_person=in_person)
    row.notes.append(Word(f"invited_{row.plan.way}"))
    return {"child_id": unit.id, "child_opened": opened, "invitation_id": invitation_id}


@use_case(Permission.MEMBER_SEAT)
def _say_opening(actor: Actor, row_id: UUID) -> None:
    """Before the department is opened: whoever dies after that still knows that this row did it."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    mine = (OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.id == row_id)
    db.session.execute(update(OnboardingRow).where(*mine).values(child_opened=True))


def _find_own(seat: Actor, plan: Plan, run_id: UUID) -> UUID | None:
    """The invitation that this very run issued to the officer before it was stopped."""
    standing = find_guest(seat, plan)
    return standing.invitation_id if standing.run_id == run_id and standing.state == "invited" else None


@use_case(Permission.MEMBER_SEAT)
def _get_row(actor: Actor, run_id: UUID, row_id: UUID) -> tuple[OnboardingRow, bool, bytes | None, str]:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    found = db.session.execute(
        select(OnboardingRow, OnboardingRun)
        .join(OnboardingRun, OnboardingRun.id == OnboardingRow.run_id)
        .where(
            OnboardingRow.organisation_id == actor.organisation_id,
            OnboardingRow.run_id == run_id,
            OnboardingRow.id == row_id,
        )
    ).first()
    if found is None:
        raise NotFound
    row, run = found
    return row, run.in_person, open_run_letter(run), run.letter_name


@use_case(Permission.MEMBER_SEAT)
def _note(actor: Actor, row_id: UUID, state: RowState, row: ReadRow, outcome: dict[str, Any]) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
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
def _finish(actor: Actor, run_id: UUID) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, run_id)
    if run.state != RunState.RUNNING:
        return
    failed = db.session.scalar(
        select(OnboardingRow.id)
        .where(
            OnboardingRow.organisation_id == actor.organisation_id,
            OnboardingRow.run_id == run_id,
            OnboardingRow.state == RowState.FAILED.value,
        )
        .limit(1)
    )
    run.state = RunState.STOPPED.value if failed else RunState.DONE.value
    run.finished_at, run.worked_until = utc_now(), None
    if not failed:
        run.letter = run.letter_wrapped_key = None
    record(actor, EventTag.ONBOARDING_FINISH, Subject("onboarding", run.id, run.file_name), failed=bool(failed))
