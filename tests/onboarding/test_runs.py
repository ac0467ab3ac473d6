"""Whole files, worked through on the real engines."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.extensions import db, utc_now
from entitylocker.onboarding import running, service
from entitylocker.onboarding.errors import RunIsOver
from entitylocker.onboarding.models import OnboardingRun, RowState, RunState
from entitylocker.onboarding.results import RunView
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.errors import InvitationEnded, MoreThanYouHold
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.rules import lasting_permissions
from entitylocker.tenancy import Tenant
from entitylocker.units import service as units_service
from entitylocker.units.models import UnitLink
from entitylocker.units.service import list_children
from tests.factories import Member, Organisations, Person
from tests.onboarding.officers import Officer, Sheet, make_officers
from tests.organisations.helpers import change
from tests.units.world import give_branch, make_active, open_unit, today

Work = Callable[..., UUID]
Undo = Callable[[Member, UUID], dict[str, int]]


def run_of(parent: Member, run_id: UUID) -> RunView:
    with parent.app.test_request_context():
        return service.get_run(parent.actor, run_id)


def notes_of(run: RunView) -> list[list[str]]:
    return [[note.code for note in row.notes] for row in run.rows]


def units_of(parent: Member) -> dict[str, str]:
    with parent.app.test_request_context():
        return {unit.name: unit.state.value for unit in list_children(parent.actor)}


def test_a_whole_state_comes_in_from_one_file_and_the_same_file_again_changes_nothing(
    parent: Member, work: Work
) -> None:
    sheet = make_officers(35, 65, host=f"{uuid4().hex[:8]}.example")
    content = sheet.bytes("utf-8-sig")
    first = run_of(parent, work(parent, content))
    assert first.state is RunState.DONE
    assert first.counts == {RowState.DONE: 65}
    assert len(units_of(parent)) == 35 and set(units_of(parent).values()) == {"draft"}
    again = run_of(parent, work(parent, content))
    assert again.counts == {RowState.KNOWN: 65}
    assert Counter(code for codes in notes_of(again) for code in codes)["invited_known"] == 65
    assert len(units_of(parent)) == 35


def test_bad_rows_never_stop_the_good_ones(parent: Member, work: Work) -> None:
    host = f"{uuid4().hex[:8]}.example"
    rows = [
        Officer("Health", "Asha Rao", f"asha@{host}", role="administrator"),
        Officer("", "Nobody", f"x@{host}"),
        Officer("Health", "Ravi Kumar", "not an address"),
        Officer("Health", "Meena Das", phone="9.81235E+09", way="sms"),
        Officer("Finance", "Lata Iyer", f"lata@{host}", role="emperor"),
        Officer("Finance", "Mohan Bora", f"mohan@{host}"),
    ]
    run = run_of(parent, work(parent, Sheet(rows).bytes()))
    found = {row.line: (row.state, [(p.column, p.code) for p in row.problems]) for row in run.rows}
    assert found == {
        2: (RowState.DONE, []),
        3: (RowState.BAD, [("department", "missing")]),
        4: (RowState.BAD, [("email", "bad_email")]),
        5: (RowState.BAD, [("phone", "shortened_phone")]),
        6: (RowState.BAD, [("role", "bad_role")]),
        7: (RowState.DONE, []),
    }
    assert set(units_of(parent)) == {"Health", "Finance"}


def test_one_mailbox_for_three_officers_gives_one_mail_and_two_slips(app: Flask, parent: Member, work: Work) -> None:
    box = f"section@{uuid4().hex[:8]}.example"
    rows = [Officer("Health", name, box) for name in ("Asha Rao", "Ravi Kumar", "Meena Das")]
    run_id = work(parent, Sheet(rows).bytes())
    run = run_of(parent, run_id)
    assert [row.plan.way for row in run.rows] == ["mail", "slip", "slip"]
    assert [("shared_mailbox" in codes) for codes in notes_of(run)] == [False, True, True]
    with app.test_request_context():
        slips = service.print_run(parent.actor, run_id).slips
    assert {slip.guest_name for slip in slips} == {"Ravi Kumar", "Meena Das"}
    assert run_of(parent, work(parent, Sheet(rows).bytes())).counts == {RowState.KNOWN: 3}


def test_one_officer_in_two_departments_becomes_one_person_with_two_memberships(
    app: Flask, parent: Member, work: Work, organisations: Organisations
) -> None:
    officer = organisations.person("Smt. Asha Rao")
    rows = [
        Officer("Health", "Smt. Asha Rao", officer.email, role="administrator"),
        Officer("Finance", "Asha Rao", officer.email.upper(), role="auditor"),
    ]
    run = run_of(parent, work(parent, Sheet(rows).bytes()))
    assert [row.plan.way for row in run.rows] == ["mail", "mail"], "the same name, whatever stands before it"
    with app.test_request_context():
        waiting = organisations_service.list_my_invitations(officer.person_id)
        for invitation in waiting:
            organisations_service.accept_my_invitation(officer.actor, invitation.id)
        mine = organisations_service.list_my_organisations(officer.person_id)
    assert {(found.name, found.role.value) for found in mine} == {("Health", "administrator"), ("Finance", "auditor")}
    assert units_of(parent) == {"Health": "active", "Finance": "draft"}, "the first administrator makes it active"


def test_a_department_in_another_spelling_is_one_department(parent: Member, work: Work) -> None:
    host = f"{uuid4().hex[:8]}.example"
    names = ("Department of Health & Family Welfare", "HEALTH AND FAMILY WELFARE DEPTT.", "Health and  Family-Welfare")
    rows = [Officer(name, f"Asha Rao {n}", f"a{n}@{host}") for n, name in enumerate(names)]
    rows.append(Officer("Helth and Family Welfare", "Ravi Kumar", f"r@{host}"))
    run = run_of(parent, work(parent, Sheet(rows).bytes()))
    assert set(units_of(parent)) == {names[0], "Helth and Family Welfare"}
    assert ["other_spelling" in codes for codes in notes_of(run)] == [False, True, True, False]
    assert "much_alike" in notes_of(run)[3], "what is only much alike is said and left to people"


def test_a_department_below_another_is_opened_there(parent: Member, work: Work) -> None:
    text = (
        "Department,Parent department,Officer,Email,Role\n"
        f"Directorate of Ayush,Health Dept,Ravi Kumar,r@{uuid4().hex[:8]}.example,reader\n"
        f"Department of Health,,Asha Rao,a@{uuid4().hex[:8]}.example,administrator\n"
        "Circle One,Circle Two,Meena Das,m@x.example,reader\n"
        "Circle Two,Circle One,Lata Iyer,l@x.example,reader\n"
        "Lost,Nowhere,Mohan Bora,o@x.example,reader\n"
    )
    run = run_of(parent, work(parent, text.encode()))
    problems = [[problem.code for problem in row.problems] for row in run.rows]
    assert problems == [[], [], ["own_parent"], ["own_parent"], ["unknown_parent"]]
    with parent.app.test_request_context():
        depths = {unit.name: unit.depth for unit in list_children(parent.actor)}
    assert depths == {"Department of Health": 1, "Directorate of Ayush": 2}


def test_what_a_killed_worker_began_is_brought_to_its_end_and_done_once(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = make_officers(3, 6, host=f"{uuid4().hex[:8]}.example")

    class Killed(BaseException):
        pass

    real, count = running._note, 0

    def die(*arguments: object) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise Killed
        real(*arguments)  # type: ignore[arg-type]

    with app.test_request_context():
        run_id = service.keep_run(parent.actor, service.SentFile("officers.csv", sheet.bytes(), in_person=True))
        service.start_run(parent.actor, run_id)
        monkeypatch.setattr(running, "_note", die)
        with pytest.raises(Killed):
            running.work_through_run(str(parent.organisation_id), str(run_id))
        monkeypatch.setattr(running, "_note", real)
        # Another worker keeps its hands off while the first may still be at it.
        running.work_through_run(str(parent.organisation_id), str(run_id))
        assert run_of(parent, run_id).worked == 2
        with tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
            db.session.execute(update(OnboardingRun).values(worked_until=utc_now() - timedelta(seconds=1)))
        running.work_through_run(str(parent.organisation_id), str(run_id))
    run = run_of(parent, run_id)
    assert run.state is RunState.DONE and run.counts == {RowState.DONE: 6}
    with app.test_request_context():
        report = service.get_adoption(parent.actor)
    assert report.invited == 6, "the row in the middle was not done twice"
    assert {row.state for row in run.rows} == {RowState.DONE}


def test_undo_takes_back_what_nobody_accepted_and_closes_empty_drafts(
    app: Flask, parent: Member, work: Work, undo: Undo, organisations: Organisations
) -> None:
    came = organisations.person()
    rows = [
        Officer("Health", came.name, came.email, role="administrator"),
        Officer("Health", "Ravi Kumar", f"r@{uuid4().hex[:8]}.example"),
        Officer("Finance", "Meena Das", way="slip"),
    ]
    content = Sheet(rows).bytes()
    run_id = work(parent, content)
    with app.test_request_context():
        (slip,) = service.print_run(parent.actor, run_id).slips
        (mine,) = organisations_service.list_my_invitations(came.person_id)
        organisations_service.accept_my_invitation(came.actor, mine.id)
    assert undo(parent, run_id) == {"invitations": 2, "departments": 1}
    with app.test_request_context():
        with pytest.raises(RunIsOver):
            service.undo_run(parent.actor, run_id)
        with pytest.raises(InvitationEnded):
            organisations_service.get_invitation(slip.code)
    run = run_of(parent, run_id)
    assert run.state is RunState.UNDONE
    assert [row.state for row in run.rows] == [RowState.DONE, RowState.UNDONE, RowState.UNDONE]
    assert notes_of(run)[1:] == [["undone"], ["undone", "department_closed"]]
    assert units_of(parent) == {"Health": "active"}
    again = run_of(parent, work(parent, content))
    assert [row.state for row in again.rows] == [RowState.KNOWN, RowState.DONE, RowState.DONE]


def test_the_result_file_holds_no_formula_and_no_code(app: Flask, parent: Member, work: Work) -> None:
    rows = [
        Officer('=HYPERLINK("http://evil.example")', "Asha Rao", f"a@{uuid4().hex[:8]}.example"),
        Officer("+Health", "@Ravi Kumar", way="slip"),
    ]
    run_id = work(parent, Sheet(rows).bytes())
    run = run_of(parent, run_id)
    with app.test_request_context():
        content = service.result_file(run).decode("utf-8-sig")
        (slip,) = service.print_run(parent.actor, run_id).slips
    assert slip.code not in content and slip.code.replace("-", "") not in content
    cells = [cell for line in csv.reader(io.StringIO(content)) for cell in line]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@")]
    assert (run.rows[1].plan.department, run.rows[1].plan.officer) == ("Health", "Ravi Kumar")


def enter(person: Person, unit_id: UUID) -> Member:
    """Somebody with a branch takes the seat below."""
    with person.app.test_request_context():
        units_service.enter(Person.actor.fget(person), unit_id)  # type: ignore[attr-defined]
    return Member(**{**vars(person), "organisation_id": unit_id})


def unit_ids(parent: Member) -> dict[str, UUID]:
    with parent.app.test_request_context():
        return {unit.name: unit.id for unit in list_children(parent.actor)}


def accept(person: Person, code: str) -> UUID:
    with person.app.test_request_context():
        return organisations_service.redeem_invitation(Person.actor.fget(person), code)  # type: ignore[attr-defined]


def slip_for(parent: Member, work: Work, department: str, officer: str, role: str) -> tuple[UUID, str]:
    """A run that makes one slip; its id and the slip's code."""
    run_id = work(parent, Sheet([Officer(department, officer, role=role, way="slip")]).bytes())
    with parent.app.test_request_context():
        (paper,) = service.print_run(parent.actor, run_id).slips
    return run_id, paper.code


class Branch:
    """A state, a department in which its officer sits through a branch, and a division below that one."""

    def __init__(self, parent: Member, organisations: Organisations) -> None:
        self.parent = parent
        self.department = open_unit(parent, "Roads")
        self.head = make_active(organisations, parent, self.department)
        self.person = organisations.add_member(Role.MEMBER, parent.organisation_id, name="Meera Rao")
        self.branch_id = give_branch(parent, self.person, self.department)
        self.officer = enter(self.person, self.department)


@pytest.fixture
def branch(parent: Member, organisations: Organisations) -> Branch:
    return Branch(parent, organisations)


def test_nobody_invites_themselves_by_a_file(parent: Member, work: Work) -> None:
    content = Sheet([Officer("Health", "Somebody", parent.email.upper(), role="administrator")]).bytes()
    with parent.app.test_request_context():
        (row,) = service.look_at_file(parent.actor, service.SentFile("f.csv", content))
    assert [(word.column, word.code) for word in row.problems] == [("email", "own_address")]
    run = run_of(parent, work(parent, content))
    assert (run.counts, unit_ids(parent)) == ({RowState.BAD: 1}, {})


def test_a_branch_makes_nobody_who_answers_for_a_unit_whether_or_not_it_has_an_administrator(
    branch: Branch, work: Work, organisations: Organisations
) -> None:
    officer = branch.officer
    content = Sheet([Officer("Bridges", "Asha Rao", way="slip", role="administrator")]).bytes()
    run = run_of(officer, work(officer, content))
    assert run.counts == {RowState.FAILED: 1}
    assert "cannot make anybody its administrator" in run.rows[0].problems[0].text
    signatory = Sheet([Officer("Bridges", "New", way="slip", role="signatory")]).bytes()
    run = run_of(officer, work(officer, signatory))
    assert run.counts == {RowState.FAILED: 1}
    assert "cannot make anybody its signatory" in run.rows[0].problems[0].text
    _, code = slip_for(branch.head, work, "Bridges", "Asha Rao", "administrator")
    division = accept(organisations.person("Asha Rao"), code)
    run = run_of(officer, work(officer, signatory))
    assert run.counts == {RowState.FAILED: 1}
    assert "cannot make anybody its signatory" in run.rows[0].problems[0].text
    _, reader = slip_for(officer, work, "Bridges", "Lata Iyer", "reader")
    assert accept(organisations.person("Lata Iyer"), reader) == division
    _, from_member = slip_for(branch.head, work, "Bridges", "Mohan Bora", "administrator")
    assert accept(organisations.person("Mohan Bora"), from_member) == division


def test_a_branch_with_an_end_sends_no_file_and_still_invites(
    branch: Branch, work: Work, organisations: Organisations
) -> None:
    late = organisations.add_member(Role.MEMBER, branch.parent.organisation_id)
    give_branch(branch.parent, late, branch.department, ends_on=today() + timedelta(days=9))
    late = enter(late, branch.department)
    with pytest.raises(MoreThanYouHold):
        work(late, Sheet([Officer("Bridges", "Asha Rao", way="slip")]).bytes())
    assert lasting_permissions(late.actor) == frozenset()
    with late.app.test_request_context():
        issued = organisations_service.issue_slip(late.actor, organisations_service.ForWhom("Asha Rao"), Role.READER)
    assert accept(organisations.person("Asha Rao"), issued.code) == branch.department


def test_slips_of_a_run_that_answer_are_printed_by_whoever_issued_them(
    branch: Branch, work: Work, organisations: Organisations
) -> None:
    run_id, _ = slip_for(branch.head, work, "Bridges", "Asha Rao", "administrator")
    with branch.head.app.test_request_context():
        assert service.print_run(branch.officer.actor, run_id).slips == []


@pytest.mark.parametrize("how", ["dismissed", "made less", "the unit left", "suspended", "branch revoked"])
def test_a_slip_from_above_ends_with_the_right_of_whoever_issued_it(
    branch: Branch, work: Work, organisations: Organisations, how: str
) -> None:
    parent = branch.parent
    issuer = organisations.add_member(Role.ADMINISTRATOR, parent.organisation_id)
    issuer = branch.officer if how == "branch revoked" else issuer
    role = "records officer" if how == "branch revoked" else "administrator"
    _, code = slip_for(issuer, work, "Bridges", "Asha Rao", role)
    _, other = slip_for(issuer, work, "Bridges", "Ravi Kumar", "reader")
    unit_id = unit_ids(issuer)["Bridges"]
    with parent.app.test_request_context():
        if how == "dismissed":
            organisations_service.leave_organisation(issuer.actor)
        elif how == "branch revoked":
            units_service.revoke_branch(parent.actor, branch.branch_id)
    changes = {
        "made less": "UPDATE memberships SET role = 'reader' WHERE person_id = :person",
    }
    if how == "suspended":
        change(parent.app, parent.organisation_id, Organisation, state="suspended", suspended_by="operator")
    if how in changes:
        with parent.app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
            db.session.execute(text(changes[how]), {"person": issuer.person_id})
    if how == "the unit left":
        with parent.app.test_request_context():
            with tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
                (link_id,) = db.session.scalars(select(UnitLink.id).where(UnitLink.child_organisation_id == unit_id))
            units_service.end_unit(parent.actor, link_id)
    for paper in (code, other):
        with pytest.raises(InvitationEnded):
            accept(organisations.person("Asha Rao"), paper)
