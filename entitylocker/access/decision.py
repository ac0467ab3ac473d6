"""The one decision: allowed, or denied for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from entitylocker.access.actor import Actor, ActorKind, Facts, Grant, Means
from entitylocker.access.permissions import (
    DIRECTORY_PERMISSIONS,
    JOB_PERMISSIONS,
    LIMITED_PERMISSIONS,
    MEMBER_PERMISSIONS,
    NEEDS_VERIFIED,
    OPERATOR_PERMISSIONS,
    PERSON_PERMISSIONS,
    PORTAL_PERMISSIONS,
    REMAINS,
    RUN_PERMISSIONS,
    SEEN_BY,
    OrganisationState,
    Permission,
)
from entitylocker.errors import NotFound, PermissionDenied


class Reason(StrEnum):
    """Why something was refused: stable codes, shown in words by the pages."""

    MEANS = "wrong_way_of_arriving"
    LIMITED = "sign_in_of_one_organisation"
    OTHER_ORGANISATION = "other_organisation"
    NO_ROLE = "no_role_for_this"
    OUT_OF_SCOPE = "outside_your_folders"
    NOT_YET = "delegation_not_begun"
    ENDED = "delegation_ended"
    NOT_VERIFIED = "organisation_not_verified"
    DRAFT = "organisation_draft"
    SUSPENDED = "organisation_suspended"
    CLOSED = "organisation_closed"
    NOT_CLOSED = "organisation_not_closed"


@dataclass(frozen=True)
class Allowed:
    """Yes. `grant` is the one that allowed it (None where no grant is needed)."""

    grant: Grant | None = None

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True)
class Denied:
    """No, and why."""

    reason: Reason

    def __bool__(self) -> bool:
        return False


# What each way of arriving may ever do; whoever is not listed may do nothing.
ARRIVAL_PERMISSIONS: dict[tuple[ActorKind, Means], frozenset[Permission]] = {
    (ActorKind.PERSON, Means.SESSION): MEMBER_PERMISSIONS | PERSON_PERMISSIONS,
    (ActorKind.PERSON, Means.COMMAND): RUN_PERMISSIONS,
    (ActorKind.PERSON, Means.JOB): RUN_PERMISSIONS,
    (ActorKind.PORTAL, Means.TOKEN): PORTAL_PERMISSIONS,
    (ActorKind.DIRECTORY, Means.TOKEN): DIRECTORY_PERMISSIONS,
    (ActorKind.OPERATOR, Means.SESSION): OPERATOR_PERMISSIONS,
    (ActorKind.OPERATOR, Means.COMMAND): OPERATOR_PERMISSIONS,
    (ActorKind.JOB, Means.JOB): JOB_PERMISSIONS,
}

# Why a state does not leave a permission.
BY_STATE: dict[OrganisationState, Reason] = {
    OrganisationState.DRAFT: Reason.DRAFT,
    OrganisationState.ACTIVE: Reason.NOT_CLOSED,
    OrganisationState.SUSPENDED: Reason.SUSPENDED,
    OrganisationState.CLOSED: Reason.CLOSED,
}

_NEED_NO_GRANT = PERSON_PERMISSIONS | OPERATOR_PERMISSIONS | JOB_PERMISSIONS


def decide(actor: Actor, permission: Permission, facts: Facts, now: datetime | None = None) -> Allowed | Denied:
    """Whether `actor` may do `permission` on the thing of `facts` at `now` (default: this instant).

    First refusal wins; nothing listed means denied.
    """
    if permission not in ARRIVAL_PERMISSIONS.get((actor.kind, actor.means), frozenset()):
        return Denied(Reason.MEANS)
    if not within_limit(actor, permission):
        return Denied(Reason.LIMITED)
    if permission in _NEED_NO_GRANT:
        return Allowed()
    if actor.organisation_id is None or facts.organisation_id != actor.organisation_id:
        return Denied(Reason.OTHER_ORGANISATION)
    outcome = _by_grants(actor, permission, facts, now or datetime.now(UTC))
    if outcome and not remains(actor, permission):
        return Denied(BY_STATE[actor.organisation_state])
    if outcome and permission in NEEDS_VERIFIED and not actor.organisation_verified:
        return Denied(Reason.NOT_VERIFIED)
    return outcome


def remains(actor: Actor, permission: Permission) -> bool:
    """Whether the state of the actor's organisation leaves `permission` to those who hold it."""
    return permission in REMAINS[actor.organisation_state]


def within_limit(actor: Actor, permission: Permission) -> bool:
    """Whether a session that only one organisation's provider vouched for reaches `permission`.

    That provider could say of anybody that they came: it must not open other organisations, nor the account itself.
    """
    if actor.limited_to is None:
        return True
    if permission in PERSON_PERMISSIONS:
        return permission in LIMITED_PERMISSIONS
    return actor.organisation_id == actor.limited_to


def _by_grants(actor: Actor, permission: Permission, facts: Facts, now: datetime) -> Allowed | Denied:
    holding = [grant for grant in actor.grants if permission in grant.permissions]
    for grant in holding:
        if grant.is_current(now) and grant.reaches(facts):
            return Allowed(grant)
    reaching = [grant for grant in holding if grant.reaches(facts)]
    if any(grant.starts_at is not None and now < grant.starts_at for grant in reaching):
        return Denied(Reason.NOT_YET)
    if reaching:
        return Denied(Reason.ENDED)
    return Denied(Reason.OUT_OF_SCOPE if holding else Reason.NO_ROLE)


def require(actor: Actor, permission: Permission, facts: Facts, now: datetime | None = None) -> Allowed:
    """Like `decide`, but refuses by raising.

    Raises NotFound where the actor may not even know that the thing exists, PermissionDenied otherwise.
    """
    outcome = decide(actor, permission, facts, now)
    if isinstance(outcome, Allowed):
        return outcome
    seen_by = SEEN_BY.get(permission)
    if seen_by is None or not decide(actor, seen_by, facts, now):
        raise NotFound
    raise PermissionDenied(outcome.reason, permission=permission.value)
