"""Roles given, looked at from outside: who is told of strong ones, who signs by one, what somebody gave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Role
from entitylocker.delegations.models import Delegation
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.leavings import Giver, Left
from entitylocker.organisations.models import Membership
from entitylocker.organisations.person_notices import STRONG, tell_administrators
from entitylocker.organisations.signatories import Signatory
from entitylocker.web.links import link_to

_HOLDER = (Membership.organisation_id == Delegation.organisation_id) & (Membership.id == Delegation.membership_id)


def tell_given(actor: Actor, row: Delegation) -> None:
    """Tell all administrators and the receiver of a strong role over everything, in the running transaction."""
    _tell(actor, row, "strong_role_given", first_day=row.starts_on, last_day=row.ends_on)


def tell_taken_back(actor: Actor, row: Delegation) -> None:
    """Tell them that it was taken back, unless its time was over anyhow."""
    if row.ends_at is None or row.ends_at > utc_now():
        _tell(actor, row, "strong_role_taken_back")


def _tell(actor: Actor, row: Delegation, kind: str, **facts: Any) -> None:
    if row.folder_path is not None or row.role not in STRONG:
        return
    place = row.organisation_id
    holder = db.session.execute(
        select(Membership.person_id, Membership.person_name).where(
            Membership.organisation_id == place, Membership.id == row.membership_id
        )
    ).one()
    tell_administrators(
        place, kind, also=holder.person_id, role=row.role, by=actor.name, who=holder.person_name,
        link=link_to("delegations.delegations", organisation_id=place), **facts,
    )  # fmt: skip


def list_given_signatories(organisation_id: UUID) -> list[Signatory]:
    """Who is or was authorised signatory by a role given over everything, in the running transaction."""
    now = utc_now()
    rows = db.session.execute(
        select(Membership.person_name, Delegation.starts_at, Delegation.ends_at, Delegation.revoked_at)
        .join(Membership, _HOLDER)
        .where(
            Delegation.organisation_id == organisation_id,
            Delegation.role == Role.SIGNATORY.value,
            Delegation.folder_path.is_(None),
            Delegation.starts_at <= now,
            Delegation.revoked_at.is_(None) | (Delegation.revoked_at > Delegation.starts_at),
        )
    )
    return [
        Signatory(
            row.person_name,
            row.starts_at,
            min((at for at in (row.ends_at, row.revoked_at) if at is not None and at <= now), default=None),
            given=True,
        )
        for row in rows
    ]


def find_left(giver: Giver) -> list[Left]:
    """The roles that a member gave and that hold, or will, in the running transaction."""
    rows = db.session.execute(
        select(Membership.person_name, Delegation.role)
        .join(Membership, _HOLDER)
        .where(
            Delegation.organisation_id == giver.organisation_id,
            Delegation.given_by_id == giver.membership_id,
            Delegation.revoked_at.is_(None),
            Delegation.ends_at.is_(None) | (Delegation.ends_at > utc_now()),
        )
        .order_by(Delegation.id)
    )
    return [Left("delegation", row.person_name, "delegations.delegations", Role(row.role)) for row in rows]
