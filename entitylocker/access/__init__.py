"""Who may do what: permissions as data, one decision, the same rule as a list condition. Never queries."""

from entitylocker.access.actor import ANONYMOUS, Actor, ActorKind, Facts, Grant, Means
from entitylocker.access.decision import Allowed, Denied, Reason, decide, require
from entitylocker.access.listing import Columns, list_condition
from entitylocker.access.permissions import OrganisationState, Permission
from entitylocker.access.roles import ROLE_PERMISSIONS, Role, permissions_of

__all__ = [
    "ANONYMOUS",
    "ROLE_PERMISSIONS",
    "Actor",
    "ActorKind",
    "Allowed",
    "Columns",
    "Denied",
    "Facts",
    "Grant",
    "Means",
    "OrganisationState",
    "Permission",
    "Reason",
    "Role",
    "decide",
    "list_condition",
    "permissions_of",
    "require",
]
