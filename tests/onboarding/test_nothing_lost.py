"""No row of a file vanishes or is merged with another one without a word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from entitylocker.access import Reason
from entitylocker.errors import PermissionDenied
from entitylocker.onboarding import errors, service
from entitylocker.onboarding.files import read_table
from entitylocker.onboarding.lists import read_rows
from entitylocker.onboarding.rows import ReadRow
from tests.factories import Member

HEAD = "Department,Officer,Mobile,Role\n"
ROW = "Health,Ravi Patil,9876543211,reader\n"
LAST = "Revenue,Om Das,9876543213,reader\n"


def rows_of(text: str) -> list[ReadRow]:
    return read_rows(read_table(text.encode()))


def problems(text: str) -> list[list[str]]:
    return [[problem.code for problem in row.problems] for row in rows_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        'PWD,"Asha Rao,9876543210,reader\n' + ROW + 'Education,"Sita Devi,9876543212,reader\n' + LAST,
        'PWD,"Asha Rao,9876543210,reader\n' + ROW + 'Education,Sita Devi",9876543212,reader\n' + LAST,
        'PWD,"Asha Rao,9876543210,reader\nEducation,Sita Devi",9876543212,reader\n' + LAST,
        '"PWD,Asha Rao,9876543210,reader\nEducation",Sita Devi,9876543212,reader\n' + LAST,
        'PWD,"Asha Rao,9876543210,reader\n' + ROW + 'Pipes 5" wide,Sita Devi,9876543212,reader\n' + LAST,
        ROW + 'Pipes 5" wide,Sita Devi,9876543212,reader\nPWD,"Asha Rao,9876543210,reader\n',
    ],
    ids=["two open", "open and closed", "two rows", "in the first column", "even in all", "in the last line"],
)  # fmt: skip
def test_stray_quotes_swallow_no_rows(text: str) -> None:
    for delimiter in (",", ";", "\t"):
        with pytest.raises(errors.UnclosedQuote) as refused:
            rows_of((HEAD + text).replace(",", delimiter))
        assert refused.value.facts["line"] == (2 if text.startswith(('"', "PWD")) else 4)


def test_stray_quotes_where_roles_are_misspelt_are_said_with_the_row() -> None:
    text = HEAD + 'PWD,"Asha Rao,9876543210,readr\nEducation,Sita Devi",9876543212,reader\n'
    (row,) = rows_of(text)
    assert [(problem.code, problem.column) for problem in row.problems] == [("running_on", "officer")]
    assert [note.text for note in row.notes if note.code == "several_lines"] == [
        "Lines 2 to 3 were read as this one row: quotation marks keep them together."
    ]


def test_addresses_over_several_lines_are_no_stray_quotes() -> None:
    text = HEAD.strip() + ",Address\n" + ROW.strip() + ',"12, MG Road,\nPune, Maharashtra, India"\n' + LAST
    table = read_table(text.encode())
    assert [row.line for row in table.rows] == [2, 4]
    rows = read_rows(table)
    assert not any(row.problems for row in rows)
    assert [note.code for note in rows[0].notes] == ["several_lines"] and not rows[1].notes
    (row,) = rows_of(HEAD + '"Public Works,\nPune",Om Das,9876543213,reader\n')
    assert not row.problems and row.plan.department == "Public Works, Pune"


def test_rows_above_the_names_of_the_columns_are_not_passed_over() -> None:
    text = "Department,Officer,Role\nHealth,Asha Rao,reader\nDepartment,Officer,E-mail,Role\n"
    with pytest.raises(errors.RowAboveHeading) as refused:
        rows_of(text + "Home,Om Das,o@x.example,reader\n")
    assert refused.value.facts == {"line": 2, "heading": 3}
    with pytest.raises(errors.SecondHeading):
        rows_of(HEAD + ROW + "Officer,Department,Role\nOm Das,Home,reader\n")
    again = read_table((HEAD + ROW + "DEPT.,Name,Mobile No,Role\n" + LAST).encode())
    assert [row.line for row in again.rows] == [2, 4] and again.reading.repeated == 1


def test_cells_without_a_column_are_said() -> None:
    assert problems("Department,,Officer,Role\nHealth,Shri,Asha Rao,reader\nHome,,Om Das,reader\n") == [["unnamed"], []]
    assert "beyond" in problems(HEAD + ROW.strip() + ",more\n")[0]


def test_every_line_of_a_file_is_accounted_for(parent: Member) -> None:
    head = "Sl. No.;Department;Officer;Role;E-mial <b>\n"
    text = f'sep=;\nNodal officers;;\n\n{head}1;Health;"Asha\nRao";reader;a@x.example\n'
    text += f";;;;\n{head}2;Home;Om Das;reader;\n\n\n"
    reading = read_table(text.encode()).reading
    assert reading.to_json() == {
        "rows": 2, "lines": 9, "above": 2, "repeated": 1, "empty": 2, "unread": ["Sl. No.", "E-mial <b>"],
    }  # fmt: skip
    with parent.app.test_request_context():
        run_id = service.receive_run(parent.actor, service.SentFile("officers.csv", text.encode()))
        assert service.get_run(parent.actor, run_id).reading == reading
    page = parent.client().get(f"/organisations/{parent.organisation_id}/onboarding/{run_id}").get_data(as_text=True)
    assert "2 rows were read from the 9 lines of the file." in page
    assert "2 lines stand above the names of the columns. 1 line names the columns again. 2 lines are empty." in page
    assert "because their names mean nothing here: Sl. No., E-mial &lt;b&gt;." in page


@pytest.mark.parametrize("sign", ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "Err:502", "######"])
def test_formulas_that_failed_are_neither_departments_nor_empty_cells(sign: str) -> None:
    text = "Department,Parent department,Officer,Mobile,Role\n"
    text += f"{sign},,Om Das,,reader\nHome,{sign},Asha Rao,{sign},reader\n"
    first, second = rows_of(text)
    assert [(problem.code, problem.column) for problem in first.problems] == [("sheet_error", "department")]
    assert {problem.column for problem in second.problems if problem.code == "sheet_error"} == {"parent", "phone"}


def test_signs_that_look_like_a_badge_come_in_by_no_file() -> None:
    text = HEAD + "\u2714 Public Works (verified),\u2714 Asha Rao,9876543210,reader\n" + ROW
    bad, good = rows_of(text)
    assert {(problem.code, problem.column) for problem in bad.problems} == {
        ("holds_badge", "department"), ("holds_badge", "officer"),
    }  # fmt: skip
    assert not good.problems


def test_a_session_of_the_organisations_own_provider_brings_nobody_in_by_a_file(
    parent: Member, work: Callable[..., UUID]
) -> None:
    """The worker acts without a session: what a short file is refused for, a long one would have done."""
    limited = replace(parent.actor, limited_to=parent.organisation_id)
    sent = service.SentFile("officers.csv", (HEAD + ROW * 201).encode())
    with parent.app.test_request_context():
        kept = service.keep_run(parent.actor, service.SentFile("officers.csv", (HEAD + ROW).encode()))
        for act in (
            lambda: service.receive_run(limited, sent),
            lambda: service.start_run(limited, kept),
            lambda: service.look_at_file(limited, sent),
        ):
            with pytest.raises(PermissionDenied) as refused:
                act()
            assert refused.value.reason == Reason.LIMITED
        service.start_run(parent.actor, kept)


def test_departments_of_one_name_below_two_parents_are_not_made_one() -> None:
    text = "Department,Parent department,Code,Officer,Role\nHealth,,,Asha Rao,reader\nHome,,,Om Das,reader\n"
    text += "Accounts,Health,,Ravi Patil,reader\nAccounts,Dept. of Home,,Sita Devi,reader\n"
    text += "Accounts,,,Lata Iyer,reader\nHome,,IN-A,Meena Das,reader\nHome,,IN-B,Mohan Bora,reader\n"
    said = [(row.line, problem.column, problem.facts) for row in rows_of(text) for problem in row.problems]
    assert said == [(5, "parent", {"line": 4}), (8, "code", {"line": 7})]
