"""The pages: a file is sent, looked at, started, its result fetched, taken back; the report of adoption."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import segno
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.onboarding import looking, planning, results, running, service, undoing
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.slip_faces import faces_of
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations, csrf_token
from tests.onboarding.officers import Officer, Sheet, make_officers
from tests.vault.helpers import PLAIN_PDF


def send(member: Member, content: bytes, **fields: Any) -> Any:
    client = member.client()
    data = {"csrf_token": csrf_token(client), "file": (io.BytesIO(content), "officers.csv"), **fields}
    return client.post(f"/organisations/{member.organisation_id}/onboarding", data=data)


def post(member: Member, path: str, **fields: str) -> Any:
    client = member.client()
    return client.post(path, data={"csrf_token": csrf_token(client), **fields})


def page(member: Member, path: str) -> str:
    answer = member.client().get(path)
    assert answer.status_code == 200, path
    return str(answer.get_data(as_text=True))


def test_a_file_goes_its_way_over_the_pages(app: Flask, parent: Member) -> None:
    rows = [
        Officer("Health", "Asha Rao", f"a@{uuid4().hex[:8]}.example", role="administrator"),
        Officer("Finance", "Ravi Kumar", way="slip"),
        Officer("Finance", "<script>alert(1)</script>", "no address"),
    ]
    answer = send(parent, Sheet(rows).bytes("utf-16"))
    assert answer.status_code == 303
    one = answer.location
    looked = page(parent, one)
    assert "Nothing was done yet" in looked and "Start with 2 rows" in looked
    assert "<script>alert" not in looked and "This is not an e-mail address." in looked
    assert 'hx-trigger="every 2s"' not in looked
    assert post(parent, f"{one}/undo").status_code == 409, "there is nothing to take back"
    assert post(parent, f"{one}/start").status_code == 303
    assert 'hx-trigger="every 2s"' in page(parent, one), "it is asked for again while it runs"
    run_id = one.rsplit("/", 1)[-1]
    with app.app_context():
        running.work_through_run(str(parent.organisation_id), run_id)
    done = page(parent, one)
    assert "Worked through" in done and "Take it back" in done
    assert post(parent, f"{one}/start").status_code == 409
    result = parent.client().get(f"{one}/result.csv")
    assert result.mimetype == "text/csv"
    lines = list(csv.reader(io.StringIO(result.get_data(as_text=True).lstrip("\ufeff"))))
    assert [line[7] for line in lines[1:]] == ["Done", "Done", "Has a problem"]
    slips = post(parent, f"{one}/slips")
    assert slips.status_code == 200 and "Ravi Kumar" in slips.get_data(as_text=True)
    assert re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", slips.get_data(as_text=True))
    assert post(parent, f"{one}/undo").status_code == 303
    going_back = page(parent, one)
    assert "Being taken back" in going_back and 'hx-trigger="every 2s"' in going_back and "0 of 2 rows" in going_back
    assert post(parent, f"{one}/start").status_code == 409
    with app.app_context():
        undoing.take_run_back(str(parent.organisation_id), run_id)
    back = page(parent, one)
    assert f"{parent.name} took this file back on" in back and 'hx-trigger="every 2s"' not in back
    assert "The department was closed again: nobody had come in." in back
    assert post(parent, f"{one}/undo").status_code == 409
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
        acts = db.session.execute(text("SELECT tag, means FROM events WHERE tag LIKE 'onboarding:%' ORDER BY sequence"))
        assert [tuple(act) for act in acts] == [
            ("onboarding:start", "session"), ("onboarding:finish", "job"),
            ("onboarding:ask_undo", "session"), ("onboarding:undo", "job"),
        ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"a,b\n1,2\n", b"x" * (3 * 1024 * 1024)])
def test_a_file_that_cannot_be_read_is_refused_on_the_page(parent: Member, content: bytes) -> None:
    answer = send(parent, content)
    assert answer.status_code == 422
    assert "There is a problem" in answer.get_data(as_text=True) or "error" in answer.get_data(as_text=True)


def test_a_file_of_fifty_megabytes_is_refused_politely(parent: Member) -> None:
    assert send(parent, b"x" * (50 * 1024 * 1024)).status_code == 413


def test_a_file_with_too_many_rows_is_refused_with_what_to_do(parent: Member) -> None:
    answer = send(parent, Sheet([Officer("Health", "Asha Rao", way="slip")] * 2001).bytes())
    words = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "The file has 2001 rows; at most 2000" in words and "into 2 files" in words


def test_a_letter_vouches_for_the_departments(app: Flask, parent: Member) -> None:
    sheet = make_officers(2, 3, host=f"{uuid4().hex[:8]}.example")
    assert send(parent, sheet.bytes(), letter=(io.BytesIO(b"no pdf"), "order.pdf")).status_code == 422
    answer = send(parent, sheet.bytes(), letter=(io.BytesIO(PLAIN_PDF), "order.pdf"))
    run_id = UUID(answer.location.rsplit("/", 1)[-1])
    assert "vouches for it by the letter" in page(parent, answer.location)
    with app.test_request_context():
        service.start_run(parent.actor, run_id)
        running.work_through_run(str(parent.organisation_id), str(run_id))
        run = service.get_run(parent.actor, run_id)
        codes = [[note.code for note in row.notes] for row in run.rows]
        from entitylocker.units.service import list_children

        assert [(unit.verified, unit.vouched) for unit in list_children(parent.actor)] == [(True, True)] * 2
    assert ["vouched" in found for found in codes] == [True, True, False]
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=parent.organisation_id)):
        assert db.session.scalar(text("SELECT count(*) FROM onboarding_runs WHERE letter IS NOT NULL")) == 0


def test_a_run_of_another_organisation_is_not_there(organisations: Organisations, parent: Member) -> None:
    one = send(parent, make_officers(1, 1).bytes()).location
    run_id = one.rsplit("/", 1)[-1]
    stranger = organisations.make()
    for path in (one, f"/organisations/{stranger.organisation_id}/onboarding/{run_id}"):
        assert stranger.client().get(path).status_code == 404
        for act in ("start", "undo", "slips"):
            assert post(stranger, f"{path}/{act}").status_code == 404


def test_who_lost_the_right_in_the_middle_goes_no_further(
    app: Flask, organisations: Organisations, parent: Member
) -> None:
    helper = organisations.add_member(Role.ADMINISTRATOR, parent.organisation_id)
    with app.test_request_context():
        run_id = service.keep_run(helper.actor, service.SentFile("f.csv", make_officers(2, 2).bytes()))
        service.start_run(helper.actor, run_id)
        organisations_service.leave_organisation(helper.actor)
        running.work_through_run(str(parent.organisation_id), str(run_id))
        run = service.get_run(parent.actor, run_id)
    assert (run.state, run.worked) == ("stopped", 0)


def test_the_report_says_how_far_they_have_come_in_numbers_only(
    app: Flask, organisations: Organisations, parent: Member, work: Callable[..., UUID]
) -> None:
    place = f"/organisations/{parent.organisation_id}/adoption"
    assert "No departments yet" in page(parent, place)
    officer = organisations.person("Asha Rao")
    rows = [
        Officer("=Health", "Asha Rao", officer.email, role="administrator"),
        Officer("Health", "Ravi Kumar", f"r@{uuid4().hex[:8]}.example"),
        Officer("Finance", "Meena Das", way="slip"),
    ]
    work(parent, Sheet(rows).bytes())
    with app.test_request_context():
        (mine,) = organisations_service.list_my_invitations(officer.person_id)
        child_id = organisations_service.accept_my_invitation(officer.actor, mine.id)
    member = Member(**vars(officer), organisation_id=child_id)
    _deposit(app, member, "A secret title")
    assert post(parent, f"{place}/target", officers="4").status_code == 303
    assert post(parent, f"{place}/target", officers="0").status_code == 422
    with app.test_request_context():
        report = service.get_adoption(parent.actor)
    found = {d.name: (d.invited, d.joined, d.documents, d.consents) for d in report.departments}
    assert found == {"Health": (2, 1, 1, 0), "Finance": (1, 0, 0, 0)}
    assert (report.invited, report.joined, report.target, report.share, report.with_document) == (3, 1, 4, 25, 1)
    assert sum(week.invited for week in report.weeks) == 3 and sum(week.documents for week in report.weeks) == 1
    shown = page(parent, place)
    assert "A secret title" not in shown and "25 percent of the target of 4" in shown
    content = parent.client().get(f"{place}.csv").get_data(as_text=True)
    assert "A secret title" not in content
    assert not [cell for line in csv.reader(io.StringIO(content)) for cell in line if cell[:1] in ("=", "+", "-", "@")]
    # The function of the database answers for whoever the transaction is for, whatever is asked.
    stranger = organisations.make()
    with app.test_request_context():
        assert service.get_adoption(stranger.actor).departments == []
        assert service.get_adoption(member.actor).departments == [], "a department sees nothing of the others"


def _deposit(app: Flask, member: Member, title: str) -> None:
    from entitylocker.vault import service as vault
    from entitylocker.vault.papers import PaperSource
    from entitylocker.vault.views import Details

    with app.test_request_context():
        top = vault.get_top(member.actor).folder
        assert top is not None
        upload = vault.Upload("paper.pdf", PaperSource(io.BytesIO(PLAIN_PDF)))
        vault.deposit(member.actor, upload, Details(title, None, "", None, None), top.id)


def test_the_sample_file_is_one_that_can_be_sent(parent: Member) -> None:
    content = parent.client().get(f"/organisations/{parent.organisation_id}/onboarding/sample.csv").data
    answer = send(parent, content)
    assert answer.status_code == 303
    assert "Start with 3 rows" in page(parent, answer.location)


def test_a_long_file_is_shown_in_parts_with_the_problems_first(parent: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "PART", 3)
    rows = [Officer(f"Office {n}", f"Officer {n}", way="slip") for n in range(7)]
    rows[6].role = "emperor"
    one = send(parent, Sheet(rows).bytes()).location
    first, last, beyond = (page(parent, f"{one}?part={number}") for number in (1, 3, 99))
    assert "Officer 6" in first and "Officer 2" not in first and "Rows 1 to 3 of 7" in first
    assert "Officer 5" in last and "Rows after these" not in last
    assert "Rows 7 to 7 of 7" in beyond
    assert parent.client().get(f"{one}?part=0").status_code == 422


def test_rows_with_a_problem_come_first_in_a_short_file_too(parent: Member) -> None:
    """On a phone the last row of 65 is twenty screens away."""
    rows = [Officer(f"Office {n}", f"Officer {n}", way="slip") for n in range(3)]
    rows[2].role = "emperor"
    shown = page(parent, send(parent, Sheet(rows).bytes()).location)
    assert shown.index("Officer 2") < shown.index("Officer 0") < shown.index("Officer 1")


def test_a_page_while_the_worker_looks_at_a_long_file(
    app: Flask, parent: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "LOOKED_AT_ONCE", 2)
    one = send(parent, make_officers(2, 4, host=f"{uuid4().hex[:8]}.example").bytes()).location
    waiting = page(parent, one)
    assert 'hx-trigger="every 2s"' in waiting and "0 of 4 rows" in waiting and "Start with" not in waiting
    assert post(parent, f"{one}/start").status_code == 409
    with app.app_context():
        looking.look_through_run(str(parent.organisation_id), one.rsplit("/", 1)[-1])
    assert "Start with 4 rows" in page(parent, one)


def test_a_slip_carries_the_picture_of_its_address_and_a_code_that_leads_to_the_same(
    app: Flask, parent: Member, work: Callable[..., UUID], organisations: Organisations
) -> None:
    rows = [Officer("Health", "Asha Rao", way="slip"), Officer("Finance", "Ravi Kumar", way="slip")]
    run_id = work(parent, Sheet(rows).bytes())
    with app.test_request_context():
        slips = service.print_run(parent.actor, run_id).slips
        faces = faces_of(slips)["slips"]
    pictures = [segno.make(slip.link, error="m", micro=False) for slip in slips]
    drawn = [re.search(r' d="([^"]+)"', str(face.qr)) for face in faces]
    wanted = [re.search(r' d="([^"]+)"', picture.svg_inline(border=2)) for picture in pictures]
    assert [found and found.group(1) for found in drawn] == [found and found.group(1) for found in wanted]
    assert len({face.qr for face in faces}) == 2
    for slip, department in zip(slips, ["Health", "Finance"], strict=True):
        client = organisations.person().client()
        typed = client.post("/join", data={"csrf_token": csrf_token(client), "code": slip.code.lower()})
        assert typed.status_code == 303 and urlsplit(slip.link).path == f"/invitations/{slip.code}"
        for place in (urlsplit(slip.link).path, typed.location):
            assert department in page_of(client.get(place))


def codes_of(answer: Any) -> set[str]:
    return set(re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", page_of(answer)))


def test_many_slips_are_printed_in_parts_and_who_came_in_shifts_nothing(
    app: Flask, parent: Member, work: Callable[..., UUID], organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "SLIPS_AT_ONCE", 2)
    rows = [Officer(("Health", "Finance")[n % 2], f"Officer {n}", way="slip") for n in range(5)]
    run_id = work(parent, Sheet(rows).bytes())
    place = f"/organisations/{parent.organisation_id}/onboarding/{run_id}/slips"
    first = post(parent, place)
    words = page_of(first)
    assert "Officer 0" in words and "Officer 2" in words, "department by department"
    assert "Part 1 of 3" in words and "Then the next slips" in words
    for code in codes_of(first):
        with app.test_request_context():
            organisations_service.redeem_invitation(organisations.person().actor, code)
    second, last = post(parent, place, part="2"), post(parent, place, part="3")
    assert "Officer 4" in page_of(second) and "Officer 1" in page_of(second)
    assert "Officer 3" in page_of(last) and "Then the next slips" not in page_of(last)
    assert "Then the next slips" in page_of(post(parent, place)), "whoever begins anew finds the other parts"
    assert post(parent, place, part="4").status_code == 404


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))
