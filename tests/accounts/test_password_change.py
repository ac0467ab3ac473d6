"""Changing one's password: who may, what it takes, what ends with it; notices of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.accounts import password_change
from entitylocker.accounts.models import Person as PersonRow
from entitylocker.accounts.password_change import change_password
from entitylocker.accounts.passwords import verify_password
from entitylocker.accounts.people import find_person
from entitylocker.accounts.service import load_session
from entitylocker.errors import Conflict, StepUpRequired
from entitylocker.extensions import db, limiter, utc_now
from entitylocker.tenancy import Tenant
from tests.accounts.mailbox import link_in, log_of, mails_to, post
from tests.accounts.test_resets import NEW, reset_path
from tests.accounts.test_sessions import another_session
from tests.factories import PASSWORD, Organisations, Person, csrf_token


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def fits(app: Flask, person: Person, password: str) -> bool:
    with app.app_context():
        row = find_person(person.person_id)
        assert row is not None
        return verify_password(row.password_hash, password)


def fresh(person: Person) -> Actor:
    return replace(person.actor, confirmed_at=utc_now())


def test_a_password_is_changed_with_the_one_until_now(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    other = another_session(app, person)
    client = person.client()
    page = client.get("/account/password")
    assert page.status_code == 200
    assert 'name="current_password"' in page.get_data(as_text=True)
    wrong = post(client, "/account/password", current_password="not this one", password=NEW)
    assert wrong.status_code == 422
    assert fits(app, person, PASSWORD)
    right = post(client, "/account/password", current_password=PASSWORD, password=NEW, end_others="1")
    assert (right.status_code, right.location) == (303, "/account")
    assert fits(app, person, NEW)
    assert client.get("/account").status_code == 200, "this session goes on"
    with app.app_context():
        assert load_session(other.token) is None
    assert len(mails_to(app, person.email, "Your password was changed")) == 1
    assert person.person_id in {event.subject_id for event in log_of(app, "person:password_change")}


def test_other_sessions_go_on_if_one_wishes(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    other = another_session(app, person)
    post(person.client(), "/account/password", current_password=PASSWORD, password=NEW)
    assert fits(app, person, NEW)
    with app.app_context():
        assert load_session(other.token) is not None


@pytest.mark.parametrize("unfit", ["short", "Password2026", "x" * 129, "meera joshi 2026", "abcdefghijklm"])
def test_an_unfit_password_changes_nothing(app: Flask, organisations: Organisations, unfit: str) -> None:
    person = organisations.person()
    answer = post(person.client(), "/account/password", current_password=PASSWORD, password=unfit)
    assert answer.status_code == 422
    assert "f-password-error" in answer.get_data(as_text=True)
    assert fits(app, person, PASSWORD)


def test_an_old_session_must_confirm_first(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    stale = replace(person.actor, confirmed_at=utc_now() - timedelta(hours=1))
    with app.test_request_context(), pytest.raises(StepUpRequired):
        change_password(stale, current=PASSWORD, password=NEW, end_others=False)
    assert fits(app, person, PASSWORD)


def test_who_has_no_password_sets_the_first_one(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(update(PersonRow).values(password_hash=None))
    client = person.client()
    page = client.get("/account/password").get_data(as_text=True)
    assert 'name="current_password"' not in page
    assert "Set a password" in page
    assert post(client, "/account/password", password=NEW).status_code == 303
    assert fits(app, person, NEW)


def test_a_change_meets_another_change(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = organisations.person()
    hashing = password_change.hash_password

    def in_the_meantime(password: str) -> str:
        with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.execute(text("UPDATE persons SET password_hash = 'changed'"))
        return hashing(password)

    monkeypatch.setattr(password_change, "hash_password", in_the_meantime)
    with app.test_request_context(), pytest.raises(Conflict):
        change_password(fresh(person), current=PASSWORD, password=NEW, end_others=False)


def test_a_change_ends_links_for_a_new_password(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    path = reset_path(app, person.email)
    post(person.client(), "/account/password", current_password=PASSWORD, password=NEW)
    assert app.test_client().get(path).status_code == 404
    assert "password_changed" in {event.data["why"] for event in log_of(app, "person:reset_end")}


def test_attack_guessing_the_password_in_a_stolen_session_is_stopped(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    client = person.client()
    statuses = [
        post(client, "/account/password", current_password=f"guess {number}", password=NEW).status_code
        for number in range(14)
    ]
    assert 429 in statuses
    assert fits(app, person, PASSWORD)


def test_a_sign_in_from_a_new_browser_is_told_and_from_a_known_one_is_not(
    app: Flask, organisations: Organisations
) -> None:
    person = organisations.person()
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    client = app.test_client()

    def sign_in(browser: FlaskClient) -> None:
        sent = {"email": person.email, "password": PASSWORD, "csrf_token": csrf_token(browser)}
        answer = browser.post("/sign-in", data=sent, headers=agent)
        assert answer.status_code == 303

    sign_in(client)
    (mail,) = mails_to(app, person.email, "new browser")
    assert "Firefox, Linux" in mail.text and "127.0.0.1" in mail.text
    post(client, "/sign-out")
    sign_in(client)
    assert len(mails_to(app, person.email, "new browser")) == 1, "it is known now, also after signing out"
    sign_in(app.test_client())
    assert len(mails_to(app, person.email, "new browser")) == 2
    cookie = client.get_cookie("browser")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax"


def test_the_first_sign_in_of_all_is_no_news(app: Flask) -> None:
    email = f"{uuid4().hex}@example.in"
    client = app.test_client()
    post(client, "/sign-up", name="Meera Joshi", email=email, password=NEW)
    post(client, link_in(mails_to(app, email)[0]), password=NEW)
    assert mails_to(app, email, "new browser") == []


def test_ending_the_others_is_told(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    another_session(app, person)
    post(person.client(), "/account/sessions/end-others")
    (mail,) = mails_to(app, person.email, "signed out elsewhere")
    assert "One session" in mail.text


def test_attack_11_a_session_of_another_person_cannot_be_ended_by_its_id(
    app: Flask, organisations: Organisations
) -> None:
    person, victim = organisations.person(), organisations.person()
    client = person.client()
    ended = len(log_of(app, "person:session_end"))
    answer = post(client, f"/account/sessions/{victim.session_id}/end")
    assert answer.status_code == 404
    with app.app_context():
        assert load_session(victim.token) is not None
    assert len(log_of(app, "person:session_end")) == ended


def test_attack_04_every_end_of_a_session_leaves_an_event(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    one, two, three = (another_session(app, person) for _ in range(3))
    client = person.client()

    def ended(tag: str) -> set[object]:
        return {event.subject_id for event in log_of(app, tag)}

    post(client, f"/account/sessions/{one.session_id}/end")
    assert one.session_id in ended("person:session_end")
    post(client, "/account/sessions/end-others")
    assert {two.session_id, three.session_id} <= ended("person:session_end")
    post(client, "/sign-out")
    assert person.session_id in ended("person:sign_out")
