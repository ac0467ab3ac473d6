"""What the operator does with organisations: look at the list, suspend, lift, bring back. Every look is an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, text

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import OrganisationKind
from entitylocker.jobs.queue import defer
from entitylocker.organisations.errors import NotActive, NotSuspended, TooLateToUndo
from entitylocker.organisations.life_jobs import tell_life
from entitylocker.organisations.life_rules import SuspendedBy, may_undo_closing
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.rights import lock_organisations
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import use_case

PAGE = 50
S = OrganisationState


@dataclass(frozen=True)
class KnownOrganisation:
    """An organisation as the operator sees it: never what is in it."""

    id: UUID
    name: str
    kind: OrganisationKind
    created_at: datetime
    verified: bool
    state: OrganisationState
    suspended_by: SuspendedBy | None
    reason: str
    since: datetime | None
    by_name: str


@dataclass(frozen=True)
class OrganisationPage:
    """Organisations, newest first. `before`: where the next page begins, None on the last."""

    organisations: list[KnownOrganisation]
    before: UUID | None


@use_case(Permission.OPERATOR_REVIEW)
def list_organisations(actor: Actor, *, named: str = "", before: UUID | None = None) -> OrganisationPage:
    """Organisations of the installation, newest first; `named`: those whose name holds this."""
    require(actor, Permission.OPERATOR_REVIEW, actor.facts)
    record(actor, EventTag.OPERATOR_READ, Subject("organisations"), named=named)
    verified = exists().where(
        StatedIdentifier.organisation_id == Organisation.id, StatedIdentifier.state == IdentifierState.VERIFIED.value
    )
    query = select(*_SHOWN, verified.label("verified")).order_by(Organisation.id.desc()).limit(PAGE + 1)
    if named:
        query = query.where(Organisation.name.icontains(named, autoescape=True))
    if before is not None:
        query = query.where(Organisation.id < before)
    rows = [_known(row) for row in db.session.execute(query)]
    return OrganisationPage(rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None)


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def suspend_by_operator(actor: Actor, organisation_id: UUID, reason: str) -> str:
    """Suspend an organisation; its administrators read the reason and cannot lift it. Answers its name.

    Also takes over what administrators suspended themselves. Raises NotFound, NotActive.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock(organisation_id)
    if row.state == S.CLOSED or row.suspended_by == SuspendedBy.OPERATOR:
        raise NotActive
    _write(actor, row, S.SUSPENDED, SuspendedBy.OPERATOR, reason)
    _record(actor, row, EventTag.ORGANISATION_SUSPEND, reason)
    return row.name


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def lift_by_operator(actor: Actor, organisation_id: UUID, reason: str) -> str:
    """Lift a suspension, whoever suspended; `reason` says why. Answers the name. Raises NotFound, NotSuspended.

    Without an administrator it is a draft again: nobody has begun to work there.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock(organisation_id)
    if row.state != S.SUSPENDED:
        raise NotSuspended
    has_administrator = db.session.scalar(text("SELECT lookup_administered(:wanted)"), {"wanted": row.id})
    _write(actor, row, S.ACTIVE if has_administrator else S.DRAFT, None, "")
    _record(actor, row, EventTag.ORGANISATION_LIFT, reason)
    return row.name


@use_case(Permission.OPERATOR_APPROVE, fresh=True)
def reopen_by_operator(actor: Actor, organisation_id: UUID, reason: str) -> str:
    """Bring a closed organisation back within the thirty days, on the word of somebody who was there.

    It is suspended by the operator afterwards: nobody acts in it before it was looked at. What ended with the closing
    stays ended. Answers the name. Raises NotFound, NotActive, TooLateToUndo.
    """
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    row = _lock(organisation_id)
    if row.state != S.CLOSED:
        raise NotActive
    if not may_undo_closing(row.state_at, utc_now()):
        raise TooLateToUndo
    _write(actor, row, S.SUSPENDED, SuspendedBy.OPERATOR, reason)
    _record(actor, row, EventTag.ORGANISATION_REOPEN, reason)
    return row.name


# The columns that the operator's database role may read.
_SHOWN = (
    Organisation.id,
    Organisation.name,
    Organisation.kind,
    Organisation.created_at,
    Organisation.state,
    Organisation.suspended_by,
    Organisation.state_reason,
    Organisation.state_at,
    Organisation.state_by_name,
)


def _known(row: object) -> KnownOrganisation:
    found = row._mapping  # type: ignore[attr-defined]
    return KnownOrganisation(
        id=found["id"],
        name=found["name"],
        kind=OrganisationKind(found["kind"]),
        created_at=found["created_at"],
        verified=found["verified"],
        state=S(found["state"]),
        suspended_by=None if found["suspended_by"] is None else SuspendedBy(found["suspended_by"]),
        reason=found["state_reason"],
        since=found["state_at"],
        by_name=found["state_by_name"],
    )


def _lock(organisation_id: UUID) -> Organisation:
    row = lock_organisations(organisation_id, columns=_SHOWN).get(organisation_id)
    if row is None:
        raise NotFound
    return row


def _write(actor: Actor, row: Organisation, state: S, by: SuspendedBy | None, reason: str) -> None:
    row.state, row.suspended_by, row.state_reason = state.value, None if by is None else by.value, reason
    row.state_at, row.state_by_name = utc_now(), actor.name


def _record(actor: Actor, row: Organisation, tag: EventTag, reason: str) -> None:
    """The organisation reads in its own trail who did it and why."""
    subject = Subject("organisation", row.id, row.name)
    record(actor, tag, subject, organisation_id=row.id, reason=reason, by="operator")
    defer(tell_life, organisation_id=str(row.id), what=tag.value, who=actor.name, reason=reason)
