"""What a directory reads back of what it brought: one row, a page of rows, and who is in which group."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from entitylocker.access import Actor, Permission, require
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryUser
from entitylocker.tenancy import use_case

Row = DirectoryUser | DirectoryGroup
Kind = type[DirectoryUser] | type[DirectoryGroup]


@dataclass(frozen=True)
class Page:
    """`count` rows (None: all) from `start` on (0 is the first), sorted by `column` and then by their ids."""

    column: Any
    descending: bool
    start: int
    count: int | None


@use_case(Permission.MEMBER_PROVISION)
def get_row(actor: Actor, kind: Kind, row_id: UUID) -> Row:
    """A person or a group. Raises NotFound."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    query: Any = select(kind).where(kind.organisation_id == actor.organisation_id, kind.id == row_id)
    row: Row | None = db.session.scalar(query)
    if row is None:
        raise NotFound
    return row


@use_case(Permission.MEMBER_PROVISION)
def list_page(actor: Actor, kind: Kind, condition: ColumnElement[bool] | None, page: Page) -> tuple[int, list[Row]]:
    """How many people or groups `condition` lets pass, and those of them that are on `page`."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    mine = _mine(actor, kind, condition)
    total = db.session.scalar(select(func.count()).select_from(kind).where(*mine)) or 0
    order = (page.column.desc(), kind.id.desc()) if page.descending else (page.column, kind.id)
    rows = select(kind).where(*mine).order_by(*order).offset(page.start).limit(page.count)
    return total, [] if page.count == 0 else list(db.session.scalars(rows))


@use_case(Permission.MEMBER_PROVISION)
def list_members(actor: Actor, group_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    """Who is in these groups: (group, user)."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    pair = DirectoryGroupMember
    query = select(pair.group_id, pair.user_id).where(
        pair.organisation_id == actor.organisation_id, pair.group_id.in_(group_ids)
    )
    return list(db.session.execute(query.order_by(pair.user_id)).tuples())


@use_case(Permission.MEMBER_PROVISION)
def list_groups_of(actor: Actor, user_ids: Collection[UUID]) -> Sequence[tuple[UUID, UUID, str]]:
    """In which groups these people are: (user, group, its name)."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    pair = DirectoryGroupMember
    query = (
        select(pair.user_id, pair.group_id, DirectoryGroup.name)
        .join(
            DirectoryGroup,
            (DirectoryGroup.organisation_id == pair.organisation_id) & (DirectoryGroup.id == pair.group_id),
        )
        .where(pair.organisation_id == actor.organisation_id, pair.user_id.in_(user_ids))
    )
    return list(db.session.execute(query.order_by(pair.group_id)).tuples())


def _mine(actor: Actor, kind: Kind, condition: ColumnElement[bool] | None) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = [kind.organisation_id == actor.organisation_id]
    return mine if condition is None else [*mine, condition]
