"""What the operator sees of vouchings: who vouched for whom, with which letter; and ending one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import use_case
from entitylocker.units.errors import VouchingEnded
from entitylocker.units.sweeping import sweep_below
from entitylocker.units.telling import tell

PAGE = 50


@dataclass(frozen=True)
class Vouching:
    """That a parent vouched for its unit. `id`: of the identifier that is verified by it."""

    id: UUID
    unit_id: UUID
    unit_name: str
    parent_name: str
    value: str
    vouched_at: datetime
    vouched_by_name: str
    state: IdentifierState
    ended_at: datetime | None
    letter_name: str | None

    @property
    def stands(self) -> bool:
        """Whether the unit is verified by it today."""
        return self.state is IdentifierState.VERIFIED


@dataclass(frozen=True)
class VouchingPage:
    """Vouchings, newest first. `before`: where the next page begins, None on the last."""

    vouchings: list[Vouching]
    before: UUID | None


@use_case(Permission.OPERATOR_REVIEW)
def list_vouchings(actor: Actor, *, named: str = "", before: UUID | None = None) -> VouchingPage:
    """Vouchings of the installation, those that ended among them; `named`: unit, parent or code holds this."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("vouchings"), named=named)
    query = (
        select(StatedIdentifier, Organisation.name)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .where(StatedIdentifier.vouched_by_id.is_not(None))
        .order_by(StatedIdentifier.id.desc())
        .limit(PAGE + 1)
    )
    if named:
        columns = (Organisation.name, StatedIdentifier.vouched_by_name, StatedIdentifier.value)
        query = query.where(or_(*(column.icontains(named, autoescape=True) for column in columns)))
    if before is not None:
        query = query.where(StatedIdentifier.id < before)
    rows = [_vouching(row, unit_name) for row, unit_name in db.session.execute(query)]
    return VouchingPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


def _vouching(row: StatedIdentifier, unit_name: str) -> Vouching:
    return Vouching(
        id=row.id,
        unit_id=row.organisation_id,
        unit_name=unit_name,
        parent_name=row.vouched_by_name or "",
        value=row.value,
        vouched_at=row.created_at,
        vouched_by_name=row.decided_by_name or "",
        state=IdentifierState(row.state),
        ended_at=row.ended_at,
        letter_name=row.letter_name,
    )


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def end_vouching_by_operator(actor: Actor, identifier_id: UUID, reason: str) -> str:
    """End a vouching; what rests on it expires with it. Both sides read `reason`, in their trails and by mail.

    Answers the name of the unit. Raises NotFound, VouchingEnded.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    vouched = StatedIdentifier.vouched_by_id.is_not(None)
    row = db.session.scalar(
        select(StatedIdentifier).where(StatedIdentifier.id == identifier_id, vouched).with_for_update()
    )
    if row is None or row.vouched_by_id is None:
        raise NotFound
    if row.state != IdentifierState.VERIFIED:
        raise VouchingEnded
    row.state, row.ended_at = IdentifierState.EXPIRED.value, utc_now()
    unit = db.session.scalar(select(Organisation.name).where(Organisation.id == row.organisation_id)) or ""
    subject = Subject("identifier", row.id, row.value)
    record(actor, EventTag.UNIT_WITHDRAW_VOUCHING, subject, reason=reason)
    facts = {"unit": unit, "parent": row.vouched_by_name or "", "operator": True, "reason": reason}
    for place in (row.organisation_id, row.vouched_by_id):
        tell(place, actor, EventTag.UNIT_WITHDRAW_VOUCHING, subject, facts=facts, reason=reason)
    sweep_below(row.organisation_id)
    return unit
