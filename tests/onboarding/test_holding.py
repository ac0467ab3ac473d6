"""A run is one worker's at a time: whoever was too slow, or was killed, writes nothing and spoils nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import SameMoment
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding import departments, holding, looking, planning, running, service, undoing
from entitylocker.onboarding.errors import RunIsRunning
from entitylocker.onboarding.models import OnboardingRun, RowState, RunState
from entitylocker.onboarding.results import RunView
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.service import leave_organisation
from entitylocker.tenancy import Tenant
from entitylocker.units.service import list_children
from tests.factories import Member, Organisations
from tests.onboarding.officers import Officer, Sheet, make_officers
from tests.organisations.helpers import change
from tests.vault.helpers import PLAIN_PDF

Undo = Callable[[Member, UUID], dict[str, int]]
SLIPS = Sheet([Officer(f"Office {n}", f"Officer {n}", way="slip") for n in "ABCD"])


def started(parent: Member, sheet: Sheet, letter: bytes | None = None) -> UUID:
    with parent.app.test_request_context():
        file = service.SentFile("officers.csv", sheet.bytes(), letter=letter)
        run_id = service.keep_run(parent.actor, file)
        service.start_run(parent.actor, run_id)
    return run_id


def lapse(parent: Member) -> None:
    """Let the minute of whoever works on a run of the organisation be over."""
    with tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
        db.session.execute(update(OnboardingRun).values(worked_until=utc_now() - timedelta(seconds=1)))


def run_of(parent: Member, run_id: UUID) -> RunView:
    with parent.app.test_request_context():
        return service.get_run(parent.actor, run_id)


def invitations_below(parent: Member, run_id: UUID) -> list[str]:
    """Whom the run invited and did not uninvite, in all departments."""
    found: list[str] = []
    with parent.app.test_request_context():
        units = list_children(parent.actor)
    for unit in units:
        with parent.app.app_context(), tenancy.transaction(Tenant(organisation_id=unit.id)):
            statement = text("SELECT guest_key FROM invitations WHERE run_id = :run AND revoked_at IS NULL")
            found += db.session.scalars(statement, {"run": run_id})
    return sorted(found)


def events_of(parent: Member, tag: str) -> int:
    with parent.app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
        return int(db.session.scalar(text("SELECT count(*) FROM events WHERE tag = :tag"), {"tag": tag}) or 0)


def test_a_worker_that_was_too_slow_writes_nothing_any_more(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sleeps in the middle of a row for longer than its minute; another one brings the run to its end meanwhile."""
    run_id = started(parent, SLIPS)
    real, calls = running.invite_guest, 0

    def slow(*arguments: Any, **named: Any) -> UUID:
        nonlocal calls
        calls += 1
        if calls == 2:
            lapse(parent)
            running.work_through_run(str(parent.organisation_id), str(run_id))
            assert run_of(parent, run_id).state is RunState.DONE
        return real(*arguments, **named)

    monkeypatch.setattr(running, "invite_guest", slow)
    with app.test_request_context():
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert (run.state, run.counts) == (RunState.DONE, {RowState.DONE: 4})
    assert len(invitations_below(parent, run_id)) == 4, "the row in its hands was not done a second time"
    assert events_of(parent, "onboarding:finish") == 1


def test_a_lost_run_is_not_stopped_by_whoever_lost_it(app: Flask, parent: Member, undo: Undo) -> None:
    run_id = started(parent, SLIPS)
    with app.test_request_context():
        first = holding.claim(parent.organisation_id, run_id, RunState.RUNNING)
        assert first is not None
        assert holding.claim(parent.organisation_id, run_id, RunState.RUNNING) is None, "it is held"
        lapse(parent)
        second = holding.claim(parent.organisation_id, run_id, RunState.RUNNING)
        assert second is not None and second[0].fence > first[0].fence
        holding.let_go(parent.organisation_id, first[0])
        assert run_of(parent, run_id).state is RunState.RUNNING
        holding.let_go(parent.organisation_id, second[0])
        assert run_of(parent, run_id).state is RunState.STOPPED
        lapse(parent)
        undo(parent, run_id)
        for hold, _ in (first, second):
            holding.let_go(parent.organisation_id, hold)
    assert run_of(parent, run_id).state is RunState.UNDONE


def test_the_letter_is_opened_once_for_all_rows(app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = started(parent, make_officers(3, 5, host=f"{uuid4().hex[:8]}.example"), PLAIN_PDF)
    real, opened = planning.open_secret, 0

    def counted(*arguments: Any, **named: Any) -> bytes:
        nonlocal opened
        opened += 1
        return real(*arguments, **named)

    monkeypatch.setattr(planning, "open_secret", counted)
    with app.test_request_context():
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert sum("vouched" in [note.code for note in row.notes] for row in run.rows) == 3
    assert opened == 1


def notes_of(run: RunView) -> list[list[str]]:
    return [[note.code for note in row.notes] for row in run.rows]


def test_a_letter_that_stood_in_anothers_way_is_tried_again(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started(parent, Sheet([Officer("Health", "Asha Rao", way="slip")]), PLAIN_PDF)
    real, met = departments.vouch_for, iter([True])

    def vouch_for(*arguments: Any, **named: Any) -> Any:
        if next(met, False):
            raise SameMoment
        return real(*arguments, **named)

    monkeypatch.setattr(departments, "vouch_for", vouch_for)
    with app.test_request_context():
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert notes_of(run) == [["opened", "invited_slip", "vouched"]], "opened by this row, whichever try it was"
    assert (run.state, run.counts) == (RunState.DONE, {RowState.DONE: 1})


def test_a_letter_locked_away_in_an_earlier_form_keeps_nobody_out(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(planning, "_LETTER_LABEL", b"entitylocker/onboarding-letter/1:")
        run_id = started(parent, Sheet([Officer("Health", "Asha Rao", way="slip")]), PLAIN_PDF)
    with app.test_request_context():
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert (run.state, run.counts) == (RunState.DONE, {RowState.DONE: 1})
    assert notes_of(run) == [["opened", "invited_slip", "not_vouched"]]
    assert "cannot be opened any more" in run.rows[0].notes[-1].text


KILLED = """
import json, os, sys
from uuid import UUID
from entitylocker.access import Means
from entitylocker.app import create_app
from entitylocker.onboarding import service
from tests.engine_room import settings_of
person, place, run = map(UUID, sys.argv[1:])
app = create_app(settings_of(json.loads(os.environ["FACTS"])))
with app.test_request_context():
    now = lambda: service.load_runner(person, place, Means.COMMAND)
    service.work(now, run, lambda done, every: print(done, flush=True))
"""


def test_what_a_process_killed_in_the_middle_began_is_brought_to_its_end(
    app: Flask, parent: Member, engine_facts: dict[str, Any]
) -> None:
    with app.test_request_context():
        file = service.SentFile("officers.csv", make_officers(5, 16, host=f"{uuid4().hex[:8]}.example").bytes())
        run_id = service.keep_run(parent.actor, file)
    ids = map(str, (parent.person_id, parent.organisation_id, run_id))
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, *ids],
        stdout=subprocess.PIPE,
        env={**os.environ, "FACTS": json.dumps(engine_facts), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline(), "it works"
    process.kill()
    process.communicate()
    begun = run_of(parent, run_id)
    assert begun.state is RunState.RUNNING and 3 <= begun.worked < 16
    with app.test_request_context():
        with pytest.raises(RunIsRunning):
            service.start_run(parent.actor, run_id)
        lapse(parent)
        service.start_run(parent.actor, run_id)
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert (run.state, run.counts) == (RunState.DONE, {RowState.DONE: 16})
    assert len(invitations_below(parent, run_id)) == len(set(invitations_below(parent, run_id))) == 16


def test_what_was_opened_when_somebody_was_killed_is_taken_back_too(
    app: Flask, parent: Member, undo: Undo, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_arguments: object) -> None:
        raise Killed

    run_id = started(parent, SLIPS)
    with app.test_request_context():
        monkeypatch.setattr(running, "seat_in", die)
        with pytest.raises(Killed):
            running.work_through_run(str(parent.organisation_id), str(run_id))
        assert [unit.state for unit in list_children(parent.actor)] == ["draft"]
        lapse(parent)
        assert undo(parent, run_id)["departments"] == 1
        assert list_children(parent.actor) == []
    assert notes_of(run_of(parent, run_id)) == [["department_closed"], *[["would_open", "would_invite_slip"]] * 3]


def test_a_long_file_is_looked_at_by_the_worker(
    app: Flask, parent: Member, work: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = make_officers(3, 8, host=f"{uuid4().hex[:8]}.example")
    work(parent, Sheet(sheet.officers[:2]).bytes())
    monkeypatch.setattr(planning, "LOOKED_AT_ONCE", 5)
    sheet.officers.append(Officer("", "Nobody", "n@x.example"))
    with app.test_request_context():
        run_id = service.receive_run(parent.actor, service.SentFile("officers.csv", sheet.bytes()))
        assert run_of(parent, run_id).state is RunState.LOOKING
        with pytest.raises(RunIsRunning):
            service.start_run(parent.actor, run_id)
        looking.look_through_run(str(parent.organisation_id), str(run_id))
        run = run_of(parent, run_id)
        same = service.look_at_file(parent.actor, service.SentFile("officers.csv", sheet.bytes()))
        assert run.state is RunState.PREVIEW and run.counts == {RowState.READY: 8, RowState.BAD: 1}
        assert [[note.code for note in row.notes] for row in run.rows] == [
            [note.code for note in row.notes] for row in same
        ], "the worker says what the page would have said"
        service.start_run(parent.actor, run_id)
        running.work_through_run(str(parent.organisation_id), str(run_id))
    assert run_of(parent, run_id).counts == {RowState.DONE: 6, RowState.KNOWN: 2, RowState.BAD: 1}


def test_a_look_that_died_is_begun_anew_and_says_nothing_twice(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    sheet = Sheet([Officer("Health", "Asha Rao", f"a{n}@x.example") for n in range(3)])
    monkeypatch.setattr(planning, "LOOKED_AT_ONCE", 2)
    real = looking._looked

    def die(*_arguments: object) -> None:
        raise Killed

    with app.test_request_context():
        run_id = service.receive_run(parent.actor, service.SentFile("officers.csv", sheet.bytes()))
        monkeypatch.setattr(looking, "_looked", die)
        with pytest.raises(Killed):
            looking.look_through_run(str(parent.organisation_id), str(run_id))
        monkeypatch.setattr(looking, "_looked", real)
        before = run_of(parent, run_id)
        lapse(parent)
        service.resume_runs()
        looking.look_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert (before.state, run.state) == (RunState.LOOKING, RunState.PREVIEW)
    assert [len(row.notes) for row in run.rows] == [len(row.notes) for row in before.rows] == [2, 1, 1]


@pytest.mark.parametrize("where", ["_note", "_let_go", "_finish"])
def test_taking_back_that_died_goes_on_where_it_stopped(
    app: Flask, parent: Member, work: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_named: object) -> None:
        raise Killed

    run_id = work(parent, SLIPS.bytes())
    with app.test_request_context():
        service.undo_run(parent.actor, run_id)
        with monkeypatch.context() as killed, pytest.raises(Killed):
            killed.setattr(undoing, where, die)
            undoing.take_run_back(str(parent.organisation_id), str(run_id))
        assert run_of(parent, run_id).state is RunState.UNDOING
        with pytest.raises(RunIsRunning):
            service.undo_run(parent.actor, run_id)
        lapse(parent)
        service.resume_runs()
        undoing.take_run_back(str(parent.organisation_id), str(run_id))
        assert list_children(parent.actor) == []
    run = run_of(parent, run_id)
    assert (run.state, run.counts) == (RunState.UNDONE, {RowState.UNDONE: 4})
    assert notes_of(run) == [["undone", "department_closed"]] * 4
    assert events_of(parent, "onboarding:undo") == 1


def test_who_lost_the_right_takes_nothing_further_back_and_another_one_goes_on(
    app: Flask, parent: Member, work: Callable[..., UUID], undo: Undo, organisations: Organisations
) -> None:
    run_id = work(parent, SLIPS.bytes())
    helper = organisations.add_member(Role.ADMINISTRATOR, parent.organisation_id)
    with app.test_request_context():
        service.undo_run(helper.actor, run_id)
        leave_organisation(helper.actor)
        undoing.take_run_back(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert (run.state, run.is_silent, run.counts) == (RunState.UNDOING, True, {RowState.DONE: 4})
    shown = parent.client().get(f"/organisations/{parent.organisation_id}/onboarding/{run_id}").get_data(as_text=True)
    assert "It stands still" in shown and "Take it back" in shown
    assert undo(parent, run_id) == {"invitations": 4, "departments": 4}


def test_a_department_that_is_suspended_meanwhile_keeps_its_invitations_and_no_other_waiting(
    app: Flask, parent: Member, work: Callable[..., UUID], undo: Undo, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = work(parent, SLIPS.bytes())
    real, left = undoing._end_in, iter([True])

    def end_in(seat: Any, *arguments: Any, **named: Any) -> Any:
        if next(left, False):
            # What the operator does while the worker is on its way there.
            change(app, seat.organisation_id, Organisation, state="suspended", suspended_by="operator")
        return real(seat, *arguments, **named)

    monkeypatch.setattr(undoing, "_end_in", end_in)
    assert undo(parent, run_id) == {"invitations": 3, "departments": 3}
    run = run_of(parent, run_id)
    assert run.state is RunState.UNDONE and run.counts == {RowState.DONE: 1, RowState.UNDONE: 3}
