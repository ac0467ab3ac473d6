"""How often one may try: by network, account and browser, over all processes; and never at the owner's cost."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from entitylocker.accounts import authenticator, guesses, throttling
from entitylocker.config import Settings
from entitylocker.extensions import limiter, network_of
from tests.accounts.browsing import NOW, add_app, add_passkey, code_of, is_signed_in, post, sign_in, sign_in_with
from tests.accounts.soft_keys import SoftKey
from tests.factories import PASSWORD, Organisations, Person


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def at(client: FlaskClient, address: str) -> FlaskClient:
    """Let a browser come from an address."""
    client.environ_base["REMOTE_ADDR"] = address
    return client


def guess(app: Flask, person: Person, address: str) -> int:
    answer = post(at(app.test_client(), address), "/sign-in", email=person.email, password="a wrong password")
    return int(answer.status_code)


def test_guesses_from_everywhere_do_not_keep_the_owner_out(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "FAILURES", "3 per hour")
    person, key = organisations.person(), SoftKey()
    own, _answer = sign_in(app, person)
    assert [guess(app, person, f"198.51.100.{n}") for n in range(5)] == [422] * 3 + [429] * 2
    stranger, answer = sign_in(app, person, at(app.test_client(), "203.0.113.9"))
    assert answer.status_code == 429, "a browser that nobody knows waits"
    post(own, "/sign-out")
    assert sign_in(app, person, own)[1].status_code == 303, "the browser of the owner does not"
    add_passkey(own, key)
    assert sign_in_with(stranger, key).status_code == 303, "and a passkey is stopped by no guesses"


def test_who_guesses_in_the_same_network_does_not_keep_the_owner_out(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    own, _answer = sign_in(app, person)
    post(own, "/sign-out")
    assert [guess(app, person, "127.0.0.1") for _ in range(11)] == [422] * 10 + [429]
    assert sign_in(app, person, own)[1].status_code == 303


def test_a_known_browser_is_counted_for_itself_and_for_its_own_account_only(
    app: Flask, organisations: Organisations
) -> None:
    person, other = organisations.person(), organisations.person()
    own, _answer = sign_in(app, person)
    post(own, "/sign-out")
    wrong = {"email": person.email, "password": "a wrong password"}
    assert [post(own, "/sign-in", **wrong).status_code for _ in range(11)] == [422] * 10 + [429]
    assert [guess(app, other, "127.0.0.1") for _ in range(10)] == [422] * 10
    answer = post(own, "/sign-in", email=other.email, password=PASSWORD)
    assert answer.status_code == 429, "to another account it is any browser of that network"


def test_codes_guessed_elsewhere_do_not_keep_the_owner_out(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authenticator, "current_step", lambda: NOW)
    monkeypatch.setattr(guesses.PER_PERSON, "amount", 3)
    person = organisations.person()
    own, _answer = sign_in(app, person)
    totp: pyotp.TOTP = add_app(own)[0]
    post(own, "/sign-out")
    wrong = code_of(totp, 9)
    for number in range(5):
        thief, _answer = sign_in(app, person, at(app.test_client(), f"198.51.100.{number}"))
        answer = post(thief, "/sign-in/second-step", code=wrong)
        assert answer.status_code == (422 if number < 3 else 429)
    sign_in(app, person, own)
    assert post(own, "/sign-in/second-step", code=code_of(totp)).status_code == 303
    assert is_signed_in(own)


def test_an_ipv6_connection_counts_as_one(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    statuses = [guess(app, person, f"2001:db8:1:2:{n}::{n}") for n in range(11)]
    assert statuses == [422] * 10 + [429]
    assert guess(app, person, "2001:db8:1:3::1") == 422, "its neighbour is another one"
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7"), "the same address in the words of IPv6"


_ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
from entitylocker.app import create_app
from entitylocker.config import Settings
from tests.accounts.browsing import post
values = json.load(sys.stdin)
email = values.pop("email")
app = create_app(Settings(**{**values, "home": Path(values["home"])}))
print(post(app.test_client(), "/sign-in", email=email, password="a wrong password").status_code)
"""


def in_another_process(settings: Settings, person: Person) -> int:
    facts: dict[str, Any] = {**asdict(settings), "email": person.email}
    done = subprocess.run(
        [sys.executable, "-c", _ANOTHER_PROCESS],
        input=json.dumps(facts, default=str), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_a_count_holds_in_another_process_and_after_a_restart(
    app: Flask, settings: Settings, organisations: Organisations
) -> None:
    """The other process begins after the first nine tries and has nothing of them but the database."""
    person = organisations.person()
    assert [guess(app, person, "127.0.0.1") for _ in range(9)] == [422] * 9
    assert in_another_process(settings, person) == 422
    assert guess(app, person, "127.0.0.1") == 429, "what the other process counted counts here"
    assert in_another_process(settings, person) == 429, "and a process that begins now knows all of it"
