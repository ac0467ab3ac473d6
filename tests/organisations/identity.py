"""What the tests of an organisation's identity share: stating, mails, events, days."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.audit.models import OPERATOR_LOG, Event
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations import service
from entitylocker.organisations.letters import Letter
from entitylocker.organisations.models import StatedIdentifier
from entitylocker.organisations.review import PendingIdentifier
from entitylocker.organisations.rules import today
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, Person, csrf_token

LETTER = b"%PDF-1.7\n" + b"an order of the state, " * 200


def letter(content: bytes = LETTER) -> Letter:
    return Letter("order.pdf", io.BytesIO(content))


def in_days(count: int) -> date:
    return today() + timedelta(days=count)


def state(member: Member, kind: IdentifierKind, typed: str, **more: Any) -> UUID:
    with member.app.test_request_context():
        return service.state_identifier(member.actor, kind=kind, typed=typed, **more)


def pending_of(organisations: Organisations, organisation_id: UUID) -> list[PendingIdentifier]:
    with organisations.app.test_request_context():
        waiting = service.list_pending_identifiers(organisations.operator())
    return [found for found in waiting if found.organisation_id == organisation_id]


def rows_of(member: Member) -> list[StatedIdentifier]:
    """The identifiers of an organisation, newest first."""
    with member.app.test_request_context():
        return list(service.get_details(member.actor).identifiers)


def put_last_day(app: Flask, identifier_id: UUID, day: date) -> None:
    """Let the last day of an identifier be `day`, as if it had been verified long ago."""
    with app.app_context(), tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
        db.session.execute(update(StatedIdentifier).where(StatedIdentifier.id == identifier_id).values(valid_until=day))


def events_of(app: Flask, organisation_id: UUID = OPERATOR_LOG) -> list[Event]:
    """A trail, oldest first."""
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        trail = select(Event).where(Event.organisation_id == organisation_id).order_by(Event.sequence)
        return list(db.session.scalars(trail))


def mails_to(person: Person) -> list[Any]:
    """The mails to somebody, newest first."""
    with person.app.app_context():
        return [mail for mail in list_outbox(limit=5000) if mail.recipient == person.email]


def words_of(mail: Any) -> str:
    """The text of a mail on one line: it is wrapped."""
    return " ".join(mail.text.split())


def post(person: Person, path: str, **fields: Any) -> Any:
    client = person.client()
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})
