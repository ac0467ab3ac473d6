"""Lending: the person's yes, what the organisation gets, and the record of both sides."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.citizen import lending, rules
from entitylocker.citizen.adapters import IssuedDocument
from entitylocker.citizen.jobs import check_lending, sweep
from entitylocker.citizen.models import Lending, LendingRead
from entitylocker.citizen.rules import object_key, why_not_lent
from entitylocker.organisations.rules import today
from entitylocker.vault import service as vault
from entitylocker.vault.models import Document
from entitylocker.vault.views import Filters
from entitylocker.web.formats import docdate
from tests.citizen.house import Citizens, said
from tests.citizen.lent import Lent, join, lend_again


def test_a_lent_paper_is_opened_by_readers_and_the_person_sees_each_time(lent: Lent) -> None:
    citizens = lent.citizens
    paper = lent.open()
    assert paper.status_code == 200 and paper.data.startswith(b"%PDF-") and len(paper.data) == lent.row.size
    lent.open()
    row = lent.fresh()
    assert (row.reads, row.last_read_at is not None) == (2, True)
    reads = citizens.rows(lent.person, LendingRead)
    assert [read.reader_name for read in reads] == [lent.reader.name] * 2
    page = said(citizens.browser(lent.person).get("/account/lending"))
    assert "2 times" in page and lent.reader.name in page
    tags = citizens.tags(lent.place)
    assert tags.count("lending:read") == 2 and tags.count("lending:give") == 1
    subjects = [mail.subject for mail in citizens.mails(lent.person)]
    assert subjects.count("You have lent documents") == 1
    assert subjects.count("A document that you lent was opened") == 1


def test_the_terms_say_what_to_whom_until_when_and_what_stays_before_anything_is_lent(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link = citizens.link(person)
    fields = citizens.terms(person, link, administrator)
    page = citizens.browser(person).post(f"/account/citizen/links/{link.id}/lend", **fields)
    words = said(page)
    assert "Lend to Sahyadri Agro Exports Private Limited?" in words and "Tender of the hospital" in words
    assert "Nothing of the documents" in words and "Reader" in words
    assert citizens.rows(person, Lending) == []
    citizens.browser(person).post(f"/account/citizen/links/{link.id}/lend", **fields, decision="deny")
    assert citizens.rows(person, Lending) == []


def test_days_of_issue_are_shown_as_all_other_days(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person, _ = citizens.member()
    link = citizens.link(person)
    page = said(citizens.browser(person).get(f"/account/citizen/links/{link.id}/lend"))
    for paper in (paper for paper in citizens.one.people["meera"].papers if paper.uri in citizens.uris()):
        assert f"· {docdate(paper.issued_on)}" in page
        assert f"{paper.issued_on:%d-%m-%Y}" not in page


def test_the_checker_looks_at_it_and_the_page_says_what_it_found(lent: Lent) -> None:
    assert lent.row.verdict == "checking"
    lent.citizens.do(check_lending, str(lent.place), str(lent.row.id))
    row = lent.fresh()
    assert row.verdict not in ("checking", "not_checkable") and row.checked_at is not None
    assert lent.citizens.browser(lent.reader).get(lent.path).status_code == 200


def test_what_lies_in_the_store_is_encrypted(lent: Lent) -> None:
    store = lent.citizens.app.extensions["entitylocker"].store
    key = object_key(lent.place, lent.row.id)
    stored = b"".join(store.get_range(key, 0, store.stat(key).size))
    assert len(stored) == lent.row.ciphertext_size and b"%PDF" not in stored


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_on": (today() - timedelta(days=2)).isoformat()},
        {"ends_on": (today() + timedelta(days=367)).isoformat()},
        {"ends_on": "soon"},
        {"uris": ["in.gov.somebody-else-1"]},
        {"uris": []},
        {"purpose": " "},
        {"organisation_id": "nothing"},
    ],
)
def test_what_does_not_fit_is_not_lent(lent: Lent, changes: dict[str, Any]) -> None:
    assert lend_again(lent, **changes).status_code == 422
    assert len(lent.citizens.rows(lent.person, Lending)) == 1


def test_nothing_is_lent_to_strangers_or_to_unverified_organisations(lent: Lent) -> None:
    stranger = lent.citizens.organisations.make(name="Strangers")
    assert lend_again(lent, organisation_id=str(stranger.organisation_id)).status_code == 404
    unverified = lent.citizens.organisations.make(name="New", verified=False)
    with lent.citizens.app.test_request_context():
        join(lent, unverified)
    assert lend_again(lent, organisation_id=str(unverified.organisation_id)).status_code == 422
    assert len(lent.citizens.rows(lent.person, Lending)) == 1


def test_a_paper_that_was_changed_on_the_way_is_not_lent(lent: Lent) -> None:
    lent.citizens.one.faults.switch_on("wrong_hmac", "file", times=1)
    assert lend_again(lent, uris=lent.citizens.uris()[:2]).status_code == 409
    assert len(lent.citizens.rows(lent.person, Lending)) == 1


def test_all_papers_of_one_yes_are_lent_or_none(lent: Lent, monkeypatch: pytest.MonkeyPatch) -> None:
    store = lent.citizens.app.extensions["entitylocker"].store
    before = {item.key for item in store.list_keys(prefix=f"lent/{lent.place}/")}
    calls = iter([False, True])
    plain = lending._take

    def second_fails(*arguments: Any) -> Any:
        if next(calls):
            lent.citizens.one.faults.switch_on("error", "file", times=5)
        return plain(*arguments)

    monkeypatch.setattr(lending, "_take", second_fails)
    assert lend_again(lent, uris=lent.citizens.uris()[:2]).status_code == 503
    assert len(lent.citizens.rows(lent.person, Lending)) == 1
    assert {item.key for item in store.list_keys(prefix=f"lent/{lent.place}/")} == before


def test_roles_that_may_not_are_refused_and_strangers_find_nothing(lent: Lent) -> None:
    citizens = lent.citizens
    ways = ((Role.MEMBER, 403, 404), (Role.AUDITOR, 200, 403), (Role.RECORDS_OFFICER, 200, 200))
    for role, listing, reading in ways:
        member, _ = citizens.member(role, to=lent.administrator)
        browser = citizens.browser(member)
        assert browser.get(f"/organisations/{lent.place}/lent").status_code == listing
        assert browser.get(f"{lent.path}/content").status_code == reading
    stranger = citizens.organisations.make()
    assert citizens.browser(stranger).get(f"{lent.path}/content").status_code == 404
    other = f"/organisations/{stranger.organisation_id}/lent/{lent.row.id}/content"
    assert citizens.browser(stranger).get(other).status_code == 404


def test_nobody_else_withdraws_allows_or_exports(lent: Lent) -> None:
    browser = lent.citizens.browser(lent.reader)
    for path in ("withdraw", "copy"):
        answer = browser.post(f"/account/lending/{lent.row.id}/{path}", allowed="true")
        assert answer.status_code == 404, path
    assert browser.get(f"/account/lending/{lent.row.id}/record").status_code == 404
    assert lent.fresh().ended_at is None and lent.fresh().copy_allowed_at is None


def test_a_copy_is_kept_only_with_a_yes_of_its_own_and_says_on_what_ground(lent: Lent) -> None:
    citizens = lent.citizens
    keeper, _ = citizens.member(Role.RECORDS_OFFICER, to=lent.administrator)
    keep = f"{lent.path}/keep"
    assert citizens.browser(keeper).post(keep).status_code == 409
    assert lent.post("copy", allowed="true").status_code == 303
    assert lent.post("copy", allowed="false").status_code == 303
    assert citizens.browser(keeper).post(keep).status_code == 409
    lent.post("copy", allowed="true")
    assert citizens.browser(lent.reader).post(keep).status_code == 403
    assert citizens.browser(keeper).post(keep).status_code == 303
    assert citizens.browser(keeper).post(keep).status_code == 409, "once"
    [event] = [event for event in citizens.events(lent.place) if event.tag == "lending:keep_copy"]
    assert lent.person.name in event.data["ground"] and event.data["sha256"] == lent.row.sha256
    lent.post("withdraw")
    with citizens.app.app_context():
        found = vault.list_documents(keeper.actor, Filters())
    assert [view.version.sha256 for view in found.items] == [lent.row.sha256]
    assert "A copy stays there" in citizens.mails(lent.person)[-1].text


def test_the_yes_to_a_copy_is_used_up_unless_certainly_none_was_made(
    lent: Lent, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens, keep = lent.citizens, f"{lent.path}/keep"
    keeper, _ = citizens.member(Role.RECORDS_OFFICER, to=lent.administrator)
    browser, session = citizens.browser(keeper), cast(Any, tenancy._session)
    lent.post("copy", allowed="true")
    with monkeypatch.context() as damaged:
        damaged.setattr(rules, "object_context", lambda *_ids: b"another")
        assert browser.post(keep).status_code == 500
    assert lent.fresh().copied_at is None, "certainly none"

    commit = session.commit

    def commit_and_lose_the_answer_of_a_deposit() -> None:
        deposited = session.scalar(select(func.count()).select_from(Document))
        commit()
        if deposited:
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    with monkeypatch.context() as lost:
        lost.setattr(session, "commit", commit_and_lose_the_answer_of_a_deposit)
        assert browser.post(keep).status_code >= 500
    assert lent.fresh().copied_at is not None
    assert browser.post(keep).status_code == 409
    with citizens.app.app_context():
        assert len(vault.list_documents(keeper.actor, Filters()).items) == 1


def test_both_sides_export_the_record(lent: Lent) -> None:
    lent.open()
    mine = lent.citizens.browser(lent.person).get(f"/account/lending/{lent.row.id}/record")
    theirs = lent.citizens.browser(lent.reader).get(f"{lent.path}/record")
    record = json.loads(mine.data)
    assert record == json.loads(theirs.data)
    assert record["schema"] == "entitylocker/lending-record/1" and record["document"]["sha256"] == lent.row.sha256
    assert record["opened_times"] == 1 and record["opened"][0]["by"] == lent.reader.name
    lent.post("withdraw")
    after = json.loads(lent.citizens.browser(lent.reader).get(f"{lent.path}/record").data)
    assert after["ended"]["because"] == "withdrawn"


def test_the_sweeper_leaves_open_lendings_and_takes_what_no_row_names(lent: Lent) -> None:
    store = lent.citizens.app.extensions["entitylocker"].store
    key = object_key(lent.place, lent.row.id)
    lent.citizens.do(sweep, 0.0)
    assert store.exists(key)
    lent.post("withdraw")
    lent.citizens.do(sweep, 0.0)
    assert not store.exists(key)
    assert lent.citizens.do(vault.sweep, 0.0) is None


def test_the_sweeper_of_the_vault_leaves_lent_papers_alone(lent: Lent) -> None:
    lent.citizens.do(vault.sweep, 0.0)
    assert lent.open().status_code == 200


def test_an_aadhaar_card_is_not_offered_for_lending() -> None:
    card = IssuedDocument("in.gov.uidai-ADHAR-1", "Aadhaar", "ADHAR", "UIDAI", "", True)
    assert why_not_lent(card) and "Aadhaar" in str(why_not_lent(card))
