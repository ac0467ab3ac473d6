"""Signing up, in and out over HTTP: what a stranger can learn, what a link is worth, when a session is over."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from entitylocker import tenancy
from entitylocker.accounts import signing
from entitylocker.accounts.models import Person as PersonRow
from entitylocker.accounts.models import PersonSession
from entitylocker.accounts.service import load_session
from entitylocker.extensions import db, limiter
from entitylocker.notifications.service import list_outbox
from entitylocker.tenancy import Tenant
from tests.factories import PASSWORD, Organisations, csrf_token


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    """Each test begins with no attempt counted."""
    with app.app_context():
        limiter.storage.reset()


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def mails_to(app: Flask, email: str) -> list[Any]:
    with app.app_context():
        return [mail for mail in list_outbox(limit=200) if mail.recipient == email]


def link_in(mail: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", mail.text)
    assert found
    return found.group(1)


def body(response: Any) -> str:
    return re.sub(r'value="[^"]{40,}"', "", response.get_data(as_text=True))


def test_sign_up_by_mail_and_password_opens_an_account(app: Flask, client: FlaskClient) -> None:
    email = f"{uuid4().hex}@example.in"
    sent = post(client, "/sign-up", name="Meera Joshi", email=email, password=PASSWORD)
    assert (sent.status_code, sent.location) == (303, "/sign-up/check-mail")
    (mail,) = mails_to(app, email)
    path = link_in(mail)
    assert "Meera" not in mail.text, "a stranger's words are not mailed to an unconfirmed address"
    assert post(client, "/sign-in", email=email, password=PASSWORD).status_code == 422, "not before confirming"
    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200, "looking uses nothing up: mail scanners follow links"
    assert post(client, path, password="not the right password").status_code == 422
    assert post(client, path, password=PASSWORD).location == "/"
    assert client.get("/account").status_code == 200
    assert app.test_client().get(path).status_code == 404, "a link works once"


def test_whoever_signs_up_with_anothers_address_gets_no_account(app: Flask, client: FlaskClient) -> None:
    email = f"{uuid4().hex}@example.in"
    post(client, "/sign-up", name="Mallory", email=email, password="mallory knows this one")
    post(client, "/sign-up", name="Meera Joshi", email=email, password=PASSWORD)
    own, foreign = (link_in(mail) for mail in mails_to(app, email))
    victim = app.test_client()
    assert post(victim, foreign, password=PASSWORD).status_code == 422
    assert post(victim, own, password=PASSWORD).status_code == 303
    assert post(client, foreign, password="mallory knows this one").status_code == 404
    assert post(client, "/sign-in", email=email, password="mallory knows this one").status_code == 422


def test_sign_up_tells_nobody_which_addresses_are_known(
    app: Flask, client: FlaskClient, organisations: Organisations
) -> None:
    known = organisations.person().email
    unknown = f"{uuid4().hex}@example.in"
    answers = [post(client, "/sign-up", name="Any Name", email=email, password=PASSWORD) for email in (known, unknown)]
    assert len({(a.status_code, a.location, a.data) for a in answers}) == 1
    (mail,) = mails_to(app, known)
    assert "/sign-in" in mail.text
    assert "confirm" not in mail.text
    assert len(mails_to(app, unknown)) == 1


def test_sign_in_tells_nobody_which_addresses_are_known(
    client: FlaskClient, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[bool] = []
    verify = signing.verify_password
    monkeypatch.setattr(signing, "verify_password", lambda *a: calls.append(a[0] is None) or verify(*a))
    known = organisations.person().email
    answers = [post(client, "/sign-in", email=email, password="a wrong password") for email in (known, "x" + known)]
    assert [a.status_code for a in answers] == [422, 422]
    assert body(answers[0]).replace(known, "") == body(answers[1]).replace("x" + known, "")
    assert calls == [False, True], "an unknown address costs a hash, too"


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    older = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(update(PersonRow).values(password_hash=older))
    assert post(app.test_client(), "/sign-in", email=person.email.upper(), password=PASSWORD).status_code == 303
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        assert "m=65536,t=3" in db.session.scalars(select(PersonRow.password_hash)).one()


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account?tab=1", "/account?tab=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_sign_in_one_stays_on_this_site(
    app: Flask, organisations: Organisations, wanted: str, reached: str
) -> None:
    person = organisations.person()
    answer = post(app.test_client(), "/sign-in", email=person.email, password=PASSWORD, next=wanted)
    assert (answer.status_code, answer.location) == (303, reached)
    seen = person.client().get("/sign-in", query_string={"next": wanted})
    assert (seen.status_code, seen.location) == (303, reached)


def test_signing_in_gives_a_fresh_cookie(app: Flask, client: FlaskClient, organisations: Organisations) -> None:
    person = organisations.person()
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    post(client, "/sign-in", email=person.email, password=PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != person.token
        found = load_in(app, cookie["_user_id"])
    assert found is not None
    assert found.person_id == person.person_id


def load_in(app: Flask, token: str) -> Any:
    with app.app_context():
        return load_session(token)


def test_after_sign_out_the_cookie_is_worth_nothing(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    client = person.client()
    page = client.get("/account")
    assert page.headers["Cache-Control"] == "no-store", "going back shows nothing"
    assert post(client, "/sign-out").location == "/sign-in"
    assert client.get("/account").location.startswith("/sign-in")
    assert person.client().get("/account").location.startswith("/sign-in"), "a kept cookie does not sign in"
    assert post(client, "/sign-out").status_code == 303, "twice does no harm"


def test_the_database_keeps_no_token(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        row = db.session.execute(text("SELECT s::text FROM sessions s")).scalar_one()
    assert person.token not in row


@pytest.mark.parametrize("column", ["created_at", "last_seen_at"])
def test_a_session_ends_by_age_and_by_idleness(app: Flask, organisations: Organisations, column: str) -> None:
    person = organisations.person()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(text(f"UPDATE sessions SET {column} = now() - interval '13 hours'"))
    assert load_in(app, person.token) is None


def test_last_use_is_noted_at_most_once_a_minute(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    tenant = Tenant(person_id=person.person_id)
    seen = select(PersonSession.last_seen_at)
    with app.app_context():
        with tenancy.transaction(tenant):
            before = db.session.scalars(seen).one()
        load_session(person.token)
        with tenancy.transaction(tenant):
            assert db.session.scalars(seen).one() == before
            db.session.execute(text("UPDATE sessions SET last_seen_at = last_seen_at - interval '61 seconds'"))
        load_session(person.token)
        with tenancy.transaction(tenant):
            assert db.session.scalars(seen).one() >= before


def test_guessing_is_stopped_and_locks_nobody_else_out(app: Flask, organisations: Organisations) -> None:
    person, other = organisations.person(), organisations.person()
    guesser = app.test_client()
    statuses = [
        post(guesser, "/sign-in", email=person.email, password=f"guess number {n}").status_code for n in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2
    again = post(app.test_client(), "/sign-in", email=f" {person.email.upper()}", password=PASSWORD)
    assert again.status_code == 429, "other spellings count together"
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    theirs = post(elsewhere, "/sign-in", email=person.email, password=PASSWORD)
    assert theirs.status_code == 303, "a stranger's guesses lock the owner out"
    assert post(guesser, "/sign-in", email=other.email, password=PASSWORD).status_code == 303


def test_successes_do_not_count_against_an_account(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    for _ in range(11):
        assert post(app.test_client(), "/sign-in", email=person.email, password=PASSWORD).status_code == 303


def test_a_form_without_its_token_does_nothing(client: FlaskClient, organisations: Organisations) -> None:
    person = organisations.person()
    assert client.post("/sign-in", data={"email": person.email, "password": PASSWORD}).status_code == 400
