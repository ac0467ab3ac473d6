"""A unit that did not agree to what stands above: the preview says so, as the run would."""

from __future__ import annotations

from entitylocker.onboarding import running, service
from entitylocker.onboarding.models import RowState
from entitylocker.onboarding.rows import ReadRow
from tests.factories import Member, Organisations
from tests.units.world import join

FILE = """Department,Parent department,Officer,Role,Way
Forests,,Asha Rao,reader,slip
Forests North,Forests,Ravi Kumar,reader,slip
Home,,Lata Iyer,reader,slip
"""


def problems(rows: list[ReadRow]) -> list[list[str]]:
    return [[problem.code for problem in row.problems] for row in rows]


def test_the_preview_refuses_what_the_run_would_refuse(parent: Member, organisations: Organisations) -> None:
    between, forests = organisations.department(name="Between"), organisations.department(name="Forests")
    join(between, forests)
    join(parent, between)
    with parent.app.test_request_context():
        rows = service.look_at_file(parent.actor, service.SentFile("officers.csv", FILE.encode()))
        assert problems(rows) == [["not_agreed"], ["not_agreed"], []]
        assert [len(row.notes) for row in rows] == [0, 0, 2], "of what will not happen nothing is promised"
        assert "has not agreed to be administered from your organisation" in rows[0].problems[0].text
        run_id = service.keep_run(parent.actor, service.SentFile("officers.csv", FILE.encode()))
        service.start_run(parent.actor, run_id)
        running.work_through_run(str(parent.organisation_id), str(run_id))
        assert service.get_run(parent.actor, run_id).counts == {RowState.BAD: 2, RowState.DONE: 1}
