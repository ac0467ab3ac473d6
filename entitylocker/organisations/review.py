"""What the operator does with stated identifiers: look, read the letter, decide. Every look is an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import AlreadyDecided, HeldByAnother
from entitylocker.organisations.events import IdentifierDecided
from entitylocker.organisations.letters import OpenLetter, open_letter_of
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import open_use_case, use_case

METHOD = "operator"


@dataclass(frozen=True)
class PendingIdentifier:
    """A claim that waits for the operator. `contested`: another organisation is verified as its holder."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    organisation_kind: OrganisationKind
    kind: IdentifierKind
    value: str
    stated_by_name: str
    stated_by_email: str
    stated_at: datetime
    letter_name: str | None
    letter_size: int | None
    contested: bool


@use_case(Permission.OPERATOR_REVIEW)
def list_pending_identifiers(actor: Actor) -> list[PendingIdentifier]:
    """Every identifier that waits for the operator, oldest first."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("identifiers"))
    rows = db.session.execute(
        select(StatedIdentifier, Organisation)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .where(StatedIdentifier.state == IdentifierState.STATED.value)
        .order_by(StatedIdentifier.id)
    ).all()
    held = _held({(row.kind, row.value) for row, _ in rows})
    return [_pending(row, organisation, (row.kind, row.value) in held) for row, organisation in rows]


def _held(claims: set[tuple[str, str]]) -> set[tuple[str, str]]:
    query = select(StatedIdentifier.kind, StatedIdentifier.value).where(
        StatedIdentifier.state == IdentifierState.VERIFIED.value,
        StatedIdentifier.value.in_({value for _, value in claims}),
    )
    return {(kind, value) for kind, value in db.session.execute(query)}


def _pending(row: StatedIdentifier, organisation: Organisation, contested: bool) -> PendingIdentifier:
    return PendingIdentifier(
        id=row.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        organisation_kind=OrganisationKind(organisation.kind),
        kind=IdentifierKind(row.kind),
        value=row.value,
        stated_by_name=row.stated_by_name,
        stated_by_email=row.stated_by_email,
        stated_at=row.created_at,
        letter_name=row.letter_name,
        letter_size=row.letter_size,
        contested=contested,
    )


@open_use_case("the letter is read with no transaction open; what it calls asks for the permission")
def open_letter(actor: Actor, identifier_id: UUID) -> OpenLetter:
    """The order letter of an identifier, for the operator. Raises NotFound."""
    return open_letter_of(_get_for_letter(actor, identifier_id))


@use_case(Permission.OPERATOR_REVIEW)
def _get_for_letter(actor: Actor, identifier_id: UUID) -> StatedIdentifier:
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    row = db.session.scalar(select(StatedIdentifier).where(StatedIdentifier.id == identifier_id))
    if row is None or row.letter_object is None:
        raise NotFound
    record(actor, EventTag.OPERATOR_READ, Subject("identifier", row.id, row.value), letter=row.letter_sha256)
    return row


@use_case(Permission.OPERATOR_APPROVE)
def verify_identifier(actor: Actor, identifier_id: UUID, note: str = "") -> None:
    """Say that the organisation is who it says; `note`: how that was found.

    Raises NotFound, AlreadyDecided, HeldByAnother.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock_stated(identifier_id)
    _decide(actor, row, IdentifierState.VERIFIED, note)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise HeldByAnother from fault
    _tell(
        actor,
        row,
        EventTag.IDENTIFIER_VERIFY,
        gettext("Your organisation is verified"),
        "mail/identifier_verified",
    )


@use_case(Permission.OPERATOR_APPROVE)
def refuse_identifier(actor: Actor, identifier_id: UUID, note: str) -> None:
    """Do not accept an identifier; the organisation reads `note`. Raises NotFound, AlreadyDecided."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock_stated(identifier_id)
    _decide(actor, row, IdentifierState.REFUSED, note)
    _tell(
        actor,
        row,
        EventTag.IDENTIFIER_REFUSE,
        gettext("An identifier was not accepted"),
        "mail/identifier_refused",
    )


def _lock_stated(identifier_id: UUID) -> StatedIdentifier:
    row = db.session.scalar(select(StatedIdentifier).where(StatedIdentifier.id == identifier_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != IdentifierState.STATED:
        raise AlreadyDecided
    return row


def _decide(actor: Actor, row: StatedIdentifier, state: IdentifierState, note: str) -> None:
    row.state, row.method, row.note = state.value, METHOD, note or None
    row.decided_at, row.decided_by_name = utc_now(), actor.name


def _tell(actor: Actor, row: StatedIdentifier, tag: EventTag, subject: str, template: str) -> None:
    organisation_id = row.organisation_id
    record(
        actor,
        tag,
        Subject("identifier", row.id, row.value),
        organisation_id=organisation_id,
        note=row.note or "",
    )
    name = db.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id))
    kind = gettext(IdentifierKind(row.kind).label)
    send_mail(
        to=row.stated_by_email,
        subject=subject,
        template=template,
        name=row.stated_by_name,
        organisation=name,
        kind=kind,
        value=row.value,
        note=row.note,
    )
    verified = tag is EventTag.IDENTIFIER_VERIFY
    tenancy.publish(IdentifierDecided(actor, organisation_id, row.id, verified))
