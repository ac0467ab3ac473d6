"""Two organisations claim one identifier: the operator sees both and decides. Neither is told of the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import load_only

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.models import OPERATOR_LOG
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import OrganisationKind
from entitylocker.jobs.queue import defer
from entitylocker.organisations.deciding import decide, lock_stated, put_verified, tell_claimant
from entitylocker.organisations.errors import IdentifierNotContested
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.expiry import Told, tell_holder
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import use_case

METHOD = "dispute"


@dataclass(frozen=True)
class Holder:
    """Who is verified as the holder of an identifier that another organisation claims. For the operator only."""

    id: UUID
    organisation_id: UUID
    organisation_name: str
    organisation_kind: OrganisationKind
    stated_by_name: str
    stated_by_email: str
    verified_at: datetime | None
    verified_by_name: str
    method: str
    note: str
    valid_until: date | None
    letter_name: str | None
    letter_size: int | None


def find_holders(claims: set[tuple[str, str]]) -> dict[tuple[str, str], Holder]:
    """The verified holders of (kind, value), in a running transaction of the operator."""
    rows = db.session.execute(
        select(StatedIdentifier, Organisation)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .options(load_only(Organisation.name, Organisation.kind))
        .where(
            StatedIdentifier.state == IdentifierState.VERIFIED.value,
            tuple_(StatedIdentifier.kind, StatedIdentifier.value).in_(list(claims)),
        )
    ).all()
    return {(row.kind, row.value): _holder(row, organisation) for row, organisation in rows}


def _holder(row: StatedIdentifier, organisation: Organisation) -> Holder:
    return Holder(
        id=row.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        organisation_kind=OrganisationKind(organisation.kind),
        stated_by_name=row.stated_by_name,
        stated_by_email=row.stated_by_email,
        verified_at=row.decided_at,
        verified_by_name=row.decided_by_name or "",
        method=row.method or "",
        note=row.note or "",
        valid_until=row.valid_until,
        letter_name=row.letter_name,
        letter_size=row.letter_size,
    )


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def decide_dispute(actor: Actor, identifier_id: UUID, *, passes: bool, note: str) -> None:
    """Let a contested identifier pass over to the organisation of the claim `identifier_id`, or stay where it is.

    `note` is for the operator's own log: both organisations are told in the same words whoever the other is. Raises
    NotFound, AlreadyDecided, AlreadyOver, IdentifierNotContested.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    claim = lock_stated(identifier_id)
    holder = _lock_holder(claim)
    if passes:
        _pass_over(actor, holder, claim)
    else:
        _leave(actor, holder, claim)
    record(
        actor, EventTag.IDENTIFIER_CONTEST, Subject("identifier", claim.id, claim.value), organisation_id=OPERATOR_LOG,
        passes=passes, note=note, claimed_by=str(claim.organisation_id), held_by=str(holder.organisation_id),
    )  # fmt: skip


def _lock_holder(claim: StatedIdentifier) -> StatedIdentifier:
    holder = db.session.scalar(
        select(StatedIdentifier)
        .where(
            StatedIdentifier.kind == claim.kind,
            StatedIdentifier.value == claim.value,
            StatedIdentifier.state == IdentifierState.VERIFIED.value,
            StatedIdentifier.organisation_id != claim.organisation_id,
        )
        .with_for_update()
    )
    if holder is None:
        raise IdentifierNotContested
    return holder


def _pass_over(actor: Actor, holder: StatedIdentifier, claim: StatedIdentifier) -> None:
    holder.state, holder.method, holder.ended_at = IdentifierState.EXPIRED.value, METHOD, utc_now()
    tenancy.flush()
    put_verified(actor, claim, METHOD, "")
    tell_claimant(actor, claim, EventTag.IDENTIFIER_VERIFY)
    _tell(actor, holder, EventTag.IDENTIFIER_EXPIRE, Told.ENDED)
    tenancy.publish(IdentifierExpired(actor, holder.organisation_id, holder.id))


def _leave(actor: Actor, holder: StatedIdentifier, claim: StatedIdentifier) -> None:
    decide(actor, claim, IdentifierState.REFUSED, METHOD, "")
    tell_claimant(actor, claim, EventTag.IDENTIFIER_REFUSE)
    _tell(actor, holder, EventTag.IDENTIFIER_VERIFY, Told.CONFIRMED)


def _tell(actor: Actor, holder: StatedIdentifier, tag: EventTag, what: Told) -> None:
    """The event now; the mail by a job that works for the holder, whose people the operator does not see."""
    subject = Subject("identifier", holder.id, holder.value)
    record(actor, tag, subject, organisation_id=holder.organisation_id, again=True)
    defer(
        tell_holder,
        organisation_id=str(holder.organisation_id),
        identifier_id=str(holder.id),
        what=what.value,
    )
