"""What the operator does with stated identifiers: look, read the letter, decide. Every look is an event."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import load_only

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import (
    Identifier,
    IdentifierKind,
    Oddity,
    OrganisationKind,
    oddities,
    parse_identifier,
)
from entitylocker.organisations.deciding import AsStated, LastDay, decide, lock_stated, put_verified, tell_claimant
from entitylocker.organisations.disputes import Holder, find_holders
from entitylocker.organisations.errors import RenamedMeanwhile
from entitylocker.organisations.letters import OpenLetter, open_letter_of
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import open_use_case, use_case

METHOD = "operator"


@dataclass(frozen=True)
class PendingIdentifier:
    """A claim that waits for the operator.

    `holder`: another organisation is verified as its holder. `rivals`: how many others wait for the same. `renews`:
    this organisation is its holder already. `odd`: what is unusual about all its identifiers together.
    """

    id: UUID
    organisation_id: UUID
    organisation_name: str
    organisation_kind: OrganisationKind
    kind: IdentifierKind
    value: str
    stated_by_name: str
    stated_by_email: str
    stated_at: datetime
    valid_until: date | None
    letter_name: str | None
    letter_size: int | None
    holder: Holder | None
    rivals: int
    renews: bool
    odd: Sequence[Oddity]

    @property
    def contested(self) -> bool:
        """Whether another organisation is verified as its holder."""
        return self.holder is not None


@use_case(Permission.OPERATOR_REVIEW)
def list_pending_identifiers(actor: Actor) -> list[PendingIdentifier]:
    """Every identifier that waits for the operator, oldest first."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("identifiers"))
    rows = db.session.execute(
        select(StatedIdentifier, Organisation)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .options(load_only(Organisation.name, Organisation.kind))
        .where(StatedIdentifier.state == IdentifierState.STATED.value)
        .order_by(StatedIdentifier.id)
    ).all()
    holders = find_holders({(row.kind, row.value) for row, _ in rows})
    claims = Counter((row.kind, row.value) for row, _ in rows)
    known = _identifiers_of({organisation.id for _, organisation in rows})
    return [
        _pending(
            row,
            organisation,
            holders.get((row.kind, row.value)),
            claims[row.kind, row.value] - 1,
            known[organisation.id],
        )
        for row, organisation in rows
    ]


def _identifiers_of(organisation_ids: set[UUID]) -> dict[UUID, list[Identifier]]:
    """What these organisations have stated and hold, to be looked at together."""
    found: dict[UUID, list[Identifier]] = defaultdict(list)
    query = select(StatedIdentifier.organisation_id, StatedIdentifier.kind, StatedIdentifier.value).where(
        StatedIdentifier.organisation_id.in_(organisation_ids),
        StatedIdentifier.state.in_([IdentifierState.STATED.value, IdentifierState.VERIFIED.value]),
    )
    for organisation_id, kind, value in db.session.execute(query):
        found[organisation_id].append(parse_identifier(IdentifierKind(kind), value))
    return found


def _pending(
    row: StatedIdentifier,
    organisation: Organisation,
    holder: Holder | None,
    rivals: int,
    known: Sequence[Identifier],
) -> PendingIdentifier:
    own = holder is not None and holder.organisation_id == organisation.id
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
        valid_until=row.valid_until,
        letter_name=row.letter_name,
        letter_size=row.letter_size,
        holder=None if own else holder,
        rivals=rivals,
        renews=own,
        odd=oddities(known),
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


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def verify_identifier(
    actor: Actor,
    identifier_id: UUID,
    note: str = "",
    *,
    valid_until: LastDay = AsStated.AS_STATED,
    seen_name: str | None = None,
) -> None:
    """Say that the organisation is who it says; `note`: how that was found. `valid_until`: its last day, None: no end.

    `seen_name`: under which name the operator saw it. Where the organisation held it already, the earlier row ends: it
    was renewed. Raises NotFound, AlreadyDecided, AlreadyOver, HeldByAnother, RenamedMeanwhile.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = lock_stated(identifier_id)
    name = db.session.scalar(select(Organisation.name).where(Organisation.id == row.organisation_id))
    if seen_name is not None and seen_name != name:
        raise RenamedMeanwhile
    put_verified(actor, row, METHOD, note, valid_until)
    tell_claimant(actor, row, EventTag.IDENTIFIER_VERIFY)


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def refuse_identifier(actor: Actor, identifier_id: UUID, note: str) -> None:
    """Do not accept an identifier; the organisation reads `note`. Raises NotFound, AlreadyDecided."""
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = lock_stated(identifier_id)
    decide(actor, row, IdentifierState.REFUSED, METHOD, note)
    tell_claimant(actor, row, EventTag.IDENTIFIER_REFUSE)
