"""Signing in with a linked citizen locker."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from entitylocker import tenancy
from entitylocker.accounts import authenticator
from entitylocker.accounts.models import Person as PersonRow
from entitylocker.accounts.service import list_sessions
from entitylocker.citizen.models import CitizenLink
from entitylocker.extensions import db, limiter
from entitylocker.tenancy import Tenant
from tests.accounts.browsing import NOW, add_app, code_of, is_signed_in
from tests.accounts.mailbox import link_in, mails_to, post
from tests.citizen.house import Browser, Citizens, said
from tests.factories import Person

NEW = "quite another long password 42"


@pytest.fixture(autouse=True)
def _no_counts(citizens: Citizens) -> None:
    with citizens.app.app_context():
        limiter.reset()


def test_whoever_is_linked_is_signed_in_with_one_factor(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person = citizens.organisations.person("Meera Joshi")
    citizens.link(person)
    browser = citizens.stranger()
    assert "Sign in with Sample digilocker" in said(browser.get("/sign-in"))
    answer = browser.come_back(citizens.one.walk(browser.begin(sign_in=True), "meera"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = browser.get("/account")
    assert page.status_code == 200 and person.email in page.text
    with citizens.app.test_request_context():
        assert len(list_sessions(person.actor)) == 2


def test_the_page_lets_its_form_lead_to_the_lockers_and_nowhere_else(citizens: Citizens) -> None:
    policy = citizens.stranger().get("/sign-in").headers["Content-Security-Policy"]
    allowed = policy.split("form-action")[1].split(";")[0].split()
    assert allowed == ["'self'", citizens.one.base_url, citizens.two.base_url]


def test_who_ended_the_link_is_signed_in_with_it_no_longer(citizens: Citizens) -> None:
    citizens.fresh_citizen("farhan")
    person = citizens.organisations.person()
    link = citizens.link(person, "farhan")
    citizens.browser(person).post(f"/account/citizen/links/{link.id}/end")
    browser = citizens.stranger()
    answer = browser.come_back(citizens.one.walk(browser.begin(sign_in=True), "farhan"))
    assert answer.headers["Location"].endswith("/sign-in")


def test_a_locker_that_is_not_set_up_is_not_there(citizens: Citizens) -> None:
    assert citizens.stranger().post("/citizen/nothing/sign-in").status_code == 404
    assert citizens.stranger().get("/citizen/nothing/callback?state=x&code=y").status_code == 404


def _arrive(citizens: Citizens, citizen: str) -> tuple[Browser, str]:
    """Sign in with the citizen locker in a fresh browser; where it leads."""
    browser = citizens.stranger()
    answer = browser.come_back(citizens.one.walk(browser.begin(sign_in=True), citizen))
    return browser, str(answer.headers.get("Location"))


def test_who_has_a_second_factor_is_asked_for_it_after_the_citizen_locker(
    citizens: Citizens, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizens.fresh_citizen("rohan")
    person = citizens.organisations.person("Rohan Kulkarni")
    citizens.link(person, "rohan")
    monkeypatch.setattr(authenticator, "current_step", lambda: NOW)
    app, made = add_app(citizens.browser(person).client)
    assert made.status_code == 200
    browser, onward = _arrive(citizens, "rohan")
    assert onward.endswith("/sign-in/second-step") and not is_signed_in(browser.client)
    assert browser.post("/sign-in/second-step", code="000000").status_code == 422
    assert not is_signed_in(browser.client)
    assert browser.post("/sign-in/second-step", code=code_of(app)).status_code == 303
    assert is_signed_in(browser.client)
    with citizens.app.test_request_context():
        ways = [row.ways for row in list_sessions(person.actor)]
    assert ("another organisation’s sign-in", "one-time code") in ways


def _without_password(citizens: Citizens, person: Person) -> None:
    with citizens.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(update(PersonRow).where(PersonRow.id == person.person_id).values(password_hash=None))


def test_the_only_way_in_may_be_ended_and_the_way_back_is_said_and_mailed(citizens: Citizens) -> None:
    citizens.fresh_citizen("farhan")
    person = citizens.organisations.person()
    link = citizens.link(person, "farhan")
    assert "only way into your account" not in said(citizens.browser(person).get("/account/citizen"))
    _without_password(citizens, person)
    page = said(citizens.browser(person).get("/account/citizen"))
    assert "It is the only way into your account" in page and f"mailed to {person.email}" in page
    assert citizens.browser(person).post(f"/account/citizen/links/{link.id}/end").status_code == 303
    assert citizens.rows(person, CitizenLink) == []
    [mail] = mails_to(citizens.app, person.email, "Set a password to sign in again")
    assert link_in(mail) == "/forgotten"
    client = citizens.app.test_client()
    post(client, "/forgotten", email=person.email)
    post(client, link_in(mails_to(citizens.app, person.email, "Set a new password")[-1]), password=NEW)
    assert post(citizens.app.test_client(), "/sign-in", email=person.email, password=NEW).status_code == 303


def test_each_new_and_each_ended_link_is_told_to_its_person_once(citizens: Citizens) -> None:
    """It is one more way into the account: who did not make it must know."""
    citizens.fresh_citizen("farhan")
    person = citizens.organisations.person()
    link = citizens.link(person, "farhan")
    citizens.link(person, "farhan")
    assert len(mails_to(citizens.app, person.email, "was linked to your account")) == 1
    citizens.browser(person).post(f"/account/citizen/links/{link.id}/end")
    assert len(mails_to(citizens.app, person.email, "was unlinked from your account")) == 1
