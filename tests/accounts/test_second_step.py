"""Authenticator apps, recovery codes and signing in in two steps, over HTTP."""

from __future__ import annotations

import threading
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.accounts import authenticator
from entitylocker.accounts.code_rules import new_recovery_code, read_code, read_recovery_code
from entitylocker.accounts.errors import SecondStepRequired
from entitylocker.accounts.service import Visit, open_for, sign_in
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.extensions import db, limiter
from entitylocker.notifications.service import list_outbox
from entitylocker.tenancy import Tenant
from tests.accounts import browsing
from tests.accounts.browsing import add_app, add_passkey, code_of, codes_in, is_signed_in, post
from tests.accounts.soft_keys import SoftKey
from tests.factories import PASSWORD, Organisations, Person


@pytest.fixture(autouse=True)
def _from_the_beginning(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt is counted yet, and no time passes."""
    monkeypatch.setattr(authenticator, "current_step", lambda: browsing.NOW)
    with app.app_context():
        limiter.storage.reset()


@pytest.fixture
def person(organisations: Organisations) -> Person:
    return organisations.person()


@pytest.fixture
def own(person: Person) -> FlaskClient:
    """The browser in which the person is signed in."""
    return person.client()


@pytest.fixture
def totp(own: FlaskClient) -> pyotp.TOTP:
    """The person's authenticator app."""
    app, answer = add_app(own)
    assert answer.status_code == 200
    return app


def step(client: FlaskClient, **shown: str) -> Any:
    return post(client, "/sign-in/second-step", **shown)


def subjects(app: Flask, person: Person) -> list[str]:
    with app.app_context():
        return [mail.subject for mail in list_outbox(200) if mail.recipient == person.email]


def rows(app: Flask, person: Person, query: str) -> list[Any]:
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        return list(db.session.execute(text(query)).all())


# What is typed


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123\u00a0456\u200b", "123456"),
        ("123-456", "123456"),
        ("१२३४५६", "123456"),
        ("１２３４５６", "123456"),
        ("12345", None),
        ("1234567", None),
        ("12345a", None),
        ("", None),
        ("①②③④⑤⑥", "123456"),
        ("½23456", None),
    ],
)
def test_codes_are_read_as_they_were_meant(typed: str, read: str | None) -> None:
    assert read_code(typed) == read


def test_recovery_codes_have_120_bits_and_are_read_in_any_spelling() -> None:
    code = new_recovery_code()
    plain = code.replace("-", "")
    assert len(plain) * 5 >= 112
    for spelled in (code, code.lower(), plain, f" {code.replace('-', ' ')} ", code.replace("-", "–")):
        assert read_recovery_code(spelled) == plain
    assert read_recovery_code(plain.replace("0", "O").replace("1", "l")) == plain
    assert read_recovery_code(plain[:-1]) is None
    assert len({new_recovery_code() for _ in range(50)}) == 50


# Setting up


def test_an_app_counts_only_after_its_first_code(app: Flask, person: Person, own: FlaskClient) -> None:
    post(own, "/account/authenticator/begin")
    page = own.get("/account/authenticator").get_data(as_text=True)
    assert "<svg" in page and "otpauth://totp/EntityLocker:" in page and "style=" not in page
    assert post(own, "/account/authenticator", code="000000").status_code == 422
    assert browsing.sign_in(app, person)[1].location == "/account", "not yet"
    made, answer = add_app(own)
    assert len(codes_in(answer)) == 10
    client, answer = browsing.sign_in(app, person)
    assert answer.location == "/sign-in/second-step"
    assert not is_signed_in(client)
    assert step(client, code=code_of(made)).location == "/account"
    assert is_signed_in(client)
    assert "A second step was added to your account" in subjects(app, person)


def test_the_secret_is_wrapped_and_of_160_bits(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    ((wrapped,),) = rows(app, person, "SELECT wrapped_secret FROM authenticator_apps")
    assert len(totp.byte_secret()) == 20
    assert totp.byte_secret() not in bytes(wrapped)


def test_moving_to_another_phone_ends_the_earlier_app(
    app: Flask, person: Person, own: FlaskClient, totp: pyotp.TOTP
) -> None:
    post(own, "/account/authenticator/begin")
    client, _ = browsing.sign_in(app, person)
    assert step(client, code=code_of(totp)).status_code == 303, "the earlier one counts until the new one does"
    newer, answer = add_app(own)
    assert answer.status_code == 303, "no second set of recovery codes"
    client, _ = browsing.sign_in(app, person)
    assert step(client, code=code_of(totp, 1)).status_code == 422
    assert step(client, code=code_of(newer)).status_code == 303


def test_without_the_app_the_password_opens_again(
    app: Flask, person: Person, own: FlaskClient, totp: pyotp.TOTP
) -> None:
    assert post(own, "/account/authenticator/remove").status_code == 303
    assert rows(app, person, "SELECT FROM recovery_codes") == [], "codes end with what they stand in for"
    assert rows(app, person, "SELECT FROM sessions WHERE amr LIKE '%mfa%'") == []
    assert browsing.sign_in(app, person)[1].location == "/account"
    assert "A second step was removed from your account" in subjects(app, person)
    assert post(own, "/account/authenticator/remove").status_code == 303, "twice does no harm"
    assert post(own, "/account/recovery-codes").status_code == 409


# The second step


def test_attack_09_a_code_works_once_in_whatever_spelling(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    code = code_of(totp)
    client, _ = browsing.sign_in(app, person)
    assert step(client, code=code).status_code == 303
    spaced, hindi = f"{code[:3]} {code[3:]}", "".join(chr(0x0966 + int(digit)) for digit in code)
    for spelled in (code, spaced, f" {code}", f"{code}\u200b", hindi, f"{code[:3]}\u00a0{code[3:]}"):
        again, _ = browsing.sign_in(app, person)
        assert step(again, code=spelled).status_code == 422, repr(spelled)
        assert not is_signed_in(again)


def test_an_earlier_code_is_worth_nothing_after_a_later_one(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    client, _ = browsing.sign_in(app, person)
    assert step(client, code=code_of(totp, 1)).status_code == 303, "a phone may be some seconds ahead"
    client, _ = browsing.sign_in(app, person)
    assert step(client, code=code_of(totp)).status_code == 422
    assert step(client, code=code_of(totp, 2)).status_code == 422, "not further ahead than one step"


def test_attack_02_of_two_that_use_one_code_at_once_one_gets_in(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    clients = [browsing.sign_in(app, person)[0] for _ in range(2)]
    assert sorted(_at_once(clients, code=code_of(totp))) == [303, 422]


def test_attack_02_of_two_that_use_one_recovery_code_at_once_one_gets_in(
    app: Flask, person: Person, own: FlaskClient, totp: pyotp.TOTP
) -> None:
    code = codes_in(post(own, "/account/recovery-codes"))[0]
    clients = [browsing.sign_in(app, person)[0] for _ in range(2)]
    assert sorted(_at_once(clients, recovery_code=code)) == [303, 422]


def test_attack_02_of_two_with_one_ticket_one_gets_in(app: Flask, person: Person, own: FlaskClient) -> None:
    _made, answer = add_app(own)
    codes = codes_in(answer)
    client, _ = browsing.sign_in(app, person)
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    twin = app.test_client()
    with twin.session_transaction() as cookie:
        cookie.update(kept)
    found: list[int] = _at_once([client, twin], recovery_code=iter(codes))
    assert [is_signed_in(each) for each in (client, twin)].count(True) == 1, found


def _at_once(clients: list[FlaskClient], **shown: Any) -> list[int]:
    start, statuses = threading.Barrier(len(clients)), []

    def try_it(client: FlaskClient, fields: dict[str, str]) -> None:
        start.wait()
        statuses.append(step(client, **fields).status_code)

    each = [
        {name: next(value) if hasattr(value, "__next__") else value for name, value in shown.items()} for _ in clients
    ]
    threads = [threading.Thread(target=try_it, args=pair) for pair in zip(clients, each, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return statuses


def test_a_ticket_opens_nothing_and_ends(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    client, _ = browsing.sign_in(app, person)
    with client.session_transaction() as cookie:
        ticket = cookie["ticket"]
    for page in ("/account", "/organisations", "/account/security"):
        assert client.get(page).location.startswith("/sign-in")
    forged = app.test_client()
    with forged.session_transaction() as cookie:
        cookie["_user_id"] = ticket
    assert not is_signed_in(forged), "a ticket is no session"
    assert step(client, code=code_of(totp)).status_code == 303
    with client.session_transaction() as cookie:
        assert "ticket" not in cookie
    late = app.test_client()
    with late.session_transaction() as cookie:
        cookie["ticket"] = ticket
    assert step(late, code=code_of(totp, 1)).location.startswith("/sign-in"), "used up"
    assert late.get("/sign-in/second-step").status_code == 303


def test_a_wrong_code_leaves_the_ticket_and_an_event(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    client, _ = browsing.sign_in(app, person)
    page = step(client, code="000000")
    assert page.status_code == 422
    assert "does not fit" in page.get_data(as_text=True)
    assert step(client, code=code_of(totp)).status_code == 303


def test_a_recovery_code_works_once_and_is_told(app: Flask, person: Person, own: FlaskClient, totp: pyotp.TOTP) -> None:
    earlier = codes_in(post(own, "/account/recovery-codes"))
    codes = codes_in(post(own, "/account/recovery-codes"))
    client, _ = browsing.sign_in(app, person)
    assert step(client, recovery_code=earlier[0]).status_code == 422, "renewed"
    assert step(client, recovery_code=codes[0].lower().replace("-", " ")).status_code == 303
    assert "9 codes are left" in client.get("/account/security").get_data(as_text=True)
    again, _ = browsing.sign_in(app, person)
    assert step(again, recovery_code=codes[0]).status_code == 422
    assert "A recovery code was used" in subjects(app, person)


def test_the_file_of_codes_holds_the_persons_own_and_nothing_else(own: FlaskClient, totp: pyotp.TOTP) -> None:
    codes = codes_in(post(own, "/account/recovery-codes"))
    file = post(own, "/account/recovery-codes/file", codes=codes)
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert all(code in file.get_data(as_text=True) for code in codes)
    assert post(own, "/account/recovery-codes/file", codes=[new_recovery_code()]).status_code == 409
    assert post(own, "/account/recovery-codes/file", codes=["<b>anything</b>"]).status_code == 409


def test_a_passkey_takes_the_second_step_too(app: Flask, person: Person, own: FlaskClient) -> None:
    key, foreign = SoftKey(), SoftKey()
    add_passkey(own, key)
    other = Organisations(app).person().client()
    add_passkey(other, foreign)
    client, answer = browsing.sign_in(app, person)
    assert answer.location == "/sign-in/second-step", "a password alone opens nothing once there is a passkey"
    for used, status in ((foreign, 422), (key, 303)):
        options = post(client, "/sign-in/second-step/options").get_json()
        assert len(options["allowCredentials"]) == 1
        assert step(client, credential=used.use(options, says_whose=False)).status_code == status
    assert is_signed_in(client)


# No other way round


def test_attack_06_no_way_of_signing_in_skips_the_second_factor(app: Flask, person: Person, totp: pyotp.TOTP) -> None:
    with app.test_request_context():
        for amr in (("pwd",), ("fed",), ("pwd", "otp")):
            with pytest.raises(SecondStepRequired):
                open_for(person.person_id, Visit(), amr)
        with pytest.raises(SecondStepRequired):
            sign_in(person.email, PASSWORD, Visit())
        assert open_for(person.person_id, Visit(), ("hwk", "user", "mfa"))
    client = app.test_client()
    answer = client.post("/api/v1/organisations", json={"email": person.email, "password": PASSWORD})
    assert answer.status_code in (400, 401, 404, 405)
    wrong = post(client, "/sign-in", email=person.email, password="not the password")
    assert wrong.status_code == 422, "a wrong password tells nothing about a second step"


def test_attack_session_fixation_nothing_of_the_earlier_cookie_lives_on(
    app: Flask, organisations: Organisations, person: Person, totp: pyotp.TOTP
) -> None:
    attacker = organisations.person()
    victim = attacker.client()
    with victim.session_transaction() as cookie:
        cookie["planted"] = "by somebody"
        before = cookie["_user_id"]
    _, answer = browsing.sign_in(app, person, victim)
    assert answer.location == "/sign-in/second-step"
    assert not is_signed_in(victim), "the earlier session does not live on at the second step"
    step(victim, code=code_of(totp))
    with victim.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] not in (before, "")
    assert not is_signed_in(attacker.client()), "whoever planted that session has none any more"


# Throttles


def test_guesses_are_counted_across_processes_and_restarts(
    app: Flask, settings: Settings, person: Person, totp: pyotp.TOTP
) -> None:
    second = create_app(settings)
    statuses = []
    for number in range(12):
        client, _ = browsing.sign_in(app, person)
        with client.session_transaction() as cookie:
            kept = dict(cookie)
        here = (app, second)[number % 2].test_client()
        with here.session_transaction() as cookie:
            cookie.update(kept)
        statuses.append(step(here, code=f"00000{number % 10}").status_code)
    assert statuses == [422] * 10 + [429] * 2
    client, _ = browsing.sign_in(create_app(settings), person)
    assert step(client, code=code_of(totp)).status_code == 429, "a restart forgets nothing"
    client.environ_base["REMOTE_ADDR"] = "198.51.100.9"
    assert step(client, code=code_of(totp)).status_code == 303, "a stranger's guesses from elsewhere lock nobody out"


def test_from_everywhere_together_fifty_guesses_a_day(app: Flask, person: Person, own: FlaskClient) -> None:
    made, answer = add_app(own)
    recovery = codes_in(answer)[0]
    client, _ = browsing.sign_in(app, person)
    statuses = []
    for number in range(51):
        client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
        statuses.append(step(client, code="000000").status_code)
    assert statuses == [422] * 50 + [429]
    client.environ_base["REMOTE_ADDR"] = "203.0.113.1"
    assert step(client, code=code_of(made)).status_code == 429
    assert "Somebody is guessing the codes of your account" in subjects(app, person)
    assert step(client, recovery_code=recovery).status_code == 303, "what nobody can guess still works"


def test_right_codes_do_not_count_as_guesses(app: Flask, person: Person, own: FlaskClient) -> None:
    _made, answer = add_app(own)
    for code in codes_in(answer):
        client, _ = browsing.sign_in(app, person)
        assert step(client, recovery_code=code).status_code == 303
