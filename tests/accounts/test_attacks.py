"""What is typed about people, against what becomes of it in mails; and what strangers can find out by asking."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts.rules import holds_badge
from entitylocker.extensions import db, limiter
from entitylocker.notifications.delivery import compose
from entitylocker.organisations import service
from entitylocker.tenancy import Tenant
from tests.accounts.mailbox import mails_to, post
from tests.accounts.test_resets import NEW, body
from tests.factories import PASSWORD, Organisations, next_pan

SENDER = "EntityLocker <no-reply@locker.example.in>"
INJECTIONS = [
    "\r\nBcc: victim@example.in",
    "\nX-Evil: 1\n\nbody",
    "\r\n\r\n<b>",
    "\u2028Bcc: v@example.in",
    "\x0b\x0cBcc: x",
]


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def headers_of(mail: Any) -> dict[str, str]:
    return {name: str(value) for name, value in compose(mail, SENDER).items()}


@pytest.mark.parametrize(
    "sign", ["\u2713", "\u2714\ufe0f", "\u2705", "\u2611", "\U0001f6e1\ufe0f", "\U0001f512", "\U0001f5f8"]
)
def test_attack_03_a_name_wears_no_badge(app: Flask, organisations: Organisations, sign: str) -> None:
    """Whoever is called “✔ …” would look verified wherever the name stands: organisations, people, units, guests."""
    member = organisations.make(verified=False)
    client, here = member.client(), f"/organisations/{member.organisation_id}"
    name = f"Sahyadri {sign}"
    forms = {
        "/organisations/new": {"name": name, "kind": "company", "identifier_kind": "pan", "identifier": next_pan()},
        "/sign-up": {"name": name, "email": f"{uuid4().hex}@example.in", "password": NEW},
        f"{here}/name": {"name": name, "reason": "It sounds better"},
    }
    for path, form in forms.items():
        answer = post(client, path, **form)
        assert (answer.status_code, "looks like a badge" in answer.get_data(as_text=True)) == (422, True), path
    assert "Not verified yet" in client.get(here).get_data(as_text=True)


def test_attack_03_the_badge_goes_with_what_was_verified(app: Flask, organisations: Organisations) -> None:
    """The badge is no property that stays: it is looked up with the identifier behind it, for each page."""
    member = organisations.make()
    here = f"/organisations/{member.organisation_id}"
    assert '"sure ok"' in member.client().get(here).get_data(as_text=True)
    with app.app_context(), tenancy.transaction(Tenant(tenancy.DatabaseRole.OPERATOR)):
        db.session.execute(
            text("UPDATE identifiers SET state = 'expired', decided_at = now() WHERE organisation_id = :place"),
            {"place": member.organisation_id},
        )
    page = member.client().get(here).get_data(as_text=True)
    assert '"sure ok"' not in page and '"sure warn"' in page


@pytest.mark.parametrize(
    "name", ["Blocks & Clocks (India) Private Limited", "शर्मा एंड संस", "A+B – “C” No. 7 ®", "M/s Rao"]
)
def test_ordinary_names_are_taken(name: str) -> None:
    assert not holds_badge(name)


@pytest.mark.parametrize("injection", INJECTIONS)
def test_attack_10_a_name_makes_no_header_of_a_mail(app: Flask, organisations: Organisations, injection: str) -> None:
    """Names of people and organisations stand in invitations: subject, sender, recipient and parts stay as they are."""
    email, name = f"{uuid4().hex}@example.in", f"Sahyadri{injection}"
    administrator = organisations.make(name=name)
    with app.test_request_context():
        service.invite_member(administrator.actor, email, Role.READER)
    (mail,) = mails_to(app, email)
    headers = headers_of(mail)
    assert set(headers) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "MIME-Version",
        "Content-Type",
    }  # fmt: skip
    assert headers["To"] == email
    assert not re.search(r"[\r\n\x00-\x1f\u2028\u2029]", mail.subject)
    raw = compose(mail, SENDER).as_bytes()
    assert not re.search(rb"^(Bcc|X-Evil):", raw.split(b"\n\n", 1)[0], re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize(
    "email",
    [
        "a@example.in\r\nBcc: victim@example.in",
        "a@example.in%0d%0aBcc: victim@example.in",
        "a@example.in,victim@example.in",
        "a@example.in;victim@example.in",
        "a@example.in victim@example.in",
        "Asha <a@example.in>",
        '"a@example.in, b"@example.in',
        "a(comment)@example.in",
        "a@example.in\x00",
        "a\u200d@example.in",
        "a@ex\u202eample.in",
    ],
)
@pytest.mark.parametrize("place", ["/sign-up", "/forgotten", "/account/email", "invite"])
def test_attack_10_an_address_is_one_address(app: Flask, organisations: Organisations, place: str, email: str) -> None:
    client: FlaskClient = app.test_client()
    if place == "invite":
        member = organisations.make()
        client, place = member.client(), f"/organisations/{member.organisation_id}/invitations"
    elif place == "/account/email":
        client = organisations.person().client()
    answer = post(client, place, email=email, name="Asha Rao", password=NEW, role="reader")
    assert answer.status_code in (400, 422), answer.location


@pytest.mark.parametrize("injection", INJECTIONS)
def test_attack_10_a_name_typed_at_sign_up_reaches_no_stranger(app: Flask, client: FlaskClient, injection: str) -> None:
    email = f"{uuid4().hex}@example.in"
    post(client, "/sign-up", name=f"Asha{injection}", email=email, password=NEW)
    for mail in mails_to(app, email):
        assert "Asha" not in mail.text + mail.html + mail.subject
        assert "Bcc" not in str(headers_of(mail))


# What strangers can find out


def test_attack_enumeration_by_sign_up(app: Flask, organisations: Organisations) -> None:
    known, unknown = organisations.person().email, f"{uuid4().hex}@example.in"
    answers = [post(app.test_client(), "/sign-up", name="Any Name", email=e, password=NEW) for e in (known, unknown)]
    assert len({(a.status_code, a.location, body(a, known, unknown)) for a in answers}) == 1
    assert [len(mails_to(app, email)) for email in (known, unknown)] == [1, 1]


def test_attack_enumeration_by_sign_in(app: Flask, organisations: Organisations) -> None:
    known, unknown = organisations.person().email, f"{uuid4().hex}@example.in"
    answers = [post(app.test_client(), "/sign-in", email=email, password="wrong") for email in (known, unknown)]
    assert len({(a.status_code, body(a, known, unknown), tuple(sorted(dict(a.headers)))) for a in answers}) == 1
    assert [len(mails_to(app, email)) for email in (known, unknown)] == [0, 0]


def test_attack_enumeration_by_reset(app: Flask, organisations: Organisations) -> None:
    known, unknown = organisations.person().email, f"{uuid4().hex}@example.in"
    answers = [post(app.test_client(), "/forgotten", email=email) for email in (known, unknown)]
    assert len({(a.status_code, a.location, body(a, known, unknown)) for a in answers}) == 1
    assert [len(mails_to(app, email)) for email in (known, unknown)] == [1, 1]


def test_attack_enumeration_by_invitation(app: Flask, organisations: Organisations) -> None:
    """Inviting tells an administrator nothing of who has an account elsewhere."""
    known, unknown = organisations.person().email, f"{uuid4().hex}@example.in"
    member = organisations.make()
    path, answers = f"/organisations/{member.organisation_id}/invitations", []
    for email in (known, unknown):
        answers.append(post(member.client(), path, email=email, role="reader"))
    assert len({(a.status_code, plain(body(a, known, unknown))) for a in answers}) == 1
    sent = [mails_to(app, email) for email in (known, unknown)]
    assert [len(mails) for mails in sent] == [1, 1]
    words = {plain(mail.text.replace(known, "").replace(unknown, "")) for mails in sent for mail in mails}
    assert len({re.sub(r"\s+", " ", text) for text in words}) == 1


def test_attack_enumeration_by_text_message(app: Flask, organisations: Organisations) -> None:
    """A number that somebody joined by before, and one that nobody knows, get the same answer."""
    member = organisations.make()
    path, answers = f"/organisations/{member.organisation_id}/invitations/messages", []
    used, new = "+919812345601", "+919812345602"
    post(member.client(), path, phone=used, role="reader", guest_name="Asha Rao")
    elsewhere = organisations.make()
    path = f"/organisations/{elsewhere.organisation_id}/invitations/messages"
    for phone in (used, new):
        answers.append(post(elsewhere.client(), path, phone=phone, role="reader", guest_name="Asha Rao"))
    assert [answer.status_code for answer in answers] == [201, 201]
    pages = {plain(body(answer)).replace(used, "").replace(new, "").replace(used[3:], "") for answer in answers}
    pages = {re.sub(r"98123[ ]?4560[12]", "", page) for page in pages}
    assert len(pages) == 1


def plain(said: str) -> str:
    """Without what is random or of the moment: ids, links, codes, times."""
    said = re.sub(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", "", said)
    said = re.sub(r"/invitations/[\w-]{20,}", "", said)
    said = re.sub(r"(?:[0-9A-Z]{4}[- ]){2,}[0-9A-Z]{2,4}", "", said)
    return re.sub(r"\d{1,2}:\d{2}(?::\d{2})?|T[\d:.+]+", "", said)


def test_attack_guessable_passwords_are_refused_wherever_one_is_set(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    weak = "monkeydragon1"
    up = post(app.test_client(), "/sign-up", name="Any Name", email=f"{uuid4().hex}@example.in", password=weak)
    change = post(person.client(), "/account/password", current_password=PASSWORD, password=weak)
    assert (up.status_code, change.status_code) == (422, 422)
    for answer in (up, change):
        assert "guessed quickly" in answer.get_data(as_text=True)
