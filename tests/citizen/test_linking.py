"""Linking a citizen locker: what is proved and kept, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.citizen import revoking
from entitylocker.citizen.adapters.digilocker import DigiLocker
from entitylocker.citizen.jobs import note_ending
from entitylocker.citizen.models import CitizenLink, Lending
from entitylocker.citizen.revoking import revoke_waiting
from entitylocker.citizen.sealing import Sealed, unseal
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.citizen.house import Citizens, said
from tests.citizen.test_proofs import show, shown


def test_a_link_proves_name_and_day_of_birth_and_keeps_the_tokens_sealed(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person("Meera Joshi")
    link = citizens.link(person)
    citizen = citizens.one.people["meera"]
    assert (link.issuer, link.subject) == (citizens.one.base_url, citizen.id)
    assert (link.name, link.born_on) == (citizen.name, citizen.born_on)
    assert link.proved_at <= utc_now() and link.broken_at is None
    with citizens.app.app_context():
        kept = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens))
    assert kept.access_token.encode() not in link.sealed_tokens and kept.refresh_token
    page = citizens.browser(person).get("/account/citizen")
    assert page.status_code == 200 and citizen.name in said(page)
    assert kept.access_token not in page.text


def test_the_visit_carries_the_challenge_and_only_the_exact_address_of_this_locker(citizens: Citizens) -> None:
    address = citizens.browser(citizens.organisations.person()).begin()
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"] and len(asked["code_challenge"][0]) == 43
    assert asked["redirect_uri"][0].endswith("/citizen/digilocker/callback")
    assert len(asked["state"][0]) == 43 and asked["response_type"] == ["code"]


def test_the_name_of_the_account_stays_and_a_difference_is_said(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person("Somebody Else")
    citizens.link(person)
    page = said(citizens.browser(person).get("/account/citizen"))
    assert "Another name than your account" in page and "Same name as your account" not in page
    assert person.name in page


def test_the_page_about_security_says_that_the_locker_opens_the_account_too(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    browser, nothing = citizens.browser(person), "no citizen locker and no sign-in of an organisation is linked"
    assert nothing in said(browser.get("/account/security"))
    link = citizens.link(person)
    page = browser.get("/account/security")
    assert f", as {link.name}" in said(page) and 'href="/account/citizen"' in page.text and nothing not in said(page)
    browser.post(f"/account/citizen/links/{link.id}/end")
    assert nothing in said(browser.get("/account/security"))


def test_an_end_takes_the_tokens_at_once_and_the_locker_is_told(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    link = citizens.link(person)
    with citizens.app.app_context():
        token = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens)).access_token
    assert citizens.browser(person).post(f"/account/citizen/links/{link.id}/end").status_code == 303
    assert citizens.rows(person, CitizenLink) == []
    assert _answers_to(citizens, token) == 200
    citizens.do(revoke_waiting)
    assert _answers_to(citizens, token) == 401
    assert _waiting(citizens) == 0


def _answers_to(citizens: Citizens, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return citizens.one.app.test_client().get("/public/oauth2/1/user", headers=headers).status_code


def _waiting(citizens: Citizens) -> int:
    """How many tokens of this locker wait to be given back; others of this database belong to other tests."""
    statement = text("SELECT count(*) FROM citizen_revocations WHERE locker_key = 'digilocker'")
    with citizens.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        return int(db.session.scalar(statement) or 0)


def test_tokens_that_the_locker_does_not_take_back_are_forgotten_after_a_day(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens.do(revoke_waiting)
    citizens.fresh_citizen("rohan")
    person = citizens.organisations.person()
    link = citizens.link(person, "rohan")
    citizens.browser(person).post(f"/account/citizen/links/{link.id}/end")
    citizens.one.faults.switch_on("error", "revoke", times=2)
    citizens.do(revoke_waiting)
    assert _waiting(citizens) == 1
    monkeypatch.setattr(revoking, "KEPT_FOR", timedelta(0))
    citizens.do(revoke_waiting)
    assert _waiting(citizens) == 0


def test_a_token_is_refreshed_when_its_time_is_over_and_the_old_refresh_token_is_used_up(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person()
    link = citizens.link(person)
    _let_expire(citizens, person, link)
    assert citizens.browser(person).get(f"/account/citizen/links/{link.id}/lend").status_code == 200
    after: CitizenLink = citizens.rows(person, CitizenLink)[0]
    with citizens.app.app_context():
        before = unseal(link.id, Sealed(link.wrapped_key, link.sealed_tokens))
        now = unseal(after.id, Sealed(after.wrapped_key, after.sealed_tokens))
    assert now.access_token != before.access_token and now.refresh_token != before.refresh_token
    assert after.broken_at is None and after.tokens_expire_at and after.tokens_expire_at > utc_now()


def _let_expire(citizens: Citizens, person: Any, link: CitizenLink) -> None:
    with citizens.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        over = update(CitizenLink).where(CitizenLink.id == link.id)
        db.session.execute(over.values(tokens_expire_at=utc_now() - timedelta(seconds=1)))


def test_consent_that_was_withdrawn_over_there_makes_the_link_one_to_be_made_again(citizens: Citizens) -> None:
    citizens.fresh_citizen("rohan")
    person = citizens.organisations.person()
    link = citizens.link(person, "rohan")
    citizens.one.withdraw("rohan")
    answer = citizens.browser(person).get(f"/account/citizen/links/{link.id}/lend")
    assert answer.status_code == 409 and "Link it again" in said(answer)
    page = said(citizens.browser(person).get("/account/citizen"))
    assert "Needs to be linked again" in page
    again = citizens.link(person, "rohan")
    assert again.id == link.id and again.broken_at is None


def test_a_locker_that_misbehaves_changes_nothing(citizens: Citizens) -> None:
    for fault in ("error", "error_530", "not_json", "redirect", "huge_body"):
        person = citizens.organisations.person()
        browser = citizens.browser(person)
        back = citizens.one.walk(browser.begin(), "farhan")
        citizens.one.faults.switch_on(fault, "token", times=1)
        answer = browser.come_back(back)
        assert answer.status_code == 503, (fault, said(answer))
        assert citizens.rows(person, CitizenLink) == []


def test_a_person_who_says_no_over_there_is_told_that_nothing_was_linked(citizens: Citizens) -> None:
    person = citizens.organisations.person()
    browser = citizens.browser(person)
    answer = browser.come_back(citizens.one.walk(browser.begin(), "meera", decision="deny"))
    assert answer.status_code == 400 and "Nothing was linked" in said(answer)


def _names_now(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    """Let the citizen locker say something else of everybody from now on."""
    real = DigiLocker.identity
    monkeypatch.setattr(DigiLocker, "identity", lambda self, token: replace(real(self, token), **facts))


def test_another_name_over_there_hides_what_was_shown_until_it_is_shown_again(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    place, people = administrator.organisation_id, f"/organisations/{administrator.organisation_id}/people"
    admin = citizens.browser(administrator)
    link = citizens.link(person)
    citizens.lend(person, link, administrator)
    show(citizens, person, link.id, place)
    [before] = shown(citizens, person)
    assert citizens.link(person).reference_key != link.reference_key
    assert [row.id for row in shown(citizens, person)] == [before.id], "the same name: nothing is hidden"
    _names_now(monkeypatch, name="Meera Kulkarni")
    again = citizens.link(person)
    assert (again.id, again.name, again.born_on) == (link.id, "Meera Kulkarni", link.born_on)
    assert shown(citizens, person) == [] and "Proved to be" not in said(admin.get(people))
    assert [row.ended_at for row in citizens.rows(person, Lending)] == [None], "what is lent stays lent"
    assert citizens.mails(person)[-1].subject == "Your citizen locker names you differently"
    citizens.do(note_ending, str(place), str(before.id), "renamed")
    event = citizens.events(place)[-1]
    assert (event.tag, event.data["because"]) == ("proof:hide", "renamed")
    linked = [event for event in citizens.events() if event.tag == "citizen:link" and event.subject_id == link.id]
    assert [event.data["renamed"] for event in linked] == [False, False, True]
    show(citizens, person, link.id, place)
    assert "Proved to be Meera Kulkarni" in said(admin.get(people))


def test_another_spelling_of_the_name_hides_nothing(citizens: Citizens, monkeypatch: pytest.MonkeyPatch) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link = citizens.link(person)
    show(citizens, person, link.id, administrator.organisation_id)
    _names_now(monkeypatch, name=f"Smt. {link.name.upper()}")
    assert citizens.link(person).name == f"Smt. {link.name.upper()}"
    assert len(shown(citizens, person)) == 1


def test_another_day_of_birth_over_there_is_somebody_else(citizens: Citizens, monkeypatch: pytest.MonkeyPatch) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link, browser = citizens.link(person), citizens.browser(person)
    show(citizens, person, link.id, administrator.organisation_id, with_birthday="1")
    for born_on in (None, date(1970, 1, 1)):
        _names_now(monkeypatch, name="Someone Else", born_on=born_on)
        answer = browser.come_back(citizens.one.walk(browser.begin(), "meera"))
    assert (
        answer.status_code == 409 and "another date of birth" in said(answer) and "end the link first" in said(answer)
    )
    [after] = citizens.rows(person, CitizenLink)
    assert after.born_on == link.born_on
    browser.post(f"/account/citizen/links/{link.id}/end")
    assert citizens.link(person).born_on == date(1970, 1, 1)
