"""The life of an organisation: suspended and awake again, closed and brought back. Every act is an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, Reason, decide, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer
from entitylocker.organisations.errors import (
    ExportFirst,
    NotActive,
    NotSuspended,
    OperatorsWord,
    TooLateToUndo,
)
from entitylocker.organisations.events import OrganisationClosed
from entitylocker.organisations.life_jobs import tell_life
from entitylocker.organisations.life_rules import UNDO_WITHIN, SuspendedBy, may_undo_closing
from entitylocker.organisations.models import Organisation, OrganisationKeyRow
from entitylocker.organisations.rights import change_state, lock_organisations, note_state
from entitylocker.organisations.rules import lasting_permissions
from entitylocker.tenancy import use_case

S = OrganisationState


@dataclass(frozen=True)
class ExportFacts:
    """The newest whole export: when it was begun, and whether it is good for closing. None: there is none."""

    made_at: datetime | None
    is_good: bool


@dataclass(frozen=True)
class Life:
    """How the organisation stands. `undo_until`: until when closing can be undone; `readable`: its key is there."""

    name: str
    state: OrganisationState
    suspended_by: SuspendedBy | None
    reason: str
    since: datetime | None
    by_name: str
    undo_until: datetime | None
    readable: bool
    export: ExportFacts


_find_export: list[Callable[[Actor], ExportFacts]] = []


def register_export(find: Callable[[Actor], ExportFacts]) -> None:
    """Let the room of exports say which export there is; `find(actor)` runs in the transaction of the act."""
    _find_export[:] = [find]


@use_case(Permission.ORGANISATION_READ)
def get_life(actor: Actor) -> Life:
    """How the actor's organisation stands, and why."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    row = _row(actor)
    closed_at = row.state_at if row.state == S.CLOSED else None
    has_key = exists().where(OrganisationKeyRow.organisation_id == actor.organisation_id)
    return Life(
        name=row.name,
        state=S(row.state),
        suspended_by=None if row.suspended_by is None else SuspendedBy(row.suspended_by),
        reason=row.state_reason,
        since=row.state_at,
        by_name=row.state_by_name,
        undo_until=None if closed_at is None else closed_at + UNDO_WITHIN,
        readable=bool(db.session.scalar(select(has_key))),
        export=find_export(actor),
    )


def find_export(actor: Actor) -> ExportFacts:
    """The newest whole export of the actor's organisation."""
    return _find_export[0](actor) if _find_export else ExportFacts(None, False)


@use_case(Permission.ORGANISATION_SUSPEND, fresh=True)
def suspend_organisation(actor: Actor, reason: str) -> None:
    """Stop everything now: nothing can be changed and nobody outside gets anything, until it is lifted.

    For administrators who lost trust in an account, and by their own role: who acts for one for a time has no vote in
    lifting it. Raises PermissionDenied, NotActive.
    """
    require(actor, Permission.ORGANISATION_SUSPEND, actor.facts)
    if not may_suspend(actor):
        raise PermissionDenied(Reason.NO_ROLE, permission=Permission.ORGANISATION_SUSPEND.value)
    row = _lock(actor)
    if row.state != S.ACTIVE:
        raise NotActive
    _set_state(actor, row, S.SUSPENDED, reason)
    _record(actor, EventTag.ORGANISATION_SUSPEND, row, reason=reason)


def may_suspend(actor: Actor) -> bool:
    """Whether the actor holds the right by the membership itself, not by a role that was given beside it."""
    may = decide(actor, Permission.ORGANISATION_SUSPEND, actor.facts)
    return bool(may) and Permission.ORGANISATION_SUSPEND in lasting_permissions(actor, own_only=True)


@use_case(Permission.ORGANISATION_REOPEN, fresh=True)
def reopen_organisation(actor: Actor) -> None:
    """Undo closing within thirty days. What ended with it stays ended. Raises NotActive, TooLateToUndo."""
    require(actor, Permission.ORGANISATION_REOPEN, actor.facts)
    row = _lock(actor)
    if row.state != S.CLOSED:
        raise NotActive
    if not may_undo_closing(row.state_at, utc_now()):
        raise TooLateToUndo
    _set_state(actor, row, S.ACTIVE, "")
    _record(actor, EventTag.ORGANISATION_REOPEN, row)


def lift_by_quorum(actor: Actor) -> None:
    """Lift what the administrators suspended, in a running transaction. Raises NotSuspended, OperatorsWord."""
    row = _lock(actor)
    if row.state != S.SUSPENDED:
        raise NotSuspended
    if row.suspended_by == SuspendedBy.OPERATOR:
        raise OperatorsWord
    _set_state(actor, row, S.ACTIVE, "")
    _record(actor, EventTag.ORGANISATION_LIFT, row)


def close_by_quorum(actor: Actor, reason: str) -> None:
    """Close the organisation, in a running transaction: what it gave to others ends with it.

    Raises NotActive, ExportFirst.
    """
    row = _lock(actor)
    if row.state != S.ACTIVE:
        raise NotActive
    require_export(actor)
    tenancy.publish(OrganisationClosed(actor, row.id))
    _set_state(actor, row, S.CLOSED, reason)
    _record(actor, EventTag.ORGANISATION_CLOSE, row, reason=reason)


def require_export(actor: Actor) -> None:
    """Raises ExportFirst unless a whole export was made a short while ago and nothing was deposited since."""
    if not find_export(actor).is_good:
        raise ExportFirst


def _row(actor: Actor) -> Organisation:
    row = db.session.scalar(select(Organisation).where(Organisation.id == actor.organisation_id))
    if row is None:
        raise NotFound
    return row


def _lock(actor: Actor) -> Organisation:
    assert actor.organisation_id is not None
    row = lock_organisations(actor.organisation_id).get(actor.organisation_id)
    if row is None:
        raise NotFound
    return row


def _set_state(actor: Actor, row: Organisation, state: S, reason: str) -> None:
    change_state(row, state, reason, actor.name)
    note_state(state)


def _record(actor: Actor, tag: EventTag, row: Organisation, **data: Any) -> None:
    record(actor, tag, Subject("organisation", row.id, row.name), **data)
    defer(tell_life, organisation_id=str(row.id), what=tag.value, who=actor.name, reason=data.get("reason", ""))
