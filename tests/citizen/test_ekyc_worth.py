"""What offline e-KYC is worth: a file for a name on a day, and no more than that is said anywhere."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.citizen.models import CitizenProof, ShownProof
from entitylocker.citizen.rules import same_birth
from entitylocker.citizen.service import ekyc_lasts
from entitylocker.config import BadSetting
from entitylocker.extensions import db
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.web.formats import docdate
from tests.citizen.ekyc_files import Signer, genuine, pack, sign, unsigned
from tests.citizen.house import Citizens, said
from tests.citizen.test_proofs import send, show
from tests.factories import Person

CODE = "Zq7Kx9pW4t"


def _data(citizens: Citizens, person: Person, tag: str) -> dict[str, object]:
    found = [event.data for event in citizens.events() if event.actor_id == person.person_id and event.tag == tag]
    assert found
    return found[-1]


def test_pages_and_trails_say_for_whom_and_when_the_file_was_issued_and_not_who_brought_it(
    citizens: Citizens, ekyc_signer: Signer
) -> None:
    person, administrator = citizens.member()
    issued_at = datetime.now(UTC) - timedelta(days=1)
    send(citizens, person, genuine(ekyc_signer, name=person.name, made_at=issued_at))
    page = said(citizens.browser(person).get("/account/citizen"))
    assert f"issued a file for {person.name} on {docdate(issued_at)}" in page and "does not prove that you are" in page
    assert "RSA and SHA-256" in page and "Same name as your account" in page
    kept = _data(citizens, person, "proof:add")
    assert kept["proves"] == "a file issued for a name" and str(kept["issued_at"])[:10] == str(issued_at.date())
    assert (kept["method"], kept["same_name"], kept["same_name_as_lockers"]) == ("rsa-sha256", True, None)
    [proof] = citizens.rows(person, CitizenProof)
    show(citizens, person, proof.id, administrator.organisation_id)
    people = said(citizens.browser(administrator).get(f"/organisations/{administrator.organisation_id}/people"))
    assert f"Has an offline e-KYC file for {person.name}" in people and "Proved to be" not in people
    assert f"issued on {docdate(issued_at)}" in people and "not who brought it" in people
    [event] = [event for event in citizens.events(administrator.organisation_id) if event.tag == "proof:show"]
    assert event.data["proves"] == "a file issued for a name" and event.data["issued_at"] == kept["issued_at"]


def test_a_file_for_another_name_is_said_to_be_one_on_both_sides(citizens: Citizens, ekyc_signer: Signer) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link = citizens.link(person)
    written = f"{link.born_on:%d-%m-%Y}"
    send(citizens, person, genuine(ekyc_signer, name="Somebody Else Entirely", dob=written))
    page = said(citizens.browser(person).get("/account/citizen"))
    assert "Another name than in your citizen locker" in page and "Another name than your account" in page
    kept = _data(citizens, person, "proof:add")
    assert (kept["same_name"], kept["same_name_as_lockers"]) == (False, False)
    [proof] = citizens.rows(person, CitizenProof)
    show(citizens, person, proof.id, administrator.organisation_id)
    people = said(citizens.browser(administrator).get(f"/organisations/{administrator.organisation_id}/people"))
    assert "another name than the account" in people


@pytest.mark.parametrize("born", ["14-02-1991", "1991"])
def test_a_file_with_another_birth_than_the_linked_locker_proves_is_somebody_elses(
    citizens: Citizens, ekyc_signer: Signer, born: str
) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    link = citizens.link(person)
    assert link.born_on is not None and link.born_on.year != 1991
    data = genuine(ekyc_signer, dob=born)
    answer = send(citizens, person, data)
    assert answer.status_code == 422 and "another date of birth than your linked citizen locker" in said(answer)
    assert citizens.rows(person, CitizenProof) == []
    assert send(citizens, citizens.organisations.person(), data).status_code == 303, "and whose it is may still use it"


def test_a_locker_linked_afterwards_that_says_another_birth_makes_the_file_unfit_to_be_shown(
    citizens: Citizens, ekyc_signer: Signer
) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    send(citizens, person, genuine(ekyc_signer), with_birthday="1")
    citizens.link(person)
    assert "Another date of birth than your citizen locker" in said(citizens.browser(person).get("/account/citizen"))
    [proof] = citizens.rows(person, CitizenProof)
    answer = show(citizens, person, proof.id, administrator.organisation_id)
    assert answer.status_code == 422 and "another date of birth" in said(answer)
    assert citizens.rows(person, ShownProof) == []


def test_a_locker_linked_afterwards_that_says_another_birth_ends_what_was_shown(
    citizens: Citizens, ekyc_signer: Signer
) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    send(citizens, person, genuine(ekyc_signer), with_birthday="1")
    [proof] = citizens.rows(person, CitizenProof)
    show(citizens, person, proof.id, administrator.organisation_id)
    assert len(citizens.rows(person, ShownProof)) == 1
    citizens.link(person)
    assert citizens.rows(person, ShownProof) == []


@pytest.mark.parametrize(
    ("written", "same"),
    [("09-03-1984", True), ("09/03/1984", True), ("1984", True), ("1985", False), ("10-03-1984", False), ("", None)],
)
def test_births_are_compared_as_far_as_a_file_says_them(citizens: Citizens, written: str, same: bool | None) -> None:
    assert same_birth(written, citizens.one.people["meera"].born_on) is same


def test_how_old_a_file_may_be_is_a_setting(
    citizens: Citizens, ekyc_signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = citizens.app.extensions["entitylocker"]
    person, two_days = citizens.organisations.person(), datetime.now(UTC) - timedelta(days=2)
    monkeypatch.setattr(room, "settings", replace(room.settings, ekyc_days=1))
    answer = send(citizens, person, genuine(ekyc_signer, made_at=two_days))
    assert answer.status_code == 422 and "older than one day" in said(answer) and "within one day" in said(answer)
    monkeypatch.setattr(room, "settings", replace(room.settings, ekyc_days=5))
    assert "within 5 days" in said(citizens.browser(person).get("/account/citizen"))
    assert send(citizens, person, genuine(ekyc_signer, made_at=two_days)).status_code == 303
    monkeypatch.setattr(room, "settings", replace(room.settings, ekyc_days=0))
    with citizens.app.app_context(), pytest.raises(BadSetting):
        ekyc_lasts()


def test_the_share_code_is_kept_nowhere(
    citizens: Citizens, ekyc_signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    person = citizens.organisations.person()
    good = send(citizens, person, pack(sign(unsigned(), ekyc_signer), CODE), CODE)
    wrong = send(citizens, person, pack(sign(unsigned(), ekyc_signer), CODE), f"{CODE}1")
    assert (good.status_code, wrong.status_code) == (303, 422)
    assert CODE not in good.text + wrong.text + str(good.headers) + str(wrong.headers) + caplog.text
    for tenant, tables in (
        (Tenant(person_id=person.person_id), ("citizen_proofs", "citizen_links", "sessions")),
        (Tenant(DatabaseRole.WORKER), ("outbox_messages",)),
    ):
        with citizens.app.app_context(), tenancy.transaction(tenant):
            for table in tables:
                rows = db.session.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars().all()
                assert CODE not in str(rows), table
    assert CODE not in str([event.data for event in citizens.events()])
