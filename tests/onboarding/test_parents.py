"""A department whose own row in the file is bad, and those that lie below it."""

from __future__ import annotations

from entitylocker.onboarding import running, service
from entitylocker.onboarding.models import RowState
from entitylocker.onboarding.rows import ReadRow
from entitylocker.units.service import list_children
from tests.factories import Member

HEAD = "Department,Kind,Parent department,Officer,Email,Role,Way\n"


def look(member: Member, text: str) -> list[ReadRow]:
    return service.look_at_file(member.actor, service.SentFile("officers.csv", (HEAD + text).encode()))


def problems(rows: list[ReadRow]) -> list[list[str]]:
    return [[problem.code for problem in row.problems] for row in rows]


def test_a_parent_gets_its_kind_and_place_though_its_officer_cannot_be_invited(parent: Member) -> None:
    text = HEAD + (
        "Home,,,Lata Iyer,,reader,slip\n"
        "Trust for Homes,Trust,Home,Asha Rao,no address,reader,mail\n"
        "Homes North,,Trust for Homes,Ravi Kumar,,reader,slip\n"
    )
    with parent.app.test_request_context():
        run_id = service.keep_run(parent.actor, service.SentFile("officers.csv", text.encode()))
        service.start_run(parent.actor, run_id)
        running.work_through_run(str(parent.organisation_id), str(run_id))
        assert service.get_run(parent.actor, run_id).counts == {RowState.BAD: 1, RowState.DONE: 2}
        found = {unit.name: (unit.kind, unit.depth) for unit in list_children(parent.actor)}
    assert found["Trust for Homes"] == ("trust", 2)
    assert found["Homes North"][1] == 3


def test_below_a_parent_of_which_the_file_says_nothing_usable_nothing_is_opened(parent: Member) -> None:
    with parent.app.test_request_context():
        rows = look(
            parent,
            "Homes,palace,,Lata Iyer,,reader,slip\n"
            "Homes North,,Homes,Ravi Kumar,,reader,slip\n"
            "Homes North One,,Homes North,Asha Rao,,reader,slip\n"
            "Home,,,Meera Rao,,reader,slip\n",
        )
        assert problems(rows) == [["bad_kind"], ["parent_unclear"], ["parent_unclear"], []]
        assert rows[1].problems[0].column_label == "Parent department"
        rows = look(
            parent,
            "Homes,palace,,Lata Iyer,,reader,slip\n"
            "Homes,,,Asha Rao,,reader,slip\n"
            "Homes North,,Homes,Ravi Kumar,,reader,slip\n",
        )
        assert problems(rows) == [["bad_kind"], [], []], "one row that says it is enough"
