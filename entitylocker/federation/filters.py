"""What of a SCIM filter and order (RFC 7644 section 3.4.2) the database answers by itself. The rest is for the library.

Whoever looks at ten people of five thousand must not have all of them read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scim2_models.path import AttrPath, CompareOperator, Comparison, LogicalExpr, LogicalOperator, ValuePath
from sqlalchemy import ColumnElement, and_, false, func, or_, select

from entitylocker.accounts.rules import normalise_email
from entitylocker.federation.listing import Kind
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryUser

_Test = Callable[[Any], ColumnElement[bool]]
# The database holds no text with NUL or one half of a surrogate pair (RFC 3629), and takes none.
_IN_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Narrowed:
    """Rows that a filter can match. `exact`: all of them match, and nothing else has to be looked at."""

    condition: ColumnElement[bool] | None
    exact: bool


NOT_AT_ALL = Narrowed(None, False)
ALL = Narrowed(None, True)


def narrow(kind: Kind, wanted: Any) -> Narrowed:
    """Which rows of `kind` the filter `wanted` (or None) can match."""
    return ALL if wanted is None else _of_node(kind, wanted.ast)


def column_of(kind: Kind, sort_by: Any) -> Any:
    """By which column the attribute `sort_by` (or None: by id) is sorted; None where the database cannot."""
    name = "id" if sort_by is None else str(sort_by).casefold()
    return _ORDERS[kind].get(name)


def _of_node(kind: Kind, node: Any) -> Narrowed:
    if isinstance(node, Comparison):
        return _of_comparison(kind, _name_of(node.attr_path), node)
    if isinstance(node, ValuePath) and isinstance(node.val_filter, Comparison):
        return _of_comparison(
            kind, f"{_name_of(node.attr_path)}.{_name_of(node.val_filter.attr_path)}", node.val_filter
        )
    if isinstance(node, LogicalExpr):
        return _of_terms(node.op, [_of_node(kind, term) for term in node.terms])
    return NOT_AT_ALL


def _of_terms(operator: LogicalOperator, terms: list[Narrowed]) -> Narrowed:
    known = [term.condition for term in terms if term.condition is not None]
    exact = all(term.exact for term in terms)
    if operator == LogicalOperator.and_ and known:
        return Narrowed(and_(*known), exact)
    return Narrowed(or_(*known), exact) if len(known) == len(terms) else NOT_AT_ALL


def _of_comparison(kind: Kind, name: str, node: Comparison) -> Narrowed:
    make = _TESTS[kind].get(name)
    if make is None or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return NOT_AT_ALL
    return Narrowed(false() if _IN_NO_TEXT.search(node.value) else make(node.value), True)


def _name_of(path: AttrPath) -> str:
    """As it is written in the tables below; what names its schema is for the library."""
    if path.uri is not None:
        return ""
    return ".".join(part for part in (path.attr, path.sub_attr) if part).casefold()


def _has_id(column: Any) -> _Test:
    def has_id(value: str) -> ColumnElement[bool]:
        found = _id_in(value)
        return false() if found is None else column == found

    return has_id


def _has_member(value: str) -> ColumnElement[bool]:
    found = _id_in(value)
    if found is None:
        return false()
    return DirectoryGroup.id.in_(
        select(DirectoryGroupMember.group_id).where(
            DirectoryGroupMember.organisation_id == DirectoryGroup.organisation_id,
            DirectoryGroupMember.user_id == found,
        )
    )


def _id_in(value: str) -> UUID | None:
    """Ids are compared as they are written."""
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value else None


_TESTS: dict[Kind, dict[str, _Test]] = {
    DirectoryUser: {
        "id": _has_id(DirectoryUser.id),
        "username": lambda value: DirectoryUser.name_normalised == normalise_email(value),
        "externalid": lambda value: DirectoryUser.external_id == value,
    },
    DirectoryGroup: {
        "id": _has_id(DirectoryGroup.id),
        "displayname": lambda value: func.lower(DirectoryGroup.name) == func.lower(value),
        "externalid": lambda value: DirectoryGroup.external_id == value,
        "members": _has_member,
        "members.value": _has_member,
    },
}
_ORDERS: dict[Kind, dict[str, Any]] = {
    DirectoryUser: {
        "id": DirectoryUser.id,
        "username": DirectoryUser.name_normalised,
        "meta.created": DirectoryUser.created_at,
        "meta.lastmodified": DirectoryUser.changed_at,
    },
    DirectoryGroup: {
        "id": DirectoryGroup.id,
        "displayname": func.lower(DirectoryGroup.name),
        "meta.created": DirectoryGroup.created_at,
        "meta.lastmodified": DirectoryGroup.changed_at,
    },
}
