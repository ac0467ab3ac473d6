"""Securing an account: what somebody began with the old password ends, also if both happen at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.accounts import authenticator, confirming, second_step, signing
from entitylocker.accounts.epochs import hold_epoch, lock_person
from entitylocker.accounts.errors import AddressLinkEnded, ProofVoid, ResetLinkEnded, SignInFailed
from entitylocker.accounts.people import tenant_of_person
from entitylocker.accounts.service import Visit, load_session, sign_in
from entitylocker.accounts.sessions import open_session
from entitylocker.errors import NotFound
from entitylocker.extensions import db, limiter
from tests.accounts.browsing import NOW, add_app, code_of, is_signed_in
from tests.accounts.browsing import sign_in as sign_in_over_http
from tests.accounts.mailbox import link_in, mails_to, post
from tests.factories import PASSWORD, Organisations, Person

NEW = "seven wet otters juggle"
Act = Callable[[Flask, Person, FlaskClient], Any]


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def reset(app: Flask, person: Person, _client: FlaskClient) -> None:
    post(app.test_client(), "/forgotten", email=person.email)
    path = link_in(mails_to(app, person.email, "Set a new password")[-1])
    assert post(app.test_client(), path, password=NEW).status_code == 303


def change(_app: Flask, _person: Person, client: FlaskClient) -> None:
    fields = {"current_password": PASSWORD, "password": NEW}
    assert post(client, "/account/password", **fields).status_code == 303


def end_others(_app: Flask, _person: Person, client: FlaskClient) -> None:
    assert post(client, "/account/sessions/end-others").status_code == 303


def elsewhere(act: Act, app: Flask, person: Person, client: FlaskClient | None = None) -> None:
    """Do it in a thread, with connections of its own."""

    other = threading.Thread(target=act, args=(app, person, client or person.client()))
    other.start()
    other.join(30)
    assert not other.is_alive()


@pytest.mark.parametrize("act", [reset, change, end_others])
def test_a_sign_in_that_was_on_its_way_opens_nothing(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    """The password was found right; then the account is secured; then the session would be opened."""
    person = organisations.person()
    goes_on = signing.open_for

    def late(*args: Any, **rest: Any) -> str:
        elsewhere(act, app, person)
        return goes_on(*args, **rest)

    monkeypatch.setattr(signing, "open_for", late)
    with app.app_context(), pytest.raises(SignInFailed):
        sign_in(person.email, PASSWORD, Visit())


@pytest.mark.parametrize("act", [reset, change, end_others])
def test_a_ticket_for_the_second_step_ends_when_the_account_is_secured(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    monkeypatch.setattr(authenticator, "current_step", lambda: NOW)
    person = organisations.person()
    client = person.client()
    totp, _answer = add_app(client)
    thief, answer = sign_in_over_http(app, person)
    assert answer.location == "/sign-in/second-step"
    elsewhere(act, app, person, client)
    answer = post(thief, "/sign-in/second-step", code=code_of(totp))
    assert (answer.status_code, answer.location.split("?")[0]) == (303, "/sign-in")
    assert not is_signed_in(thief)


def test_a_second_step_that_was_on_its_way_opens_nothing(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator, "current_step", lambda: NOW)
    person = organisations.person()
    totp: pyotp.TOTP = add_app(person.client())[0]
    thief, _answer = sign_in_over_http(app, person)
    goes_on = second_step.open_proved

    def late(*args: Any, **rest: Any) -> str:
        elsewhere(reset, app, person)
        return goes_on(*args, **rest)

    monkeypatch.setattr(second_step, "open_proved", late)
    answer = post(thief, "/sign-in/second-step", code=code_of(totp))
    assert answer.status_code == ProofVoid.status
    assert "begin again" in answer.get_data(as_text=True)
    assert not is_signed_in(thief)


def test_a_session_opened_while_a_reset_looks_for_sessions_ends_with_the_others(
    app: Flask, organisations: Organisations
) -> None:
    """Two connections: the one that opens a session holds the row, the reset waits for it and sees the session."""
    person = organisations.person()
    with app.app_context():
        other = threading.Thread(target=reset, args=(app, person, app.test_client()))
        with tenancy.transaction(tenant_of_person(person.person_id)):
            hold_epoch(person.person_id)
            token = open_session(person.person_id, Visit())
            db.session.flush()
            other.start()
            _wait_until_it_waits(app, other)
            assert other.is_alive(), "the reset did not wait"
        other.join(30)
        assert load_session(token) is None
        assert load_session(person.token) is None


def _wait_until_it_waits(app: Flask, other: threading.Thread) -> None:
    """Until somebody waits for a row of this database that another transaction holds, or is through."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
    for _ in range(600):
        with db.engines[None].connect() as connection:
            if connection.execute(waiting).scalar() or not other.is_alive():
                return
        other.join(0.02)


def test_a_session_renewed_while_a_reset_runs_does_not_survive(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Confirming puts a new session in the place of an old one: not of one that a reset has ended."""
    person = organisations.person()
    goes_on = confirming.renew

    def late(*args: Any, **rest: Any) -> str:
        elsewhere(reset, app, person)
        return goes_on(*args, **rest)

    monkeypatch.setattr(confirming, "renew", late)
    with app.app_context(), pytest.raises(NotFound):
        confirming.confirm_person(
            person.actor, password=PASSWORD, shown=second_step.SecondFactor(), browser="any", visit=Visit("203.0.113.5")
        )


def test_a_reset_ends_a_change_of_address_that_nobody_confirmed(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    new = f"new.{person.email}"
    assert post(person.client(), "/account/email", email=new).status_code == 303
    path = link_in(mails_to(app, new)[-1])
    reset(app, person, app.test_client())
    client = app.test_client()
    post(client, "/sign-in", email=person.email, password=NEW)
    assert client.get(path).status_code == AddressLinkEnded.status
    assert post(client, path).status_code == AddressLinkEnded.status


def test_removing_the_factor_that_somebody_signs_in_with_stops_them(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator, "current_step", lambda: NOW)
    person = organisations.person()
    client = person.client()
    totp: pyotp.TOTP = add_app(client)[0]
    thief, _answer = sign_in_over_http(app, person)
    post(client, "/account/authenticator/remove")
    assert post(thief, "/sign-in/second-step", code=code_of(totp)).status_code == 303
    assert not is_signed_in(thief)


def test_a_reset_and_a_changed_password_at_once_do_not_wait_for_each_other(
    app: Flask, organisations: Organisations
) -> None:
    """Both lock the person first: whichever comes second waits, and holds nothing that the first one needs."""
    person = organisations.person()
    post(app.test_client(), "/forgotten", email=person.email)
    path = link_in(mails_to(app, person.email, "Set a new password")[-1])
    answers: list[int] = []
    other = threading.Thread(target=lambda: answers.append(post(app.test_client(), path, password=NEW).status_code))
    with app.app_context():
        with tenancy.transaction(tenant_of_person(person.person_id)):
            lock_person(person.person_id)
            other.start()
            _wait_until_it_waits(app, other)
            ends = text("SELECT count(*) FROM sweep_password_resets(:id) AS gone WHERE gone.person_id = :id")
            assert db.session.execute(ends, {"id": person.person_id}).scalar() == 1
        other.join(30)
    assert answers == [ResetLinkEnded.status], "the link ended before it was used"
