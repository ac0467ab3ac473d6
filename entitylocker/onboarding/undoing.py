"""Taking a run back: its invitations that nobody accepted, and the departments it opened in which nobody is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select, text, update

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.errors import RunIsOver, RunIsRunning
from entitylocker.onboarding.holding import is_worked_on, lock_run, take
from entitylocker.onboarding.lists import department_key
from entitylocker.onboarding.models import OnboardingRow, RowState, RunState
from entitylocker.onboarding.seating import require_seating, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.models import Invitation, Membership, Organisation
from entitylocker.organisations.rights import change_state
from entitylocker.organisations.service import revoke_run
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.models import UnitLink
from entitylocker.units.service import Unit, end_unit, list_children
from entitylocker.vault.models import Document

_UNDOABLE = {RunState.DONE.value, RunState.STOPPED.value, RunState.RUNNING.value}


@dataclass(frozen=True)
class Undone:
    """What was taken back, in numbers."""

    invitations: int
    departments: int


@open_use_case("each department is a transaction of its own; what it calls asks for the permission")
def undo_run(actor: Actor, run_id: UUID) -> Undone:
    """Take a run back as far as nobody came in by it. Repeatable: what was taken back stays so.

    Raises NotFound, RunIsOver for one that did nothing, RunIsRunning.
    """
    opened, begun = _stop(actor, run_id)
    invitations: list[UUID] = []
    departments = 0
    units = {unit.id: unit for unit in list_children(actor)}
    opened |= {unit.id: True for unit in units.values() if department_key(unit.name) in begun}
    # What lies deepest first: a department with units below it is not empty.
    for unit in sorted(units.values(), key=lambda unit: -unit.depth):
        # Where a unit has not agreed to what stands above, nobody comes in by what was issued from there.
        if unit.id not in opened or unit.state is OrganisationState.CLOSED or not unit.agreed:
            continue
        seat = seat_in(actor, unit)
        invitations += revoke_run(seat, run_id)
        if opened[unit.id] and _close_if_empty(seat):
            parent = units.get(unit.parent_id)
            _let_go(actor if parent is None else seat_in(actor, parent), unit)
            departments += 1
    _note(actor, run_id, invitations, departments)
    return Undone(len(invitations), departments)


@use_case(Permission.MEMBER_SEAT, fresh=True)
def _stop(actor: Actor, run_id: UUID) -> tuple[dict[UUID, bool], set[str]]:
    """Let nobody work on it any more; answers its departments, and whether it opened them.

    Beside them what was just being opened when somebody was killed: known by name only.
    """
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    run = lock_run(actor, run_id)
    if run.state not in _UNDOABLE and run.state != RunState.UNDONE:
        raise RunIsOver
    if is_worked_on(run):
        raise RunIsRunning
    take(run)
    run.state, run.worked_until = RunState.UNDONE.value, None
    run.letter = run.letter_wrapped_key = None
    rows = db.session.execute(
        select(OnboardingRow.child_id, OnboardingRow.child_opened, OnboardingRow.plan).where(
            OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == run_id
        )
    ).all()
    opened: dict[UUID, bool] = {}
    for child_id, child_opened, _ in rows:
        if child_id is not None:
            opened[child_id] = opened.get(child_id, False) or child_opened
    begun = {department_key(plan["department"]) for child_id, was, plan in rows if was and child_id is None}
    return opened, begun


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


def _let_go(above: Actor, unit: Unit) -> None:
    """A closed department is no unit any more: a later file opens it anew."""
    link_id = _find_link(above, unit.id)
    if link_id is not None:
        end_unit(above, link_id)


@use_case(Permission.MEMBER_SEAT)
def _find_link(above: Actor, child_id: UUID) -> UUID | None:
    require(above, Permission.MEMBER_SEAT, above.facts)
    return db.session.scalar(
        select(UnitLink.id).where(
            UnitLink.organisation_id == above.organisation_id,
            UnitLink.child_organisation_id == child_id,
            UnitLink.ended_at.is_(None),
        )
    )


@use_case(Permission.MEMBER_SEAT)
def _note(actor: Actor, run_id: UUID, invitations: list[UUID], departments: int) -> None:
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = lock_run(actor, run_id)
    run.undone_at, run.undone_by_name, run.worked_until = utc_now(), actor.name, None
    mine = (OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == run_id)
    taken_back = update(OnboardingRow).where(*mine, OnboardingRow.invitation_id.in_(invitations))
    db.session.execute(taken_back.values(state=RowState.UNDONE.value, notes=[Word("undone").to_json()]))
    subject = Subject("onboarding", run.id, run.file_name)
    record(actor, EventTag.ONBOARDING_UNDO, subject, invitations=len(invitations), departments=departments)
