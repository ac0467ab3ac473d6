"""Ends of lendings: each is one at that very moment, whatever runs or does not, and takes the key."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from entitylocker import tenancy
from entitylocker.access import OrganisationState
from entitylocker.citizen.jobs import check_lending, clear_lending, keep_time, note_ending
from entitylocker.citizen.linking import end_link
from entitylocker.citizen.models import CitizenLink, Lending, ShownProof
from entitylocker.citizen.rules import end_of, object_key
from entitylocker.citizen.service import open_lent, withdraw_lending
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.worker import connection_facts
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.organisations.service import end_membership
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.vault.models import Document
from tests.citizen.house import said
from tests.citizen.lent import Lent, join, lend_again
from tests.factories import Person


def test_taken_back_it_is_closed_at_that_very_moment(lent: Lent) -> None:
    assert lent.open().status_code == 200
    assert lent.post("withdraw").status_code == 303
    lent.is_closed("withdrawn")
    assert "lending:end" in lent.citizens.tags(lent.place)
    assert lent.post("withdraw").status_code == 303, "twice does no harm"


def test_its_bytes_leave_the_store(lent: Lent) -> None:
    store = lent.citizens.app.extensions["entitylocker"].store
    key = object_key(lent.place, lent.row.id)
    assert store.exists(key)
    lent.post("withdraw")
    lent.citizens.do(clear_lending, str(lent.place), str(lent.row.id))
    assert not store.exists(key)


def test_the_end_of_the_day_ends_it_even_if_no_job_ran(lent: Lent) -> None:
    assert lent.row.ends_at == end_of(lent.row.ends_on)
    _end_its_day(lent)
    assert lent.open().status_code == 404
    lent.citizens.do(keep_time)
    lent.is_closed("time")
    assert "A lending has ended" in [mail.subject for mail in lent.citizens.mails(lent.person)]


def _end_its_day(lent: Lent) -> None:
    """The end of a lending is not the app's to change; its owner moves it for the test."""
    _as_owner(lent, "UPDATE lendings SET ends_at = now() - interval '1 second' WHERE id = %s")


def _as_owner(lent: Lent, statement: str) -> None:
    settings = lent.citizens.app.extensions["entitylocker"].settings
    with psycopg.connect(**connection_facts(settings.database_owner_url)) as connection:
        connection.execute("ALTER TABLE lendings NO FORCE ROW LEVEL SECURITY")
        connection.execute(statement, [lent.row.id])
        connection.execute("ALTER TABLE lendings FORCE ROW LEVEL SECURITY")


def test_the_person_is_reminded_once_before_the_end(lent: Lent) -> None:
    _as_owner(lent, "UPDATE lendings SET ends_at = now() + interval '2 days' WHERE id = %s")
    lent.citizens.do(keep_time)
    _as_owner(lent, "UPDATE lendings SET reminded_at = NULL, created_at = now() - interval '30 days' WHERE id = %s")
    lent.citizens.do(keep_time)
    lent.citizens.do(keep_time)
    subjects = [mail.subject for mail in lent.citizens.mails(lent.person)]
    assert subjects.count("A lending ends soon") == 1
    assert lent.fresh().ended_at is None and lent.open().status_code == 200


def test_the_end_of_the_membership_ends_it_in_the_same_transaction(lent: Lent) -> None:
    membership_id = lent.person.actor.membership_id
    assert membership_id is not None
    with lent.citizens.app.test_request_context():
        end_membership(lent.administrator.actor, membership_id)
    lent.is_closed("membership")


def test_a_membership_that_ended_closes_it_even_if_nobody_reacted(lent: Lent) -> None:
    """The standing is joined on each read: no job and no reaction is needed."""
    assert lent.open().status_code == 200
    _end_membership_behind_everybodys_back(lent)
    assert lent.open().status_code == 404
    assert lent.citizens.browser(lent.reader).get(lent.path).status_code == 404
    assert "Nobody lends anything" in said(lent.citizens.browser(lent.reader).get(f"/organisations/{lent.place}/lent"))


def _end_membership_behind_everybodys_back(lent: Lent) -> None:
    ended = update(Membership).where(Membership.id == lent.person.actor.membership_id).values(ended_at=utc_now())
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=lent.place)):
        db.session.execute(ended)


@pytest.mark.parametrize("way", ["withdraw", "membership", "link", "time"])
def test_its_key_is_destroyed_and_with_it_the_bytes_even_if_the_worker_is_down(lent: Lent, way: str) -> None:
    """Every end by a person takes the key in its own transaction. Time takes it as soon as the worker is back."""
    wrapped = lent.fresh().wrapped_key
    assert wrapped is not None
    if way == "withdraw":
        lent.post("withdraw")
    elif way == "link":
        lent.citizens.browser(lent.person).post(f"/account/citizen/links/{lent.link.id}/end")
    elif way == "membership":
        with lent.citizens.app.test_request_context():
            end_membership(lent.administrator.actor, _membership_id(lent))
    else:
        _end_its_day(lent)
        assert lent.open().status_code == 404, "closed at that moment, before any job"
        lent.citizens.do(keep_time)
    assert lent.fresh().wrapped_key is None and wrapped.hex().encode() not in _row_as_bytes(lent)
    assert lent.open().status_code == 404


def _membership_id(lent: Lent) -> UUID:
    membership_id = lent.person.actor.membership_id
    assert membership_id is not None
    return membership_id


def _row_as_bytes(lent: Lent) -> bytes:
    """The row as the organisation's own transactions see it."""
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=lent.place)):
        found = db.session.execute(text("SELECT to_jsonb(l)::text FROM lendings l WHERE id = :id"), {"id": lent.row.id})
        return str(found.scalar_one()).encode()


def test_what_ended_forgets_who_signed_it_and_its_persons_address(lent: Lent) -> None:
    lent.citizens.do(check_lending, str(lent.place), str(lent.row.id))
    assert lent.fresh().signers
    lent.post("withdraw")
    assert lent.fresh().signers == [] and lent.person.email.encode() not in _row_as_bytes(lent)


def test_mail_about_a_lending_goes_to_the_address_that_the_person_has_now(lent: Lent) -> None:
    moved = update(Membership).where(Membership.id == lent.person.actor.membership_id)
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=lent.place)):
        db.session.execute(moved.values(person_email=f"new-{lent.person.email}"))
    before = len(lent.citizens.mails(lent.person))
    lent.post("withdraw")
    assert len(lent.citizens.mails(lent.person)) == before
    there = replace(lent.person, email=f"new-{lent.person.email}")
    assert [mail.subject for mail in lent.citizens.mails(there)] == ["A lending has ended"]


def test_what_stays_after_the_link_ended_is_what_the_page_says(lent: Lent) -> None:
    """The rows of the link and of what it proved are gone; of the lending there is a record without the document."""
    citizens, browser = lent.citizens, lent.citizens.browser(lent.person)
    browser.post("/account/citizen/shown", source_id=str(lent.link.id), organisation_id=str(lent.place))
    page = said(browser.get("/account/citizen"))
    assert "What stays when you end the link" in page
    for word in ("your name, the title and issuer", "its digest", "for what, until when and who opened it"):
        assert word in page
    browser.post(f"/account/citizen/links/{lent.link.id}/end")
    assert citizens.rows(lent.person, CitizenLink) == citizens.rows(lent.person, ShownProof) == []
    citizens.do(note_ending, str(lent.place), str(lent.row.id), "lending")
    assert not citizens.app.extensions["entitylocker"].store.exists(object_key(lent.place, lent.row.id))
    record = json.loads(browser.get(f"/account/lending/{lent.row.id}/record").data)
    assert record["lender"] == {"name": lent.row.person_name, "citizen_locker": "Sample digilocker"}
    assert set(record) == {"schema", "id", "lender", "borrower", "document", "terms", "ended", "opened", "opened_times"}
    kept = lent.fresh()
    assert (kept.wrapped_key, kept.signers) == (None, [])
    citizen = citizens.one.people["meera"]
    assert citizen.id.encode() not in _row_as_bytes(lent) and str(citizen.born_on).encode() not in _row_as_bytes(lent)


def test_what_is_taken_back_over_there_ends_the_permission_there_and_is_taken_back_here(lent: Lent) -> None:
    """We are not told of it: the lending rests on the consent that was given here."""
    citizens, browser = lent.citizens, lent.citizens.browser(lent.person)
    citizens.one.withdraw("meera")
    assert browser.get(f"/account/citizen/links/{lent.link.id}/lend").status_code == 409
    assert "Needs to be linked again" in said(browser.get("/account/citizen"))
    assert lent.open().status_code == 200
    lent.post("withdraw")
    lent.is_closed("withdrawn")


def test_the_end_of_the_link_ends_everything_lent_through_it_everywhere(lent: Lent) -> None:
    citizens = lent.citizens
    elsewhere = citizens.organisations.make(name="Malabar Traders")
    with citizens.app.test_request_context():
        join(lent, elsewhere)
    second = citizens.lend(lent.person, lent.link, elsewhere)
    with citizens.app.test_request_context():
        end_link(_as_person(lent), lent.link.id)
    lent.is_closed("unlinked")
    assert [row.wrapped_key for row in citizens.rows(lent.person, Lending)] == [None, None]
    for place, one in ((lent.place, lent.row.id), (elsewhere.organisation_id, second.id)):
        citizens.do(note_ending, str(place), str(one), "lending")
        assert "lending:end" in citizens.tags(place)
    assert [mail.subject for mail in citizens.mails(lent.person)].count("A lending has ended") == 2


def _as_person(lent: Lent) -> Any:
    return Person.actor.fget(lent.person)  # type: ignore[attr-defined]


def test_a_suspended_organisation_reads_nothing_that_was_lent(lent: Lent) -> None:
    _set_state(lent, OrganisationState.SUSPENDED)
    try:
        assert lent.open().status_code in (403, 404)
        assert lent.fresh().reads == 0
        answer = lend_again(lent)
        assert answer.status_code == 422
    finally:
        _set_state(lent, OrganisationState.ACTIVE)


def _set_state(lent: Lent, state: OrganisationState) -> None:
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
        db.session.execute(update(Organisation).where(Organisation.id == lent.place).values(state=state.value))


def test_without_a_separate_yes_nothing_personal_stays(lent: Lent) -> None:
    lent.post("withdraw")
    lent.citizens.do(clear_lending, str(lent.place), str(lent.row.id))
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=lent.place)):
        assert db.session.scalar(select(func.count()).select_from(Document)) == 0
        row = db.session.get(Lending, lent.row.id)
    assert row is not None and row.wrapped_key is None


def test_a_lending_that_ended_while_it_was_opened_is_noticed(lent: Lent) -> None:
    with lent.citizens.app.test_request_context():
        withdraw_lending(lent.person.actor, lent.row.id)
        with pytest.raises(NotFound):
            open_lent(lent.reader.actor, lent.row.id)
