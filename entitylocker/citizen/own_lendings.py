"""Use cases of the lender: what I lend and who opened it, whether a copy may be kept, the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.people import on_own_account
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.ending import own_lending, place_of
from entitylocker.citizen.models import Lending, LendingRead
from entitylocker.citizen.people import towards
from entitylocker.citizen.records import record_of
from entitylocker.citizen.views import OwnLending
from entitylocker.errors import Conflict, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import open_use_case, use_case

LISTED = 200


@use_case(Permission.ACCOUNT_OWN)
def list_own(actor: Actor) -> list[OwnLending]:
    """What the actor lends and lent, the newest first, with the newest reads of each."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(Lending).where(Lending.person_id == actor.person_id).order_by(Lending.id.desc()).limit(LISTED)
    rows = list(db.session.scalars(found))
    return [OwnLending(row, _reads(row)) for row in rows]


def _reads(row: Lending) -> tuple[LendingRead, ...]:
    found = select(LendingRead).where(LendingRead.person_id == row.person_id, LendingRead.lending_id == row.id)
    return tuple(db.session.scalars(found.order_by(LendingRead.id.desc()).limit(20)))


@open_use_case("what it calls asks for the permission")
def allow_copy(actor: Actor, lending_id: UUID, allowed: bool) -> None:
    """Say that the organisation may keep a copy for good, or take that back while none was made.

    Raises NotFound (ended ones, too), Conflict.
    """
    _allow_copy(towards(actor, place_of(actor, lending_id)), lending_id, allowed)


@use_case(Permission.ACCOUNT_OWN)
def _allow_copy(giver: Actor, lending_id: UUID, allowed: bool) -> None:
    require(giver, Permission.ACCOUNT_OWN, giver.facts)
    row = own_lending(giver, lending_id)
    if row.ended_at is not None:
        raise NotFound
    if row.copied_at is not None:
        raise Conflict
    if allowed is (row.copy_allowed_at is not None):
        return
    row.copy_allowed_at = utc_now() if allowed else None
    tag = EventTag.LENDING_ALLOW_COPY if allowed else EventTag.LENDING_REVOKE_COPY
    record(giver, tag, Subject("lending", row.id, row.title))


@open_use_case("what it calls asks for the permission")
def export_own(actor: Actor, lending_id: UUID) -> dict[str, Any]:
    """The record of one's own lending, ended ones too. Raises NotFound."""
    return _export_own(on_own_account(actor), lending_id)


@use_case(Permission.ACCOUNT_OWN)
def _export_own(actor: Actor, lending_id: UUID) -> dict[str, Any]:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(Lending).where(Lending.person_id == actor.person_id, Lending.id == lending_id)
    row = db.session.scalars(found).one_or_none()
    if row is None:
        raise NotFound
    record(actor, EventTag.LENDING_EXPORT, Subject("lending", row.id, row.title))
    reads = select(LendingRead).where(LendingRead.person_id == row.person_id, LendingRead.lending_id == row.id)
    return record_of(row, db.session.scalars(reads.order_by(LendingRead.id.desc())))
