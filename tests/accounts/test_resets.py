"""Forgotten passwords: the link, the page, what ends with it, and what nobody learns by it."""

from __future__ import annotations

import re
import threading
import unicodedata
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, text, update
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.accounts import resets
from entitylocker.accounts.epochs import read_epoch
from entitylocker.accounts.errors import LinkEnded
from entitylocker.accounts.factor_models import Passkey
from entitylocker.accounts.models import PasswordReset
from entitylocker.accounts.models import Person as PersonRow
from entitylocker.accounts.passwords import verify_password
from entitylocker.accounts.people import find_person, put_person, tenant_of_person
from entitylocker.accounts.service import add_operator, load_session
from entitylocker.accounts.sessions import Visit
from entitylocker.accounts.signing import open_proved
from entitylocker.accounts.tokens import new_token
from entitylocker.extensions import db, limiter, utc_now
from entitylocker.tenancy import Tenant
from tests.accounts.mailbox import link_in, log_of, mails_to, post
from tests.factories import PASSWORD, Organisations, Person, csrf_token
from tests.statements import statements

NEW = "seven wet otters juggle"
SUBJECT = "Set a new password"
AFTER = "/sign-in?next=/account/security?after_reset%3D1"


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def ask(app: Flask, email: str, **rest: Any) -> Any:
    return post(app.test_client(), "/forgotten", email=email, **rest)


def reset_path(app: Flask, email: str) -> str:
    ask(app, email)
    return link_in(mails_to(app, email, SUBJECT)[-1])


def stored(app: Flask, person: Person) -> PersonRow:
    with app.app_context():
        found = find_person(person.person_id)
    assert found is not None
    return found


def test_a_forgotten_password_is_set_anew_by_mail(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    assert ask(app, person.email).location == "/forgotten/sent"
    (mail,) = mails_to(app, person.email)
    path = link_in(mail)
    client = app.test_client()
    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200, "looking uses nothing up: mail scanners follow links"
    answer = post(client, path, password=NEW)
    assert (answer.status_code, answer.location) == (303, AFTER)
    assert client.get("/account").status_code == 303, "nobody is signed in by a link"
    assert post(client, "/sign-in", email=person.email, password=PASSWORD).status_code == 422
    assert post(client, "/sign-in", email=person.email, password=NEW).status_code == 303
    assert app.test_client().get(path).status_code == 404, "a link works once"
    assert len(mails_to(app, person.email, "set anew")) == 1, "the person is told"


def test_a_reset_ends_every_session(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    post(app.test_client(), reset_path(app, person.email), password=NEW)
    with app.app_context():
        assert load_session(person.token) is None
    ended = {event.subject_id for event in log_of(app, "person:session_end")}
    assert person.session_id in ended


def test_an_unfit_password_does_not_use_the_link_up(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    path = reset_path(app, person.email)
    for unfit in ("short", "password123!", person.email, "monkeydragon"):
        answer = post(app.test_client(), path, password=unfit)
        assert answer.status_code == 422, unfit
    assert post(app.test_client(), path, password=NEW).status_code == 303


def test_asking_twice_ends_the_earlier_link(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    first = reset_path(app, person.email)
    second = reset_path(app, person.email)
    assert first != second
    assert app.test_client().get(first).status_code == 404
    assert post(app.test_client(), first, password=NEW).status_code == 404
    assert post(app.test_client(), second, password=NEW).status_code == 303


def test_of_two_links_asked_for_at_once_only_the_later_works(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    tokens = []
    with app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
        for _ in range(2):
            token, digest = new_token()
            tokens.append(token)
            expires_at = utc_now() + resets.RESET_LIFETIME
            db.session.add(PasswordReset(token_digest=digest, person_id=person.person_id, expires_at=expires_at))
            tenancy.flush()
    assert [app.test_client().get(f"/forgotten/{token}").status_code for token in tokens] == [404, 200]


def test_a_link_works_for_half_an_hour(app: Flask, organisations: Organisations, settings: Any) -> None:
    person = organisations.person()
    token, digest = new_token()
    with app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
        db.session.add(PasswordReset(token_digest=digest, person_id=person.person_id, expires_at=utc_now()))
    assert app.test_client().get(f"/forgotten/{token}").status_code == 404
    assert post(app.test_client(), f"/forgotten/{token}", password=NEW).status_code == 404
    assert resets.RESET_LIFETIME.total_seconds() == 1800


def test_the_database_keeps_no_link(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    token = reset_path(app, person.email).rsplit("/", 1)[1]
    assert len(token) == 43, "256 bits"
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with app.app_context(), refused, tenancy.transaction(tenant_of_person(person.person_id)):
        db.session.execute(text("SELECT * FROM password_resets"))


@pytest.mark.parametrize("typed", ["nfd", "upper", "spaces", "wide"])
def test_the_mail_goes_to_the_address_as_the_account_has_it(app: Flask, typed: str) -> None:
    """Another spelling that means the same account must never be where the link goes."""
    person_id, email = uuid4(), f"caf\u00e9{uuid4().hex[:10]}@example.in"
    with app.app_context(), tenancy.transaction(tenant_of_person(person_id)):
        put_person(person_id, name="Meera Joshi", email=email, password_hash=None, language="hi")
    spelling = {
        "nfd": unicodedata.normalize("NFD", email), "upper": email.upper(), "spaces": f"  {email} ",
        "wide": email.replace("e", "\uff45"),
    }[typed]  # fmt: skip
    assert ask(app, spelling).status_code == 303
    (mail,) = mails_to(app, email)
    assert mail.language == "hi"
    assert mails_to(app, spelling.strip()) in ([], [mail]) or spelling.strip() == email
    post(app.test_client(), link_in(mail), password=NEW)
    assert post(app.test_client(), "/sign-in", email=spelling, password=NEW).status_code == 303


def test_who_has_no_password_gets_one_by_mail_too(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(update(PersonRow).values(password_hash=None))
    assert post(app.test_client(), "/sign-in", email=person.email, password=PASSWORD).status_code == 422
    post(app.test_client(), reset_path(app, person.email), password=NEW)
    assert verify_password(stored(app, person).password_hash, NEW)


# Attacks: the numbers are those of the list of attack classes that this project holds itself to.


def body(response: Any, *emails: str) -> str:
    """What a page says, without what was typed and without CSRF tokens."""
    said: str = response.get_data(as_text=True)
    for email in emails:
        said = said.replace(email, "")
    return re.sub(r'(?:value|content)="[^"]{40,}"', 'value=""', said)


def test_attack_05_reset_tells_nothing_of_the_class_of_an_account(app: Flask, organisations: Organisations) -> None:
    plain, keyless, operator = (organisations.person() for _ in range(3))
    with app.app_context(), tenancy.transaction(Tenant(person_id=keyless.person_id)):
        db.session.execute(update(PersonRow).values(password_hash=None))
    with app.app_context():
        add_operator(name=operator.name, email=operator.email, password=PASSWORD)
    waiting = f"{uuid4().hex}@example.in"
    post(app.test_client(), "/sign-up", name="Any Name", email=waiting, password=NEW)
    unknown = f"{uuid4().hex}@example.in"
    emails = [plain.email, keyless.email, operator.email, waiting, unknown]
    before = {email: len(mails_to(app, email)) for email in emails}
    answers = [ask(app, email) for email in emails]
    assert len({(a.status_code, a.location, body(a, *emails)) for a in answers}) == 1
    assert len({tuple(sorted(dict(a.headers))) for a in answers}) == 1
    assert [len(mails_to(app, email)) - before[email] for email in emails] == [1] * 5, "one mail each, whoever it is"
    pages = [app.test_client().get(answer.location) for answer in answers]
    assert len({body(page, *emails) for page in pages}) == 1


def test_attack_05_reset_does_the_same_work_for_nobody(app: Flask, organisations: Organisations) -> None:
    """Statement by statement, one letter each: what differs in neither takes no other time."""
    done: list[list[str]] = []
    for email in (organisations.person().email, f"{uuid4().hex}@example.in"):
        with app.test_request_context(), statements(app) as said:
            resets.ask_reset(email)
        assert any("INSERT INTO outbox_messages" in each for each in said)
        done.append(said)
    assert done[0] == done[1]


def test_attack_reset_link_is_worth_nothing_a_second_time(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    path = reset_path(app, person.email)
    assert post(app.test_client(), path, password=NEW).status_code == 303
    assert post(app.test_client(), path, password="another good password of thieves").status_code == 404
    assert verify_password(stored(app, person).password_hash, NEW)


def test_attack_reset_link_used_twice_at_once_has_one_winner(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    token = reset_path(app, person.email).rsplit("/", 1)[1]
    start = threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def use(password: str) -> None:
        with app.test_request_context():
            start.wait()
            try:
                resets.reset_password(token, password)
                outcomes[password] = "done"
            except LinkEnded:
                outcomes[password] = "ended"

    threads = [threading.Thread(target=use, args=(word,)) for word in (NEW, "eight dry herons whistle")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes.values()) == ["done", "ended"]
    winner = next(word for word, outcome in outcomes.items() if outcome == "done")
    assert verify_password(stored(app, person).password_hash, winner)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Original-Host": "evil.example", "X-Host": "evil.example"},
        {"Host": "evil.example", "X-Forwarded-Proto": "http"},
    ],
)
def test_attack_reset_link_cannot_be_led_elsewhere(
    app: Flask, organisations: Organisations, headers: dict[str, str], settings: Any
) -> None:
    person = organisations.person()
    client = app.test_client()
    sent = {"email": person.email, "csrf_token": csrf_token(client)}
    client.post("/forgotten", data=sent, headers=headers)
    for mail in mails_to(app, person.email):
        assert "evil.example" not in mail.text + mail.html
        assert f"{settings.base_url}/forgotten/" in mail.text


def test_attack_reset_to_a_lookalike_address_goes_to_the_owner(app: Flask) -> None:
    """`mike` and `m\u0131ke` may be the same to a comparison, and different mailboxes (CVE-2019-19844)."""
    person_id, email = uuid4(), f"strasse{uuid4().hex[:8]}@example.in"
    with app.app_context(), tenancy.transaction(tenant_of_person(person_id)):
        put_person(person_id, name="Meera Joshi", email=email, password_hash=None, language=None)
    lookalike = email.replace("ss", "\u00df")
    ask(app, lookalike)
    assert mails_to(app, lookalike) == []
    assert len(mails_to(app, email, SUBJECT)) == 1


def test_attack_04_every_end_of_a_link_leaves_an_event(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()

    def ends(why: str) -> int:
        return sum(1 for event in log_of(app, "person:reset_end") if event.data["why"] == why)

    # Whoever asks sweeps: what others left behind is gone before anything is counted.
    ask(app, f"{uuid4().hex}@example.in")
    asked, used = len(log_of(app, "person:reset_ask")), len(log_of(app, "person:password_reset"))
    replaced, expired = ends("replaced"), ends("expired")
    reset_path(app, person.email)
    path = reset_path(app, person.email)
    assert ends("replaced") == replaced + 1
    with app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
        db.session.add(PasswordReset(token_digest=new_token()[1], person_id=None, expires_at=utc_now()))
    post(app.test_client(), path, password=NEW)
    ask(app, f"{uuid4().hex}@example.in")
    assert ends("expired") == expired + 1
    assert len(log_of(app, "person:reset_ask")) == asked + 3
    assert len(log_of(app, "person:password_reset")) == used + 1


def test_attack_flood_of_resets_is_stopped_for_known_and_unknown_alike(
    app: Flask, organisations: Organisations
) -> None:
    known, unknown = organisations.person().email, f"{uuid4().hex}@example.in"
    for email in (known, unknown):
        statuses = []
        for number in range(7):
            client = app.test_client()
            client.environ_base["REMOTE_ADDR"] = f"198.51.100.{number}"
            spelling = email.upper() if number % 2 else f" {email}"
            statuses.append(post(client, "/forgotten", email=spelling).status_code)
        assert statuses == [303] * 5 + [429] * 2
        sent = [mail for spelling in (email, email.upper()) for mail in mails_to(app, spelling)]
        assert len(sent) == 5
    client = app.test_client()
    statuses = [post(client, "/forgotten", email=f"{uuid4().hex}@example.in").status_code for _ in range(22)]
    assert 429 in statuses, "one address may not ask for the whole world"


@pytest.mark.parametrize(
    "email",
    [
        "a@example.in\r\nBcc: b@example.in",
        "a@example.in, b@example.in",
        "Name <a@example.in>",
        '"a b"@example.in',
        "x" * 300 + "@example.in",
        "a\x00@example.in",
        "a@exam\u202eple.in",
        "",
        "'; DROP TABLE persons; --@x",
    ],
)
def test_hostile_addresses_are_refused_in_words(app: Flask, client: FlaskClient, email: str) -> None:
    answer = post(client, "/forgotten", email=email)
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("token", ["x", "x" * 4000, "%00", "..%2f..", "\u0939", "a'--"])
def test_hostile_tokens_find_nothing(app: Flask, client: FlaskClient, token: str) -> None:
    assert client.get(f"/forgotten/{token}").status_code in (400, 404)
    assert post(client, f"/forgotten/{token}", password=NEW).status_code in (400, 404)


def test_a_reset_takes_nothing_away_and_leads_to_what_opens_the_account(
    app: Flask, organisations: Organisations
) -> None:
    """A stranger may have added a way in; whoever reads somebody's mail must not get rid of a second factor by it."""
    person = organisations.person()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(insert(Passkey).values(**_passkey(person)))
    client = app.test_client()
    onward = post(client, reset_path(app, person.email), password=NEW).location
    assert onward == AFTER
    signed_in = person_with(app, person)
    page = signed_in.get("/account/security?after_reset=1").get_data(as_text=True)
    assert "Look through what opens your account" in page
    assert "Key of a stranger" in page and "/remove" in page, "it still opens the account, and can be removed"
    assert "What else opens your account" in page
    assert "Look through" not in signed_in.get("/account/security").get_data(as_text=True)
    mail = mails_to(app, person.email, "Your password was set anew")[-1].text
    assert "open your account as before" in mail and "/account/security" in mail


def person_with(app: Flask, person: Person) -> FlaskClient:
    """Their browser, after both steps of signing in."""
    with app.app_context():
        token = open_proved(person.person_id, Visit(), ("pwd", "hwk"), epoch=read_epoch(person.person_id))
    return Person(app, person.person_id, person.name, person.email, token, uuid4()).client()


def _passkey(person: Person) -> dict[str, Any]:
    return {
        "id": uuid7(), "created_at": utc_now(), "person_id": person.person_id, "credential_id": uuid4().bytes,
        "public_key": b"", "sign_count": 0, "transports": "", "is_synced": False, "is_backed_up": False,
        "aaguid": "", "name": "Key of a stranger",
    }  # fmt: skip
