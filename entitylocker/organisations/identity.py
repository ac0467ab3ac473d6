"""Stating who an organisation is: an identifier, until when it holds, and for a department its order letter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.models import Person
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import (
    Identifier,
    IdentifierKind,
    OrganisationKind,
    checked_against_one_another,
    parse_identifier,
)
from entitylocker.organisations.errors import AlreadyOver, AlreadyStated, LetterMissing
from entitylocker.organisations.letters import Letter, StoredLetter, drop_letter, name_letter, store_letter
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.rules import is_ending, is_over, needs_letter
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import open_use_case, use_case

FIELD = "identifier"
_OPEN = (IdentifierState.STATED.value, IdentifierState.VERIFIED.value)


@dataclass(frozen=True)
class Claim:
    """A well-formed identifier under the id its row will have. `valid_until`: its last day, if it has one."""

    id: UUID
    identifier: Identifier
    valid_until: date | None = None


def read_claim(
    organisation_kind: OrganisationKind | None,
    kind: IdentifierKind,
    typed: str,
    *,
    has_letter: bool,
    valid_until: date | None = None,
) -> Claim:
    """What was typed, as a claim. Raises InvalidIdentifier, Disagreement, AlreadyOver, LetterMissing with the field."""
    try:
        identifier = parse_identifier(kind, typed)
        for disagreement in checked_against_one_another([identifier], organisation_kind):
            raise disagreement
    except LockerError as wrong:
        wrong.field = FIELD
        raise
    if needs_letter(kind) and not has_letter:
        raise LetterMissing(field="letter")
    if is_over(valid_until):
        raise AlreadyOver(field="valid_until")
    return Claim(uuid7(), identifier, valid_until)


@open_use_case("the letter is stored with no transaction open; what it calls asks for the permission, before and after")
def state_identifier(
    actor: Actor,
    *,
    kind: IdentifierKind,
    typed: str,
    letter: Letter | None = None,
    valid_until: date | None = None,
) -> UUID:
    """State one more identifier of the actor's organisation; it counts once the operator verified it.

    One that is verified can be stated again in its last 30 days, to renew it. Returns the id of the claim. Raises
    InvalidIdentifier, Disagreement, AlreadyStated, AlreadyOver, LetterMissing, LetterNotPdf, LetterTooLarge.
    """
    claim = read_claim(None, kind, typed, has_letter=letter is not None, valid_until=valid_until)
    _admit(actor, claim)
    stored = store_letter(claim.id, letter) if letter is not None else None
    try:
        _state(actor, claim, stored)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        drop_letter(stored)
        raise
    return claim.id


@use_case(Permission.ORGANISATION_MANAGE)
def _admit(actor: Actor, claim: Claim) -> None:
    """Refuse what cannot be stated, before any byte is stored."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    organisation = db.session.scalar(select(Organisation).where(Organisation.id == actor.organisation_id))
    if organisation is None:
        raise NotFound
    held = db.session.scalars(
        select(StatedIdentifier).where(
            StatedIdentifier.organisation_id == actor.organisation_id, StatedIdentifier.state.in_(_OPEN)
        )
    )
    known = []
    for row in held:
        known.append(parse_identifier(IdentifierKind(row.kind), row.value))
        if known[-1] == claim.identifier and not _ends_soon(row):
            raise AlreadyStated(field=FIELD)
    for disagreement in checked_against_one_another([*known, claim.identifier], OrganisationKind(organisation.kind)):
        disagreement.field = FIELD
        raise disagreement


def _ends_soon(row: StatedIdentifier) -> bool:
    return row.state == IdentifierState.VERIFIED and is_ending(row.valid_until)


@use_case(Permission.ORGANISATION_MANAGE)
def _state(actor: Actor, claim: Claim, letter: StoredLetter | None) -> None:
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    person = db.session.scalar(select(Person).where(Person.id == actor.person_id))
    if person is None:
        raise NotFound
    put_identifier(actor, person, claim, letter)


def put_identifier(actor: Actor, person: Person, claim: Claim, letter: StoredLetter | None) -> None:
    """Write a claim down in the running transaction. Raises AlreadyStated."""
    row = StatedIdentifier(
        id=claim.id,
        organisation_id=actor.organisation_id,
        kind=claim.identifier.kind.value,
        value=claim.identifier.value,
        state=IdentifierState.STATED.value,
        stated_by_name=person.name,
        stated_by_email=person.email,
        valid_until=claim.valid_until,
    )
    name_letter(row, letter)
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise AlreadyStated(field=FIELD) from fault
    subject = Subject("identifier", row.id, row.value)
    record(actor, EventTag.IDENTIFIER_STATE, subject, kind=row.kind, letter=row.letter_sha256)
