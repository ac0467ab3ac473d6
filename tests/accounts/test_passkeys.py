"""Passkeys over HTTP with an authenticator of software: what is accepted, and all that is not."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.accounts.factor_models import Passkey
from entitylocker.accounts.relying_party import relying_party_at
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.extensions import db, limiter
from entitylocker.jobs.worker import connection_facts
from entitylocker.notifications.service import list_outbox
from entitylocker.tenancy import Tenant
from tests.accounts.browsing import add_passkey, codes_in, is_signed_in, post, sign_in, sign_in_with
from tests.accounts.soft_keys import SoftKey
from tests.factories import Organisations, Person


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
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
def key(own: FlaskClient) -> SoftKey:
    """A passkey that the person has added."""
    key = SoftKey()
    assert add_passkey(own, key).status_code == 200
    return key


def row_of(app: Flask, person: Person) -> Passkey:
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        return db.session.scalars(select(Passkey)).one()


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://locker.example.in", ("locker.example.in", "https://locker.example.in")),
        ("https://Locker.Example.in:8443/", ("locker.example.in", "https://locker.example.in:8443")),
        ("https://locker.example.in:443", ("locker.example.in", "https://locker.example.in")),
        ("http://localhost:8080", ("localhost", "http://localhost:8080")),
        ("https://भारत.example", ("xn--h2brj9c.example", "https://xn--h2brj9c.example")),
        ("http://127.0.0.1:8080", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::1]", None),
        ("http://locker.example.in", None),
    ],
)
def test_where_passkeys_can_be(address: str, found: tuple[str, str] | None) -> None:
    party = relying_party_at(address)
    assert (None if party is None else (party.id, party.origin)) == found


def test_the_first_passkey_brings_recovery_codes_and_opens_the_account(app: Flask, person: Person) -> None:
    key = SoftKey(synced=True)
    added = add_passkey(person.client(), key, "  My\tphone ")
    assert len(set(codes_in(added))) == 10
    row = row_of(app, person)
    assert (row.name, row.is_synced, row.is_backed_up, row.transports) == ("My phone", True, True, "internal")
    assert add_passkey(sign_in_client(app, key), SoftKey()).status_code == 303, "the second brings none"
    client = app.test_client()
    answer = sign_in_with(client, key)
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "passkey" in client.get("/account/security").get_data(as_text=True)


def sign_in_client(app: Flask, key: SoftKey) -> FlaskClient:
    client = app.test_client()
    assert sign_in_with(client, key).status_code == 303
    return client


def test_what_is_asked_of_the_browser(app: Flask, person: Person) -> None:
    asked = post(person.client(), "/account/passkeys/options").get_json()
    assert asked["rp"] == {"name": "EntityLocker", "id": "localhost"}
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert len(asked["challenge"]) >= 43, "256 bits"
    asked = post(app.test_client(), "/sign-in/passkey/options").get_json()
    assert (asked["userVerification"], asked["allowCredentials"], asked["rpId"]) == ("required", [], "localhost")


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://localhost:9999"},
        {"rp_id": "evil.example"},
        {"verifies": False},
    ],
)
def test_a_passkey_for_elsewhere_or_without_its_person_is_refused(
    app: Flask, own: FlaskClient, key: SoftKey, bent: dict[str, Any]
) -> None:
    client = app.test_client()
    assert sign_in_with(client, replace(key, **bent)).status_code == 422
    assert not is_signed_in(client)
    assert add_passkey(own, SoftKey(**bent)).status_code == 422, "nor can such a one be added"
    assert sign_in_with(app.test_client(), key).status_code == 303, "the right one still opens"


def test_a_forged_signature_and_an_unknown_key_are_refused(app: Flask, key: SoftKey) -> None:
    forged = SoftKey(handle=key.handle, credential_id=key.credential_id)
    for stranger in (forged, SoftKey(handle=key.handle)):
        assert sign_in_with(app.test_client(), stranger).status_code == 422


def test_the_authenticator_says_whose_passkey_it_is(
    app: Flask, organisations: Organisations, person: Person, key: SoftKey
) -> None:
    other = organisations.person()
    assert sign_in_with(app.test_client(), replace(key, handle=other.person_id.bytes)).status_code == 422
    assert sign_in_with(app.test_client(), key, says_whose=False).status_code == 422
    assert sign_in_with(app.test_client(), key).status_code == 303


def test_a_removed_passkey_opens_nothing(app: Flask, person: Person, key: SoftKey) -> None:
    client = sign_in_client(app, key)
    row = row_of(app, person)
    assert post(client, f"/account/passkeys/{row.id}/rename", name="Old phone").status_code == 303
    assert "Old phone" in client.get("/account/security").get_data(as_text=True)
    assert post(client, f"/account/passkeys/{row.id}/remove").status_code == 303
    assert sign_in_with(app.test_client(), key).status_code == 422
    again, answer = sign_in(app, person)
    assert answer.location == "/account", "without a second factor the password opens again"
    assert is_signed_in(again)


def test_anothers_passkey_cannot_be_renamed_or_removed(app: Flask, organisations: Organisations, key: SoftKey) -> None:
    with app.app_context(), tenancy.transaction(Tenant(person_id=UUID(bytes=key.handle))):
        passkey_id = db.session.scalars(select(Passkey.id)).one()
    stranger = organisations.person().client()
    for act in ("rename", "remove"):
        assert post(stranger, f"/account/passkeys/{passkey_id}/{act}", name="Mine").status_code == 404
    assert sign_in_with(app.test_client(), key).status_code == 303


def test_attack_16_a_partial_update_shows_and_changes_nothing_of_another(
    app: Flask, organisations: Organisations, person: Person, key: SoftKey
) -> None:
    """CVE-2026-27898 in Vaultwarden: changing a part of what has another's id answered with the whole of it."""
    row, victim = row_of(app, person), organisations.person()
    client = organisations.person().client()
    pieces = {
        f"/account/passkeys/{row.id}/rename": {"name": "Mine now"},
        f"/account/passkeys/{row.id}/remove": {},
        f"/account/sessions/{victim.session_id}/end": {},
    }
    for path, fields in pieces.items():
        nowhere = re.sub(r"[0-9a-f-]{36}", str(uuid4()), path)
        answer, absent = (post(client, tried, **fields) for tried in (path, nowhere))
        assert (answer.status_code, absent.status_code) == (404, 404), path
        shown = answer.get_data(as_text=True)
        assert not any(part in shown for part in (row.name, person.email, victim.email)), path
    assert row_of(app, person).name == row.name
    assert is_signed_in(victim.client())


def test_one_passkey_belongs_to_one_person(organisations: Organisations, key: SoftKey) -> None:
    other = organisations.person()
    assert add_passkey(other.client(), key).status_code == 422


def test_a_count_that_goes_back_is_refused_and_told(app: Flask, person: Person, key: SoftKey) -> None:
    copy = replace(key)
    for _ in range(2):
        sign_in_client(app, key)
    assert sign_in_with(app.test_client(), copy).status_code == 422
    assert row_of(app, person).suspected_at is not None
    page = sign_in_client(app, key).get("/account/security").get_data(as_text=True)
    assert "May have been copied" in page
    with app.app_context():
        assert [m for m in list_outbox(200) if m.recipient == person.email and "may have been copied" in m.subject]


def test_a_stranger_cannot_raise_that_alarm(app: Flask, person: Person, key: SoftKey) -> None:
    sign_in_client(app, key)
    forged = SoftKey(handle=key.handle, credential_id=key.credential_id, counts=False)
    assert sign_in_with(app.test_client(), forged).status_code == 422
    assert row_of(app, person).suspected_at is None


def test_keys_that_do_not_count_are_fine(app: Flask, person: Person) -> None:
    key = SoftKey(counts=False)
    add_passkey(person.client(), key)
    for _ in range(2):
        sign_in_client(app, key)


def test_attack_01_a_passkeys_answer_is_good_once_in_one_browser_for_one_purpose(app: Flask, key: SoftKey) -> None:
    client, thief = app.test_client(), app.test_client()
    options = post(client, "/sign-in/passkey/options").get_json()
    answer = key.use(options)
    post(thief, "/sign-in/passkey/options")
    assert post(thief, "/sign-in/passkey", credential=answer).status_code == 422, "another browser's"
    assert post(client, "/sign-in/passkey", credential=answer).status_code == 303
    assert post(app.test_client(), "/sign-in/passkey", credential=answer).status_code == 422, "replayed"
    signed_in = sign_in_client(app, key)
    options = post(signed_in, "/account/confirm/options").get_json()
    assert post(signed_in, "/sign-in/passkey", credential=key.use(options)).status_code == 422, "another purpose"


def test_a_wrong_answer_uses_the_challenge_up(app: Flask, key: SoftKey) -> None:
    client = app.test_client()
    options = post(client, "/sign-in/passkey/options").get_json()
    assert post(client, "/sign-in/passkey", credential=replace(key, verifies=False).use(options)).status_code == 422
    assert post(client, "/sign-in/passkey", credential=key.use(options)).status_code == 422


def test_a_challenge_ends_after_five_minutes(app: Flask, key: SoftKey, engine_facts: dict[str, Any]) -> None:
    client = app.test_client()
    options = post(client, "/sign-in/passkey/options").get_json()
    age(app, engine_facts, "passkey_challenges")
    assert post(client, "/sign-in/passkey", credential=key.use(options)).status_code == 422


def age(app: Flask, engine_facts: dict[str, Any], table: str) -> None:
    """Let five minutes pass for all rows of a table, behind the walls."""
    with psycopg.connect(**connection_facts(engine_facts["database_owner_url"]), autocommit=True) as owner:
        owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        try:
            owner.execute(f"UPDATE {table} SET expires_at = now() - interval '1 second'")
        finally:
            owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def test_attack_02_of_two_that_use_one_answer_one_gets_in(app: Flask, key: SoftKey) -> None:
    client = app.test_client()
    options = post(client, "/sign-in/passkey/options").get_json()
    answer = key.use(options)
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    start, statuses = threading.Barrier(2), []

    def try_it() -> None:
        twin = app.test_client()
        with twin.session_transaction() as own:
            own.update(kept)
        start.wait()
        statuses.append(post(twin, "/sign-in/passkey", credential=answer).status_code)

    threads = [threading.Thread(target=try_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [303, 422]


NONSENSE = [
    "", "{}", "[]", "null", "7", "not json", '{"id": 1}', '{"id":"a","rawId":"a","type":"public-key","response":{}}',
    json.dumps({"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {
        "clientDataJSON": "AAAA", "authenticatorData": "AA", "signature": "AA", "attestationObject": "oA"}}),
    "x" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("sent", NONSENSE)
def test_nonsense_is_refused_in_words(app: Flask, person: Person, sent: str) -> None:
    assert post(app.test_client(), "/sign-in/passkey", credential=sent).status_code == 422
    assert post(person.client(), "/account/passkeys", name="Key", credential=sent).status_code == 422


def test_the_sign_in_page_offers_the_passkey_first_and_says_what_it_needs(client: FlaskClient) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    assert page.index("Sign in with a passkey") < page.index('name="password"')
    assert "need JavaScript" in page
    assert 'autocomplete="username webauthn"' in page


def test_where_there_can_be_no_passkeys_the_pages_say_so(settings: Settings, person: Person) -> None:
    by_number = create_app(replace(settings, base_url="http://127.0.0.1:8080"))
    client = person.sign_in(by_number.test_client())
    for page in ("/sign-in", "/account/security"):
        seen = (by_number.test_client() if page == "/sign-in" else client).get(page).get_data(as_text=True)
        assert "Passkeys cannot be used at this address" in seen
        assert "data-passkey" not in seen
    assert post(client, "/account/passkeys/options").status_code == 409
    assert post(by_number.test_client(), "/sign-in/passkey/options").status_code == 409
