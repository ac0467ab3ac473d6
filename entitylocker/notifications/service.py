"""Writing mail: into the outbox with the transaction that causes it, out of it by a job."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import current_app
from jinja2 import TemplateNotFound
from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.notifications.models import OutboxMessage
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case
from entitylocker.web.engine_room import engines

SMTP_SECONDS = 20


def send_mail(*, to: str, subject: str, template: str, **context: Any) -> None:
    """Put a mail into the outbox of the running transaction: `template`.txt, and `template`.html if there is one."""
    message_id = uuid7()
    db.session.execute(
        insert(OutboxMessage).values(
            id=message_id,
            created_at=utc_now(),
            recipient=to,
            subject=subject.replace("\n", " ").replace("\r", " "),
            text=_render(f"{template}.txt", context),
            html=_render_if_there(f"{template}.html", context),
        )
    )
    defer(send_message, message_id=str(message_id))


def _render(template: str, context: dict[str, Any]) -> str:
    """Without what pages add to every template: that would look up things of another tenant."""
    return current_app.jinja_env.get_template(template).render(**context)


def _render_if_there(template: str, context: dict[str, Any]) -> str:
    try:
        return _render(template, context)
    except TemplateNotFound:
        return ""


@task("notifications.send_message")
def send_message(message_id: str) -> None:
    """Send one mail by SMTP and note when. Without a mail server it stays in the outbox."""
    address = engines().settings.smtp_url
    if not address:
        return
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        message = db.session.get(OutboxMessage, UUID(message_id))
    if message is None or message.sent_at is not None:
        return
    _deliver(address, message)
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(update(OutboxMessage).where(OutboxMessage.id == message.id).values(sent_at=utc_now()))


def _deliver(address: str, message: OutboxMessage) -> None:
    """`address`: smtp://user:password@host:587 (STARTTLS) or smtps://…:465."""
    mail = EmailMessage()
    mail["From"] = engines().settings.mail_sender
    mail["To"] = message.recipient
    mail["Subject"] = message.subject
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    parts = urlsplit(address)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "localhost", parts.port or 0, timeout=SMTP_SECONDS) as server:
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)


@open_use_case("a demo has no mail server: its outbox is shown to whoever sits at the machine")
def list_outbox(limit: int = 50) -> list[OutboxMessage]:
    """The newest mails. Raises NotFound where a mail server is set: then nobody reads mail here."""
    if not (engines().settings.demo and engines().settings.shows_outbox):
        raise NotFound
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        newest = select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(limit)
        return list(db.session.scalars(newest))
