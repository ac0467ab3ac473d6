"""Who works on a run: one at a time. Whoever takes it over gets a higher number, and a lower one writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, text, update

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.errors import RunTakenOver
from entitylocker.onboarding.models import OnboardingRun, RunState
from entitylocker.tenancy import Tenant, use_case

# So long a row may take; whoever works says so anew with each. Afterwards somebody else takes over.
LEASE = timedelta(seconds=60)
WORKED_ON = (RunState.RUNNING.value, RunState.LOOKING.value, RunState.UNDOING.value)


@dataclass(frozen=True)
class Hold:
    """That somebody works on a run. `fence`: which time it is that the run was taken over."""

    run_id: UUID
    fence: int


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


def is_worked_on(run: OnboardingRun) -> bool:
    """Whether somebody is at it just now, and has not died as far as one can tell."""
    return run.state in WORKED_ON and run.worked_until is not None and run.worked_until > utc_now()


def take(run: OnboardingRun) -> Hold:
    """Take a locked run over, in the running transaction: from now on nobody else writes into it."""
    run.fence += 1
    run.worked_until = utc_now() + LEASE
    return Hold(run.id, run.fence)


def claim(organisation_id: UUID, run_id: UUID, state: RunState) -> tuple[Hold, UUID] | None:
    """Take a run in `state` that nobody works on; answers the hold and who asked for the work."""
    free = (
        OnboardingRun.organisation_id == organisation_id,
        OnboardingRun.id == run_id,
        OnboardingRun.state == state.value,
        OnboardingRun.worked_until <= utc_now(),
    )
    is_undoing = state is RunState.UNDOING
    whose = OnboardingRun.undone_by_person_id if is_undoing else OnboardingRun.started_by_person_id
    taken = update(OnboardingRun).where(*free).values(worked_until=utc_now() + LEASE, fence=OnboardingRun.fence + 1)
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        row = db.session.execute(taken.returning(OnboardingRun.fence, whose)).first()
    return None if row is None or row[1] is None else (Hold(run_id, row[0]), row[1])


def _mine(organisation_id: UUID | None, hold: Hold, states: Collection[str]) -> list[ColumnElement[bool]]:
    return [
        OnboardingRun.organisation_id == organisation_id,
        OnboardingRun.id == hold.run_id,
        OnboardingRun.fence == hold.fence,
        OnboardingRun.state.in_(states),
    ]


@use_case(Permission.MEMBER_SEAT)
def go_on(actor: Actor, hold: Hold) -> None:
    """Say that one is still at it. Raises RunTakenOver: it is over, or somebody else's by now."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    held = update(OnboardingRun).where(*_mine(actor.organisation_id, hold, WORKED_ON))
    if db.session.scalar(held.values(worked_until=utc_now() + LEASE).returning(OnboardingRun.id)) is None:
        raise RunTakenOver


def keep_hold(actor: Actor, hold: Hold) -> None:
    """Let nobody take the run over before the running transaction of its organisation ends. Raises RunTakenOver."""
    mine = select(OnboardingRun.id).where(*_mine(actor.organisation_id, hold, WORKED_ON))
    if db.session.scalar(mine.with_for_update(read=True)) is None:
        raise RunTakenOver


def keep_hold_below(hold: Hold) -> None:
    """The same in the transaction of a department, which must still lie below the run's organisation and be open."""
    statement = text("SELECT claim_onboarding_hold(:run, :fence)")
    if not db.session.scalar(statement, {"run": hold.run_id, "fence": hold.fence}):
        raise RunTakenOver


def let_go(organisation_id: UUID, hold: Hold) -> None:
    """Stop a run that whoever holds it cannot bring to its end; one that was only looked at waits to be started, and
    one that was being taken back stands still until somebody asks for it anew.
    """
    mine = _mine(organisation_id, hold, WORKED_ON)
    after: dict[str, Any] = {RunState.RUNNING.value: RunState.STOPPED, RunState.LOOKING.value: RunState.PREVIEW}
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        run = db.session.scalar(select(OnboardingRun).where(*mine).with_for_update())
        if run is not None:
            run.state, run.worked_until = after.get(run.state, RunState.UNDOING).value, None
