"""Frozen facts a decision is made from: who acts, with which grants, on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from entitylocker.access.permissions import OrganisationState, Permission
from entitylocker.access.roles import Role


class ActorKind(StrEnum):
    PERSON = "person"
    PORTAL = "portal"
    DIRECTORY = "directory"
    OPERATOR = "operator"
    JOB = "job"
    ANONYMOUS = "anonymous"


class Means(StrEnum):
    """The way of arriving."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105 - the word of OAuth, not a secret
    JOB = "job"
    COMMAND = "command"
    NONE = "none"


@dataclass(frozen=True)
class Grant:
    """Permissions within a scope and a time.

    `folder_path` None reaches the whole vault, else that folder and what is below it. `document_ids` None reaches
    every document, else exactly those (a consent). Times are instants; `ends_at` is exclusive.
    """

    permissions: frozenset[Permission]
    role: Role | None = None
    folder_path: str | None = None
    document_ids: frozenset[UUID] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    delegation_id: UUID | None = None

    def is_current(self, now: datetime) -> bool:
        """Whether the grant holds at `now`."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)

    def reaches(self, facts: Facts) -> bool:
        """Whether the thing lies within the scope."""
        if self.document_ids is not None and facts.document_id is not None:
            return facts.document_id in self.document_ids
        if self.folder_path is None:
            return True
        return facts.folder_path is not None and facts.folder_path.startswith(self.folder_path)


@dataclass(frozen=True)
class Facts:
    """What a decision needs to know of the thing. `folder_path` None: the thing lies in no folder."""

    organisation_id: UUID | None
    folder_path: str | None = None
    document_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """Who acts, for which organisation, by which means. Carries its own grants, so deciding needs no query."""

    kind: ActorKind
    means: Means
    name: str = ""
    person_id: UUID | None = None
    session_id: UUID | None = None
    organisation_id: UUID | None = None
    organisation_name: str = ""
    organisation_verified: bool = False
    organisation_state: OrganisationState = OrganisationState.ACTIVE
    membership_id: UUID | None = None
    rights_version: int = 0
    portal_id: UUID | None = None
    consent_id: UUID | None = None
    token_id: UUID | None = None
    confirmed_at: datetime | None = None
    # The organisation asks for two factors, and this session was opened with one: nothing goes until that changes.
    second_factor_missing: bool = False
    limited_to: UUID | None = None
    # The organisation through which somebody acts who is no member of this one; `name` says it, too.
    through: str = ""
    grants: tuple[Grant, ...] = field(default_factory=tuple)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles held over the whole organisation, first the one of the membership."""
        return tuple(g.role for g in self.grants if g.role is not None and g.folder_path is None)

    def confirmed_within(self, length: timedelta, now: datetime | None = None) -> bool:
        """Whether the person of a session confirmed who they are no longer than `length` ago.

        Who does not come in a session (a command, a job) has nothing to confirm.
        """
        if self.means is not Means.SESSION or self.session_id is None:
            return True
        return self.confirmed_at is not None and (now or datetime.now(UTC)) - self.confirmed_at < length

    @property
    def facts(self) -> Facts:
        """The organisation itself as the thing acted on."""
        return Facts(organisation_id=self.organisation_id)


ANONYMOUS = Actor(kind=ActorKind.ANONYMOUS, means=Means.NONE)
