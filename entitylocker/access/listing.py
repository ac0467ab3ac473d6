"""The decision as a condition for lists: the same rule in SQL over columns handed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true

from entitylocker.access.actor import Actor, Grant
from entitylocker.access.decision import ARRIVAL_PERMISSIONS, remains, within_limit
from entitylocker.access.permissions import NEEDS_VERIFIED, Permission


@dataclass(frozen=True)
class Columns:
    """The columns of the listed table. `folder_path` None: its rows lie in no folder."""

    organisation_id: Any
    folder_path: Any = None
    document_id: Any = None


def list_condition(
    actor: Actor, permission: Permission, columns: Columns, now: datetime | None = None
) -> ColumnElement[bool]:
    """The condition that holds for exactly the rows on which `decide` allows `permission`."""
    moment = now or datetime.now(UTC)
    if permission not in ARRIVAL_PERMISSIONS.get((actor.kind, actor.means), frozenset()):
        return false()
    if not within_limit(actor, permission):
        return false()
    if actor.organisation_id is None or (permission in NEEDS_VERIFIED and not actor.organisation_verified):
        return false()
    if not remains(actor, permission):
        return false()
    grants = [g for g in actor.grants if permission in g.permissions and g.is_current(moment)]
    return and_(columns.organisation_id == actor.organisation_id, or_(false(), *(_scope(g, columns) for g in grants)))


def _scope(grant: Grant, columns: Columns) -> ColumnElement[bool]:
    if grant.document_ids is not None and columns.document_id is not None:
        ids: list[UUID] = sorted(grant.document_ids)
        return columns.document_id.in_(ids)  # type: ignore[no-any-return]
    if grant.folder_path is None:
        return true()
    if columns.folder_path is None:
        return false()
    return columns.folder_path.startswith(grant.folder_path, autoescape=True)  # type: ignore[no-any-return]
