"""Mails of a test: found by address, their links followed."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.audit.models import OPERATOR_LOG, Event
from entitylocker.extensions import db
from entitylocker.notifications.models import OutboxMessage
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import csrf_token


def mails_to(app: Flask, email: str, subject: str = "") -> list[OutboxMessage]:
    """The mails to an address, oldest first; only those whose subject holds `subject`."""
    with app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        query = select(OutboxMessage).where(OutboxMessage.recipient == email).order_by(OutboxMessage.id)
        return [mail for mail in db.session.scalars(query) if subject in mail.subject]


def link_in(mail: Any) -> str:
    """The path of the first link of a mail."""
    found = re.search(r"^https?://[^/\s]+(/\S+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found.group(1)


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    """Send a form."""
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def log_of(app: Flask, tag: str) -> list[Event]:
    """Events of the installation's log."""
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=OPERATOR_LOG)):
        query = select(Event).where(Event.organisation_id == OPERATOR_LOG, Event.tag == tag).order_by(Event.sequence)
        return list(db.session.scalars(query))
