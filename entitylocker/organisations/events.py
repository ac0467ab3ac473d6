"""What happens to organisations and their members, told to the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from entitylocker.access import Actor, Role


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
class OrganisationClosed:
    """An organisation was closed: what it gave to others ends in this transaction. `actor` acts for it."""

    actor: Actor
    organisation_id: UUID


@dataclass(frozen=True)
class IdentifierDecided:
    """The operator verified or refused an identifier."""

    actor: Actor
    organisation_id: UUID
    identifier_id: UUID
    verified: bool


@dataclass(frozen=True)
class IdentifierExpired:
    """An identifier is verified no longer: its last day passed, or it passed over to another organisation.

    Published in the transaction in which that was found: of the organisation, or (dispute) of the operator.
    """

    actor: Actor
    organisation_id: UUID
    identifier_id: UUID


@dataclass(frozen=True)
class OrganisationRenamed:
    """An organisation has another name from now on; by itself, or confirmed by the operator."""

    actor: Actor
    organisation_id: UUID
    before: str
    after: str


@dataclass(frozen=True)
class RoleChanged:
    """A member has another role from now on."""

    actor: Actor
    organisation_id: UUID
    membership_id: UUID
    person_id: UUID
    before: Role
    after: Role


@dataclass(frozen=True)
class MembershipBegan:
    """Somebody came in, with this role."""

    actor: Actor
    organisation_id: UUID
    membership_id: UUID
    person_id: UUID
    role: Role


@dataclass(frozen=True)
class InvitationIssued:
    """Somebody is invited, in whatever way; `guest_name` may be empty."""

    actor: Actor
    organisation_id: UUID
    role: Role
    guest_name: str
