"""Pure decisions about directories: which groups mean which role, how long a token lives and what is left of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from entitylocker.access import Actor, Permission, Reason, Role
from entitylocker.errors import PermissionDenied
from entitylocker.organisations.rules import lasting_permissions
from entitylocker.web.formats import ZONE

TOKEN_LIFETIME = timedelta(days=365)
# When the administrators are told that a token ends: from then on its page warns, too.
TOLD_BEFORE = timedelta(days=14)
TOLD_AGAIN_BEFORE = timedelta(days=1)

# What a group may mean, the widest first. Never administrator: a directory that was taken over must not be able to
# take over the organisation (the administrators are seated and removed by people).
GROUP_ROLES: tuple[Role, ...] = (
    Role.SIGNATORY,
    Role.RECORDS_OFFICER,
    Role.AUDITOR,
    Role.READER,
    Role.MEMBER,
)


def role_of_groups(roles: Iterable[str | None]) -> Role:
    """The role of somebody who is in groups of these roles: the first of GROUP_ROLES, else plain member."""
    held = set(roles)
    return next((role for role in GROUP_ROLES if role.value in held), Role.MEMBER)


def days_left(ends_at: datetime, now: datetime) -> int:
    """How many midnights of India lie before the end; 0: it is today."""
    return (ends_at.astimezone(ZONE).date() - now.astimezone(ZONE).date()).days


def require_own(actor: Actor) -> None:
    """What outlives its giver is given only by who holds the right without an end and not by a delegation.

    Only a verified organisation connects other systems. Raises PermissionDenied.
    """
    if Permission.DIRECTORY_MANAGE not in lasting_permissions(actor, own_only=True):
        raise PermissionDenied(Reason.NO_ROLE, permission=Permission.DIRECTORY_MANAGE.value)
    if not actor.organisation_verified:
        raise PermissionDenied(Reason.NOT_VERIFIED, permission=Permission.DIRECTORY_MANAGE.value)
