"""Writing mail: into the outbox with the transaction that causes it, out of it by a job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import delete, func, insert, or_, select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.notifications.addresses import normalise_email
from entitylocker.notifications.delivery import MailRefused, compose, deliver
from entitylocker.notifications.faces import draw
from entitylocker.notifications.models import OutboxMessage
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case
from entitylocker.web.display import LOCALES, select_language
from entitylocker.web.engine_room import engines

KEPT_FOR = timedelta(days=30)


def send_mail(
    *,
    to: str,
    subject: Any,
    template: str,
    language: str | None = None,
    other_language: str | None = None,
    **context: Any,
) -> None:
    """Put a mail into the outbox of the running transaction: text and HTML, both made of templates/`template`.txt.

    It is written in `language` (en or hi); without one, in that of the account with the address `to`; if nothing is
    known of that, in `other_language`, else in that of whoever causes it. So `subject` is lazy, and `context` holds
    facts, not words made of them.
    """
    asked = language if language in LOCALES else None
    other = other_language if other_language in LOCALES else None
    spoken = asked or find_language(to) or other or select_language()
    with force_locale(LOCALES[spoken]):
        faces = draw(template, subject, spoken, context)
    message_id = uuid7()
    db.session.execute(
        insert(OutboxMessage).values(
            id=message_id,
            created_at=utc_now(),
            recipient=to,
            subject=faces.subject,
            language=spoken,
            text=faces.text,
            html=faces.html,
        )
    )
    defer(send_message, message_id=str(message_id))


def find_language(email: str) -> str | None:
    """The language kept in the account with that address, in any running transaction; None if nothing is known."""
    found = db.session.execute(text("SELECT lookup_language(:email)"), {"email": normalise_email(email)}).scalar()
    return found if found in LOCALES else None


@task("notifications.send_message", persistent=True)
def send_message(message_id: str) -> None:
    """Send one mail by SMTP and note when. Without a mail server it stays in the outbox.

    A server that is away is an error of the job, which is tried again for a day; a refusal for good is noted.
    """
    address = engines().settings.smtp_url
    if not address:
        return
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        message = db.session.get(OutboxMessage, UUID(message_id))
    if message is None or message.sent_at is not None or message.failed_at is not None:
        return
    try:
        deliver(address, compose(message, engines().settings.mail_sender))
    except MailRefused as refusal:
        _note(message.id, failed_at=utc_now(), failure=str(refusal))
    else:
        _note(message.id, sent_at=utc_now())


def _note(message_id: UUID, **values: Any) -> None:
    """What became of a mail. Links in it are as good as keys: what it said is not kept."""
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(
            update(OutboxMessage).where(OutboxMessage.id == message_id).values(text="", html="", **values)
        )


@task("notifications.sweep_outbox")
def sweep_outbox() -> None:
    """Forget mails that were sent or refused a month ago."""
    ended = func.coalesce(OutboxMessage.sent_at, OutboxMessage.failed_at) < utc_now() - KEPT_FOR
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(
            delete(OutboxMessage).where(
                or_(OutboxMessage.sent_at.is_not(None), OutboxMessage.failed_at.is_not(None)), ended
            )
        )


@open_use_case("a demo has no mail server: its outbox is shown to whoever sits at the machine")
def list_outbox(limit: int = 50) -> list[OutboxMessage]:
    """The newest mails. Raises NotFound where a mail server is set: then nobody reads mail here."""
    _only_in_a_demo()
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        newest = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
        return list(db.session.scalars(newest))


@open_use_case("a demo has no mail server: its outbox is shown to whoever sits at the machine")
def get_outbox_message(message_id: UUID) -> OutboxMessage:
    """One mail of the outbox. Raises NotFound."""
    _only_in_a_demo()
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        message = db.session.get(OutboxMessage, message_id)
    if message is None:
        raise NotFound
    return message


def _only_in_a_demo() -> None:
    if not (engines().settings.demo and engines().settings.shows_outbox):
        raise NotFound
