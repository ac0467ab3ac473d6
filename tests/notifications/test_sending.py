"""Mail is written in the language of who gets it, and handed to a real SMTP server as a mail should be."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from flask_babel import lazy_gettext
from procrastinate.jobs import Job
from sqlalchemy import select, text, update

from entitylocker import tenancy
from entitylocker.accounts.service import set_language
from entitylocker.config import Settings
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.worker import build_queue
from entitylocker.notifications import delivery
from entitylocker.notifications.addresses import is_plain_address
from entitylocker.notifications.delivery import MailRefused, MailServerAway, compose
from entitylocker.notifications.models import OutboxMessage
from entitylocker.notifications.service import send_mail, send_message, sweep_outbox
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.web.engine_room import engines
from tests.factories import Organisations

SENDER = "EntityLocker <no-reply@locker.example.in>"


class Inbox:
    """A mail server's own: what it was given, and what it answers to a recipient and to a mail."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        self.to_recipient = ""
        self.to_mail = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.to_recipient:
            return self.to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.to_mail.startswith("250"):
            self.envelopes.append(envelope)
            parsed = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
            self.mails.append(parsed)  # type: ignore[arg-type]
        return self.to_mail


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


class Server:
    """A mail server that can go away and come back."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._running: Controller | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        self._running = Controller(self._inbox, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True)
        self._running.start()

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
        self._running = None


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Server]:
    running = Server(inbox)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def with_server(in_app: Flask, server: Server, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application, with that server in its settings."""
    room = engines()
    settings = dataclasses.replace(room.settings, smtp_url=f"smtp://127.0.0.1:{server.port}", mail_sender=SENDER)
    monkeypatch.setattr(room, "settings", settings)
    return in_app


def put(to: str, **rest: Any) -> OutboxMessage:
    """Put a mail into the outbox; what stands there."""
    with tenancy.transaction(Tenant()):
        send_mail(
            to=to, subject=lazy_gettext("Confirm your e-mail address"), template="mail/confirm_address",
            link=f"{engines().settings.base_url}/sign-up/confirm/x", days=2, **rest,
        )  # fmt: skip
    return newest(to)


def newest(to: str) -> OutboxMessage:
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        found = select(OutboxMessage).where(OutboxMessage.recipient == to).order_by(OutboxMessage.id.desc())
        return db.session.scalars(found.limit(1)).one()


def someone() -> str:
    return f"{uuid4().hex}@example.in"


# The language


def test_a_mail_is_in_the_language_of_who_gets_it(app: Flask, organisations: Organisations) -> None:
    hindi, english, silent = (organisations.person() for _ in range(3))
    with app.app_context():
        set_language(hindi.actor, "hi")
        set_language(english.actor, "en")
    with app.test_request_context(headers={"Cookie": "lang=hi"}):
        assert put(english.email).language == "en", "whoever causes it reads Hindi"
        assert put(silent.email).language == "hi", "nothing is kept: as whoever causes it"
        assert put(someone()).language == "hi", "no account: as whoever causes it"
        assert put(hindi.email, language="en").language == "en", "asked for"
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        told = put(f" {hindi.email.upper()}")
    assert told.language == "hi"
    assert "पुष्टि" in told.subject and "पुष्टि" in told.text and 'lang="hi"' in told.html
    with app.app_context():
        assert put(someone()).language == "en", "a job has no language of its own"


def test_the_language_of_the_request_is_as_it_was_afterwards(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "lang=hi"}):
        put(someone(), language="en")
        assert str(lazy_gettext("Sign in")) != "Sign in"


def test_the_lookup_tells_a_language_and_nothing_else(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    with app.app_context():
        for role in (DatabaseRole.APP, DatabaseRole.OPERATOR, DatabaseRole.WORKER):
            with tenancy.transaction(Tenant(role)):
                found = [
                    db.session.execute(text("SELECT lookup_language(:e)"), {"e": e}).scalar()
                    for e in (person.email, someone())
                ]
            assert found == [None, None], "no language kept and no account are the same answer"


# The mail server


def test_a_mail_arrives_as_a_mail_should(with_server: Flask, inbox: Inbox) -> None:
    message = put(someone(), language="hi")
    send_message(str(message.id))
    (mail,) = inbox.mails
    assert mail["To"].addresses[0].addr_spec == message.recipient
    assert mail["From"] == SENDER
    assert mail["Subject"] == message.subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{message.id}@locker.example.in>"
    assert abs(mail["Date"].datetime - message.created_at) < timedelta(seconds=2)
    assert mail["Content-Language"] == "hi"
    for absent in ("Reply-To", "List-Unsubscribe", "Bcc", "Cc"):
        assert mail[absent] is None
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().replace("\r\n", "\n") == message.text
    assert html.get_content().replace("\r\n", "\n").strip() == message.html.strip()
    raw = inbox.envelopes[0].original_content
    assert max(map(len, raw.split(b"\r\n"))) <= 998, "no line is too long for SMTP"


def test_what_was_sent_is_not_sent_again_and_not_kept(with_server: Flask, inbox: Inbox) -> None:
    message = put(someone())
    send_message(str(message.id))
    send_message(str(message.id))
    assert len(inbox.mails) == 1
    kept = newest(message.recipient)
    assert kept.sent_at is not None
    assert (kept.text, kept.html) == ("", ""), "links in it are as good as keys"


@pytest.mark.parametrize("answer", ["550 5.1.1 no such mailbox", "554 5.7.1 refused"])
def test_a_refused_recipient_is_not_tried_for_ever(with_server: Flask, inbox: Inbox, answer: str) -> None:
    message = put(someone())
    inbox.to_recipient = answer
    send_message(str(message.id))
    kept = newest(message.recipient)
    assert kept.failed_at is not None and kept.sent_at is None
    assert kept.failure == answer
    inbox.to_recipient = ""
    send_message(str(message.id))
    assert inbox.mails == []


def test_a_refused_mail_is_not_tried_for_ever(with_server: Flask, inbox: Inbox) -> None:
    message = put(someone())
    inbox.to_mail = "552 5.3.4 too large"
    send_message(str(message.id))
    assert newest(message.recipient).failed_at is not None


@pytest.mark.parametrize("place", ["to_recipient", "to_mail"])
def test_come_again_later_is_an_error_of_the_job(with_server: Flask, inbox: Inbox, place: str) -> None:
    message = put(someone())
    setattr(inbox, place, "451 4.7.1 greylisted")
    with pytest.raises(MailServerAway):
        send_message(str(message.id))
    kept = newest(message.recipient)
    assert kept.sent_at is None and kept.failed_at is None and kept.text
    setattr(inbox, place, "250 OK" if place == "to_mail" else "")
    send_message(str(message.id))
    assert len(inbox.mails) == 1


def test_a_server_that_is_down_is_waited_for(with_server: Flask, server: Server, inbox: Inbox) -> None:
    message = put(someone())
    server.stop()
    with pytest.raises(MailServerAway):
        send_message(str(message.id))
    assert newest(message.recipient).failed_at is None
    server.start()
    send_message(str(message.id))
    assert len(inbox.mails) == 1


def test_the_job_is_tried_again_for_about_a_day(app: Flask, settings: Settings) -> None:
    queue = build_queue(app, settings.database_worker_url, [])
    strategy = queue.tasks["notifications.send_message"].retry_strategy
    assert strategy is not None
    waits = []
    for attempts in range(20):
        job = Job(id=1, queue="q", lock=None, queueing_lock=None, task_name="t", attempts=attempts)
        decision = strategy.get_retry_decision(exception=MailServerAway(), job=job)
        if decision is None:
            break
        waits.append((decision.retry_at - utc_now()).total_seconds())
    assert waits[0] < 10, "a short fault delays little"
    assert 20 * 3600 < sum(waits) < 30 * 3600
    assert len(waits) < 12, "and not for ever"


# Who gets it


@pytest.mark.parametrize(
    "recipient",
    [
        "a@example.in, b@example.in",
        "a@example.in\r\nBcc: b@example.in",
        "Name <a@example.in>",
        '"a, b"@example.in',
        "a@example.in;b@example.in",
        "a@b@example.in",
        "a\u202e@example.in",
        "a@",
        "@example.in",
        "no address",
        "a@exa mple.in",
        "group: a@example.in;",
    ],
)
def test_a_recipient_is_one_address_or_none(with_server: Flask, inbox: Inbox, recipient: str) -> None:
    assert not is_plain_address(recipient)
    message = put(recipient)
    send_message(str(message.id))
    assert inbox.envelopes == []
    assert newest(recipient).failed_at is not None


def test_addresses_in_other_letters_arrive(with_server: Flask, inbox: Inbox) -> None:
    message = put("मीरा@डाक.भारत")
    send_message(str(message.id))
    (envelope,) = inbox.envelopes
    assert envelope.rcpt_tos == ["मीरा@xn--c1ba2p.xn--h2brj9c"] or envelope.rcpt_tos[0].startswith("मीरा@xn--")


def test_a_password_is_not_sent_in_the_open(with_server: Flask, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_is_here", lambda host: False)
    room = engines()
    bare = room.settings.smtp_url.removeprefix("smtp://")
    settings = dataclasses.replace(room.settings, smtp_url=f"smtp://user:secret@{bare}")
    monkeypatch.setattr(room, "settings", settings)
    with pytest.raises(MailServerAway):
        send_message(str(put(someone()).id))
    assert inbox.envelopes == []


def test_a_composed_mail_has_no_header_of_a_stranger() -> None:
    row: Any = SimpleNamespace(
        id=UUID(int=1), recipient="a@example.in", subject="One line", language="en", created_at=utc_now(), text="x",
        html="",
    )  # fmt: skip
    mail = compose(row, SENDER)
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language", "Content-Type",
         "Content-Transfer-Encoding", "MIME-Version"]
    )  # fmt: skip
    row.recipient = "a@example.in\nBcc: b@example.in"
    with pytest.raises(MailRefused):
        compose(row, SENDER)


def test_old_mails_are_forgotten_and_waiting_ones_are_not(in_app: Flask) -> None:
    sent, waiting = put(someone()), put(someone())
    long_ago = utc_now() - timedelta(days=31)
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(update(OutboxMessage).where(OutboxMessage.id == sent.id).values(sent_at=long_ago))
    sweep_outbox()
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        left = set(db.session.scalars(select(OutboxMessage.id)))
    assert sent.id not in left
    assert waiting.id in left
