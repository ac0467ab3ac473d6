"""What happens to organisations and their members, told to the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from entitylocker.access import Actor


@dataclass(frozen=True)
class OrganisationRegistered:
    """A new organisation exists in this transaction; `actor` is its founder, acting for it."""

    actor: Actor
    organisation_id: UUID


@dataclass(frozen=True)
class MembershipEnded:
    """A member was removed or left; `actor` is who ended it."""

    actor: Actor
    organisation_id: UUID
    membership_id: UUID
    person_id: UUID


@dataclass(frozen=True)
class IdentifierDecided:
    """The operator verified or refused an identifier."""

    actor: Actor
    organisation_id: UUID
    identifier_id: UUID
    verified: bool
