"""What every decision of the operator about an identifier has in common: locking, writing down, telling."""

from __future__ import annotations

from datetime import date
from enum import Enum
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import IdentifierKind
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import AlreadyDecided, AlreadyOver, HeldByAnother
from entitylocker.organisations.events import IdentifierDecided
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.rules import is_over
from entitylocker.organisations.states import IdentifierState
from entitylocker.web.links import link_to

RENEWED = "renewed"


class AsStated(Enum):
    """Stands for: the last day that the organisation stated."""

    AS_STATED = "as_stated"


LastDay = date | AsStated | None


def lock_stated(identifier_id: UUID) -> StatedIdentifier:
    """An identifier that waits for the operator, locked until the commit. Raises NotFound, AlreadyDecided."""
    row = db.session.scalar(select(StatedIdentifier).where(StatedIdentifier.id == identifier_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != IdentifierState.STATED:
        raise AlreadyDecided
    return row


def decide(actor: Actor, row: StatedIdentifier, state: IdentifierState, method: str, note: str) -> None:
    """Write a decision into a locked row."""
    row.state, row.method, row.note = state.value, method, note or None
    row.decided_at, row.decided_by_name = utc_now(), actor.name


def put_verified(
    actor: Actor, row: StatedIdentifier, method: str, note: str, valid_until: LastDay = AsStated.AS_STATED
) -> None:
    """Let a locked claim be verified, in place of an earlier one of the same organisation.

    Raises HeldByAnother, AlreadyOver.
    """
    if not isinstance(valid_until, AsStated):
        row.valid_until = valid_until
    if is_over(row.valid_until):
        raise AlreadyOver(field="valid_until")
    _retire_earlier(row)
    decide(actor, row, IdentifierState.VERIFIED, method, note)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise HeldByAnother from fault


def _retire_earlier(row: StatedIdentifier) -> None:
    earlier = db.session.scalar(
        select(StatedIdentifier)
        .where(
            StatedIdentifier.organisation_id == row.organisation_id,
            StatedIdentifier.kind == row.kind,
            StatedIdentifier.value == row.value,
            StatedIdentifier.state == IdentifierState.VERIFIED.value,
        )
        .with_for_update()
    )
    if earlier is not None:
        earlier.state, earlier.method, earlier.ended_at = IdentifierState.EXPIRED.value, RENEWED, utc_now()
        tenancy.flush()


def tell_claimant(actor: Actor, row: StatedIdentifier, tag: EventTag) -> None:
    """Record a decision in the organisation's trail and mail whoever stated the identifier."""
    organisation_id = row.organisation_id
    subject = Subject("identifier", row.id, row.value)
    record(actor, tag, subject, organisation_id=organisation_id, note=row.note or "")
    verified = tag is EventTag.IDENTIFIER_VERIFY
    send_mail(
        to=row.stated_by_email,
        subject=_l("Your organisation is verified") if verified else _l("An identifier was not accepted"),
        template="mail/identifier_verified" if verified else "mail/identifier_refused",
        name=row.stated_by_name,
        organisation=db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id)),
        kind=IdentifierKind(row.kind),
        value=row.value,
        note=row.note,
        link=link_to("organisations.details", organisation_id=organisation_id),
    )
    tenancy.publish(IdentifierDecided(actor, organisation_id, row.id, verified))
