"""What pages and other rooms see of units, requests, branches and agencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from entitylocker.access import OrganisationState, Role
from entitylocker.identifiers import OrganisationKind
from entitylocker.units.rules import Phase


@dataclass(frozen=True)
class Unit:
    """What a parent may know of a unit below it. `depth`: 1 for its own children; `vouched`: by the unit's parent.

    `agreed`: it, and what lies between, agreed to be administered from here. `opened`: by that parent, for it.
    """

    id: UUID
    parent_id: UUID
    name: str
    kind: OrganisationKind
    state: OrganisationState
    verified: bool
    vouched: bool
    members: int
    invitations: int
    depth: int
    agreed: bool
    opened: bool


@dataclass(frozen=True)
class Above:
    """An organisation above one's own. `distance`: 1 for the parent.

    `agreed`: it may administer from there. `said`: one's own organisation said yes to it; others between may not have.
    """

    id: UUID
    name: str
    verified: bool
    state: OrganisationState
    distance: int
    agreed: bool
    said: bool


@dataclass(frozen=True)
class Asker:
    """An organisation that asks, or stands above one that asks."""

    id: UUID
    name: str
    verified: bool


@dataclass(frozen=True)
class Link:
    """That one organisation is, was or is asked to be a unit of another. `name`: the other side.

    `above`: what one would come below by saying yes, the asking organisation first.
    """

    id: UUID
    other_id: UUID
    name: str
    is_parent: bool
    note: str
    asked_by_name: str
    asked_at: datetime
    joined_at: datetime | None
    ended_at: datetime | None
    ended_by_name: str | None
    above: tuple[Asker, ...] = ()


@dataclass(frozen=True)
class BranchView:
    """A branch given to a member."""

    id: UUID
    member_name: str
    unit_name: str
    starts_on: date
    ends_on: date | None
    reason: str
    given_by_name: str
    revoked_by_name: str | None
    phase: Phase


@dataclass(frozen=True)
class AuthorisationView:
    """A letter by which an agency acts for a department. `ours`: the reader is of the department."""

    id: UUID
    ours: bool
    department_name: str
    agency_name: str
    role: Role
    folder_name: str | None
    starts_on: date
    ends_on: date
    reason: str
    proposed_by_name: str
    proposed_at: datetime
    confirmed_at: datetime | None
    confirmed_by_name: str | None
    accepted_at: datetime | None
    accepted_by_name: str | None
    ended_at: datetime | None
    ended_by_name: str | None
    letter_name: str | None
    phase: Phase

    @property
    def waits_for_us(self) -> bool:
        """Whether the reader's side has still to say yes."""
        return self.phase is Phase.ASKED and (self.confirmed_at if self.ours else self.accepted_at) is None


@dataclass(frozen=True)
class AgentView:
    """Who of an agency acts by a letter. `id` None: seen from the department."""

    id: UUID | None
    person_name: str
    since: datetime | None
    ended_at: datetime | None
    entered: bool
