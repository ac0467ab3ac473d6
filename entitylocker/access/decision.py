"""The one decision: allowed, or denied for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from entitylocker.access.actor import Actor, ActorKind, Facts, Grant, Means
from entitylocker.access.permissions import (
    JOB_PERMISSIONS,
    MEMBER_PERMISSIONS,
    NEEDS_VERIFIED,
    OPERATOR_PERMISSIONS,
    PERSON_PERMISSIONS,
    PORTAL_PERMISSIONS,
    SEEN_BY,
    Permission,
)
from entitylocker.errors import NotFound, PermissionDenied


class Reason(StrEnum):
    """Why something was refused: stable codes, shown in words by the pages."""

    MEANS = "wrong_way_of_arriving"
    OTHER_ORGANISATION = "other_organisation"
    NO_ROLE = "no_role_for_this"
    OUT_OF_SCOPE = "outside_your_folders"
    NOT_YET = "delegation_not_begun"
    ENDED = "delegation_ended"
    NOT_VERIFIED = "organisation_not_verified"


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
    (ActorKind.PORTAL, Means.TOKEN): PORTAL_PERMISSIONS,
    (ActorKind.OPERATOR, Means.SESSION): OPERATOR_PERMISSIONS,
    (ActorKind.OPERATOR, Means.COMMAND): OPERATOR_PERMISSIONS,
    (ActorKind.JOB, Means.JOB): JOB_PERMISSIONS,
}

_NEED_NO_GRANT = PERSON_PERMISSIONS | OPERATOR_PERMISSIONS | JOB_PERMISSIONS


def decide(actor: Actor, permission: Permission, facts: Facts, now: datetime | None = None) -> Allowed | Denied:
    """Whether `actor` may do `permission` on the thing of `facts` at `now` (default: this instant).

    First refusal wins; nothing listed means denied.
    """
    if permission not in ARRIVAL_PERMISSIONS.get((actor.kind, actor.means), frozenset()):
        return Denied(Reason.MEANS)
    if permission in _NEED_NO_GRANT:
        return Allowed()
    if actor.organisation_id is None or facts.organisation_id != actor.organisation_id:
        return Denied(Reason.OTHER_ORGANISATION)
    outcome = _by_grants(actor, permission, facts, now or datetime.now(UTC))
    if outcome and permission in NEEDS_VERIFIED and not actor.organisation_verified:
        return Denied(Reason.NOT_VERIFIED)
    return outcome


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
