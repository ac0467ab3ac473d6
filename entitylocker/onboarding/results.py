"""What became of a file: runs listed, one run with its rows, its progress, its result as a file, its slips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import func, select

from entitylocker.access import Actor, Permission, require
from entitylocker.errors import N_, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding.files import Reading
from entitylocker.onboarding.holding import WORKED_ON
from entitylocker.onboarding.models import OnboardingRow, OnboardingRun, RowState, RunState
from entitylocker.onboarding.rows import Plan
from entitylocker.onboarding.seating import require_seating, seat_in
from entitylocker.onboarding.words import Word
from entitylocker.organisations.service import SLIPS_AT_ONCE, Slip, print_slips
from entitylocker.organisations.states import InvitationWay
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.service import list_children
from entitylocker.web.spreadsheets import csv_file

RUNS = 50
# Rows on one page.
PART = 200
# What is said of a row once its department was asked.
_KNOWN = ("member_known", "invited_known")
_ANSWERS = ("would_", *_KNOWN)
_TO_DO = (RowState.READY, RowState.FAILED)
_SENT = (InvitationWay.MAIL.value, InvitationWay.SMS.value)
# A worker that died is taken for dead after this.
_SILENT = timedelta(minutes=2)

ROW_LABELS: dict[RowState, str] = {
    RowState.READY: N_("To be done"),
    RowState.BAD: N_("Has a problem"),
    RowState.DONE: N_("Done"),
    RowState.KNOWN: N_("Nothing to change"),
    RowState.FAILED: N_("To be tried again"),
    RowState.UNDONE: N_("Taken back"),
}
ROW_FACES: dict[RowState, str] = {
    RowState.READY: "info",
    RowState.BAD: "bad",
    RowState.DONE: "ok",
    RowState.KNOWN: "mute",
    RowState.FAILED: "warn",
    RowState.UNDONE: "mute",
}
RUN_LABELS: dict[RunState, str] = {
    RunState.LOOKING: N_("Being looked at"),
    RunState.PREVIEW: N_("Looked at, not started"),
    RunState.RUNNING: N_("Being worked through"),
    RunState.DONE: N_("Worked through"),
    RunState.STOPPED: N_("Stopped before the end"),
    RunState.UNDOING: N_("Being taken back"),
    RunState.UNDONE: N_("Taken back"),
}
RUN_FACES: dict[RunState, str] = {
    RunState.LOOKING: "info",
    RunState.PREVIEW: "info",
    RunState.RUNNING: "info",
    RunState.DONE: "ok",
    RunState.STOPPED: "warn",
    RunState.UNDOING: "info",
    RunState.UNDONE: "mute",
}
_RESULT_HEADINGS = (
    N_("Line"),
    N_("Department"),
    N_("Officer"),
    N_("E-mail address"),
    N_("Mobile number"),
    N_("Role"),
    N_("Way"),
    N_("Result"),
    N_("What happened"),
    N_("What is wrong"),
)


@dataclass(frozen=True)
class RowView:
    """A row as pages and files show it."""

    line: int
    plan: Plan
    state: RowState
    problems: list[Word]
    notes: list[Word]

    @property
    def state_label(self) -> str:
        """In the reader's language."""
        return str(gettext(ROW_LABELS[self.state]))

    @property
    def face(self) -> str:
        """The kind of its badge."""
        return ROW_FACES[self.state]

    @property
    def is_known(self) -> bool:
        """Whether its officer is there or invited already."""
        return any(note.code in _KNOWN for note in self.notes)

    @property
    def is_looked_at(self) -> bool:
        """Whether it is known what it would do, or why it would do nothing."""
        return bool(self.problems) or any(note.code.startswith(_ANSWERS) for note in self.notes)


@dataclass(frozen=True)
class RunView:
    """A run with the number of its rows in each state. `rows` is empty in lists; `reading` is unknown of old runs."""

    id: UUID
    file_name: str
    state: RunState
    started_by_name: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    undone_by_name: str | None
    in_person: bool
    letter_name: str
    is_silent: bool
    counts: dict[RowState, int]
    slips: int
    reading: Reading | None
    rows: tuple[RowView, ...] = ()

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @property
    def worked(self) -> int:
        """Rows that are settled, one way or the other."""
        return self.total - self.counts.get(RowState.READY, 0)

    @property
    def to_send(self) -> int:
        """Rows still to be done for which a mail or a text message goes out."""
        return sum(row.state in _TO_DO and row.plan.way in _SENT and not row.is_known for row in self.rows)

    @property
    def looked(self) -> int:
        """Rows of which is known what they would do."""
        return sum(row.is_looked_at for row in self.rows)

    @property
    def state_label(self) -> str:
        """In the reader's language."""
        return str(gettext(RUN_LABELS[self.state]))

    @property
    def face(self) -> str:
        """The kind of its badge."""
        return RUN_FACES[self.state]


@dataclass(frozen=True)
class Part:
    """So many rows of a run as one page shows. Numbers count from 1."""

    number: int
    of: int
    first: int
    rows: tuple[RowView, ...]


def part_of(run: RunView, number: int) -> Part:
    """A part of the rows; those with a problem come first. Beyond the last there is the last."""
    rows = tuple(sorted(run.rows, key=lambda row: not row.problems))
    count = max(1, -(-len(rows) // PART))
    number = min(number, count)
    first = (number - 1) * PART
    return Part(number, count, first + 1, rows[first : first + PART])


@use_case(Permission.MEMBER_SEAT)
def list_runs(actor: Actor) -> list[RunView]:
    """The newest runs of the actor's organisation."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    mine = select(OnboardingRun).where(OnboardingRun.organisation_id == actor.organisation_id)
    runs = list(db.session.scalars(mine.order_by(OnboardingRun.id.desc()).limit(RUNS)))
    counts = _counts(actor, [run.id for run in runs])
    return [_view(run, counts.get(run.id, {})) for run in runs]


def _counts(actor: Actor, run_ids: list[UUID]) -> dict[UUID, dict[RowState, int]]:
    query = (
        select(OnboardingRow.run_id, OnboardingRow.state, func.count())
        .where(OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id.in_(run_ids))
        .group_by(OnboardingRow.run_id, OnboardingRow.state)
    )
    found: dict[UUID, dict[RowState, int]] = {}
    for run_id, state, number in db.session.execute(query):
        found.setdefault(run_id, {})[RowState(state)] = number
    return found


def _view(run: OnboardingRun, counts: dict[RowState, int], rows: tuple[RowView, ...] = ()) -> RunView:
    silent = run.worked_until is None or run.worked_until + _SILENT < utc_now()
    slips = sum(row.plan.way == "slip" and row.state is RowState.DONE for row in rows)
    return RunView(
        run.id, run.file_name, RunState(run.state), run.started_by_name, run.created_at, run.finished_at,
        run.undone_at, run.undone_by_name, run.in_person, run.letter_name,
        run.state in WORKED_ON and silent, counts, slips, Reading(**run.reading) if run.reading else None, rows,
    )  # fmt: skip


@use_case(Permission.MEMBER_SEAT)
def get_run(actor: Actor, run_id: UUID) -> RunView:
    """A run with its rows. Raises NotFound."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    run = db.session.scalar(
        select(OnboardingRun).where(OnboardingRun.organisation_id == actor.organisation_id, OnboardingRun.id == run_id)
    )
    if run is None:
        raise NotFound
    query = select(OnboardingRow).where(
        OnboardingRow.organisation_id == actor.organisation_id, OnboardingRow.run_id == run_id
    )
    rows = tuple(_row_view(row) for row in db.session.scalars(query.order_by(OnboardingRow.line)))
    return _view(run, _counts(actor, [run_id]).get(run_id, {}), rows)


def _row_view(row: OnboardingRow) -> RowView:
    return RowView(
        row.line,
        Plan(**row.plan),
        RowState(row.state),
        [Word.from_json(word) for word in row.problems],
        [Word.from_json(word) for word in row.notes],
    )


def result_file(run: RunView) -> bytes:
    """The result of a run for a spreadsheet; formulas are made harmless. Codes of slips are not in it."""
    return csv_file([[str(gettext(heading)) for heading in _RESULT_HEADINGS], *_result_lines(run)])


def _result_lines(run: RunView) -> Iterator[list[object]]:
    for row in run.rows:
        plan = row.plan
        problems = [f"{word.column_label}: {word.text}" if word.column else word.text for word in row.problems]
        notes = " ".join(word.text for word in row.notes)
        known = [plan.department, plan.officer, plan.email, plan.phone, plan.role, plan.way]
        yield [row.line, *known, row.state_label, notes, " ".join(problems)]


@dataclass(frozen=True)
class SlipPart:
    """So many slips of a run as one page prints, those still open; numbers count from 1."""

    slips: list[Slip]
    number: int
    of: int


@open_use_case("each department is a transaction of its own; what it calls asks for the permission")
def print_run(actor: Actor, run_id: UUID, number: int = 1) -> SlipPart:
    """A part of the slips that a run made, department by department. Raises NotFound, also for a part beyond the last.

    What was accepted or taken back since is left out: the other parts stay what they were.
    """
    made = _slips_of(actor, run_id)
    part = made[(number - 1) * SLIPS_AT_ONCE : number * SLIPS_AT_ONCE]
    if not part:
        raise NotFound
    units = {unit.id: unit for unit in list_children(actor) if unit.agreed}
    slips: list[Slip] = []
    for child_id in dict.fromkeys(child_id for child_id, _ in part):
        if child_id in units:
            wanted = [invitation_id for place, invitation_id in part if place == child_id]
            slips += print_slips(seat_in(actor, units[child_id]), wanted)
    return SlipPart(slips, number, -(-len(made) // SLIPS_AT_ONCE))


@use_case(Permission.MEMBER_SEAT, fresh=True)
def _slips_of(actor: Actor, run_id: UUID) -> list[tuple[UUID, UUID]]:
    """Department and invitation of each slip that the run made, those of one department together."""
    require(actor, Permission.MEMBER_SEAT, actor.facts)
    require_seating(actor)
    query = select(OnboardingRow.child_id, OnboardingRow.invitation_id, OnboardingRow.plan).where(
        OnboardingRow.organisation_id == actor.organisation_id,
        OnboardingRow.run_id == run_id,
        OnboardingRow.child_id.is_not(None),
        OnboardingRow.invitation_id.is_not(None),
    )
    rows = [row for row in db.session.execute(query.order_by(OnboardingRow.line)) if row.plan["way"] == "slip"]
    # The first of a department says where the others stand.
    places = {row.child_id: place for place, row in reversed(list(enumerate(rows)))}
    return [(row.child_id, row.invitation_id) for row in sorted(rows, key=lambda row: places[row.child_id])]
