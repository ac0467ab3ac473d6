"""Identifiers whose last day has passed: no longer verified from the day after, by a job, with mail and event."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind
from entitylocker.jobs.queue import defer, housekeeper, job_actor, task
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.members import list_addresses
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.rules import today
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.web.links import link_to


class Told(StrEnum):
    """What a holder is told about an identifier that was verified."""

    EXPIRED = "expired"
    ENDED = "ended"
    CONFIRMED = "confirmed"


_SUBJECTS: dict[Told, Any] = {
    Told.EXPIRED: _l("An identifier of your organisation has expired"),
    Told.ENDED: _l("An identifier of your organisation is not verified any more"),
    Told.CONFIRMED: _l("An identifier of your organisation stays verified"),
}


@task("organisations.expire_identifiers")
def expire_identifiers() -> None:
    """Queue a job for each organisation with an identifier whose last day has passed."""
    queue_due(housekeeper())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def queue_due(actor: Actor) -> None:
    """Find the organisations that have something to expire. A second job for one of them finds nothing left."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    due = select(StatedIdentifier.organisation_id).where(
        StatedIdentifier.state == IdentifierState.VERIFIED.value, StatedIdentifier.valid_until < today()
    )
    for organisation_id in db.session.scalars(due.distinct()):
        defer(expire_of, organisation_id=str(organisation_id))


@task("organisations.expire_of")
def expire_of(organisation_id: str) -> None:
    """Expire what is due of one organisation."""
    expire_due(job_actor(organisation_id))


@use_case(Permission.HOUSEKEEPING)
def expire_due(actor: Actor) -> int:
    """Let the identifiers of the actor's organisation expire whose last day has passed; returns how many.

    The organisation is stated-only again with the last of them, in this transaction. The database itself looks whether
    the day has passed: the app's role cannot change the state of an identifier in any other way.
    """
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    assert actor.organisation_id is not None
    rows = db.session.execute(text("SELECT * FROM sweep_expired_identifiers()")).all()
    for row in rows:
        subject = Subject("identifier", row.id, row.value)
        record(actor, EventTag.IDENTIFIER_EXPIRE, subject, kind=row.kind, valid_until=row.valid_until.isoformat())
        _mail(actor.organisation_id, row.id, Told.EXPIRED)
        tenancy.publish(IdentifierExpired(actor, actor.organisation_id, row.id))
    return len(rows)


@task("organisations.tell_holder")
def tell_holder(organisation_id: str, identifier_id: str, what: str) -> None:
    """Mail the administrators of an organisation what was decided about an identifier that was verified."""
    tell(job_actor(organisation_id), UUID(identifier_id), Told(what))


@use_case(Permission.HOUSEKEEPING)
def tell(actor: Actor, identifier_id: UUID, what: Told) -> None:
    """The mails of `tell_holder`."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    assert actor.organisation_id is not None
    _mail(actor.organisation_id, identifier_id, what)


def _mail(organisation_id: UUID, identifier_id: UUID, what: Told) -> None:
    row = db.session.execute(
        select(StatedIdentifier.kind, StatedIdentifier.value, StatedIdentifier.valid_until, Organisation.name)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .where(StatedIdentifier.organisation_id == organisation_id, StatedIdentifier.id == identifier_id)
    ).one()
    for address in dict.fromkeys(list_addresses(organisation_id, [Role.ADMINISTRATOR])):
        send_mail(
            to=address,
            subject=_SUBJECTS[what],
            template="mail/identifier_ended",
            what=what.value,
            organisation=row.name,
            kind=IdentifierKind(row.kind),
            value=row.value,
            valid_until=row.valid_until,
            link=link_to("organisations.details", organisation_id=organisation_id),
        )
