"""Signing in with a linked citizen locker."""

from __future__ import annotations

from entitylocker.accounts.service import list_sessions
from tests.citizen.house import Citizens, said


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
