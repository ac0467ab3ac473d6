"""Pure decisions about delegations: what days mean, which of the giver's grants covers what is given."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from entitylocker.access import Actor, Grant, Role, permissions_of
from entitylocker.access.roles import FOLDER_ROLES, SEAT_ROLES
from entitylocker.delegations.errors import (
    LongerThanYours,
    NotYoursToGive,
    WrongRoleForFolder,
)
from entitylocker.organisations.days import Span, span_of

__all__ = ["GIVABLE_ROLES", "Phase", "Span", "covering_grant", "phase_of", "span_of"]

# Everybody is a member already, and seats from above come with their source: there is nothing to give.
GIVABLE_ROLES = tuple(role for role in Role if role is not Role.MEMBER and role not in SEAT_ROLES)


class Phase(StrEnum):
    """Where a delegation stands today."""

    CURRENT = "current"
    COMING = "coming"
    ENDED = "ended"


def phase_of(now: datetime, *, starts_at: datetime, ends_at: datetime | None, revoked_at: datetime | None) -> Phase:
    """Where a delegation stands at `now`."""
    if revoked_at is not None or (ends_at is not None and ends_at <= now):
        return Phase.ENDED
    return Phase.COMING if now < starts_at else Phase.CURRENT


def covering_grant(actor: Actor, role: Role, folder_path: str | None, span: Span, now: datetime) -> Grant:
    """The giver's grant that covers all of what is given: every permission, the whole scope, the whole time.

    One that rests on the membership is preferred to one that was itself given. A span that began in the past
    is held against now. Raises WrongRoleForFolder, LongerThanYours, NotYoursToGive.
    """
    if folder_path is not None and role not in FOLDER_ROLES:
        raise WrongRoleForFolder(field="role")
    wide = [grant for grant in actor.grants if _holds(grant, role) and _spans(grant, folder_path)]
    wide.sort(key=lambda grant: grant.delegation_id is not None)
    begin = max(span.starts_at, now)
    for grant in wide:
        if _begun(grant, begin) and _lasts(grant, span.ends_at):
            return grant
    if wide:
        raise LongerThanYours(field="ends_on")
    raise NotYoursToGive(field="role")


def _holds(grant: Grant, role: Role) -> bool:
    return permissions_of(role) <= grant.permissions


def _spans(grant: Grant, folder_path: str | None) -> bool:
    if grant.document_ids is not None:
        return False
    if grant.folder_path is None:
        return True
    return folder_path is not None and folder_path.startswith(grant.folder_path)


def _begun(grant: Grant, at: datetime) -> bool:
    return grant.starts_at is None or grant.starts_at <= at


def _lasts(grant: Grant, until: datetime | None) -> bool:
    return grant.ends_at is None or (until is not None and until <= grant.ends_at)
