"""Pure decisions about directories: which groups mean which role, how long a token lives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from entitylocker.access import Role

TOKEN_LIFETIME = timedelta(days=365)

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
