"""What an administrator gave that stands after they are none any more: told by the rooms above, ended there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Role
from entitylocker.errors import N_
from entitylocker.extensions import db
from entitylocker.organisations.models import Membership

LEFT_LABELS: dict[str, str] = {
    "delegation": N_("Role given"),
    "provider": N_("Own sign-in"),
    "group": N_("Role of a group of the directory"),
    "branch": N_("Administration of a unit"),
}


@dataclass(frozen=True)
class Giver:
    """Who gave: the membership in its organisation, and the person."""

    organisation_id: UUID
    membership_id: UUID
    person_id: UUID


@dataclass(frozen=True)
class Left:
    """Something that stands. `kind`: of LEFT_LABELS; `endpoint`: the page of the organisation where it is ended."""

    kind: str
    name: str
    endpoint: str
    role: Role | None = None


_finders: list[Callable[[Giver], list[Left]]] = []


def register_left(find: Callable[[Giver], list[Left]]) -> None:
    """Let a room above say what somebody gave that stands; `find(giver)` runs in the organisation's transaction."""
    if find not in _finders:
        _finders.append(find)


def find_left(organisation_id: UUID, membership_id: UUID | None) -> list[Left]:
    """What somebody gave that stands now; nothing while they are administrator."""
    giver = db.session.execute(
        select(Membership.person_id, Membership.role, Membership.ended_at).where(
            Membership.organisation_id == organisation_id, Membership.id == membership_id
        )
    ).first()
    if giver is None or membership_id is None or (giver.ended_at is None and giver.role == Role.ADMINISTRATOR):
        return []
    asked = Giver(organisation_id, membership_id, giver.person_id)
    return [left for find in _finders for left in find(asked)]
