"""SCIM resources over the rows of a directory: the storage that the SCIM handler reads and writes (RFC 7644)."""

from __future__ import annotations

from collections import defaultdict
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from scim2_models import (
    GroupMembership,
    InvalidValueException,
    Meta,
    NotFoundException,
    PreconditionFailedException,
    Reference,
    Resource,
    ResourceType,
    ResponseParameters,
    SearchRequest,
    UniquenessException,
)
from scim2_models.path import CompareOperator, Comparison
from scim2_server.storage import ScimStorage, SearchPage

from entitylocker.access import Actor
from entitylocker.accounts.schemas import EMAIL_MAX
from entitylocker.errors import Conflict, NotFound
from entitylocker.federation import directory
from entitylocker.federation.directory import GroupFacts, UserFacts
from entitylocker.federation.errors import NameTaken, UnknownMember
from entitylocker.federation.models import DirectoryGroup, DirectoryUser
from entitylocker.federation.resources import Group, GroupMember, User
from entitylocker.notifications.addresses import is_plain_address

_KEPT = {"active", "user_name", "name", "display_name", "preferred_language", "emails"}
LONGEST = 1024


class DirectoryStorage(ScimStorage):
    """What the directory `actor` may see and write: the people and groups of its organisation, nothing else."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def operation(self) -> AbstractContextManager[None]:
        """One SCIM operation is one transaction."""
        return directory.one_operation(self._actor)

    def get(
        self,
        resource_type: ResourceType,
        resource_id: str,
        *,
        response_parameters: ResponseParameters[Any] | None = None,
    ) -> Resource[Any]:
        """One resource. Raises NotFoundException."""
        found = [each for each in self._all([resource_type]) if each.id == resource_id]
        if not found:
            raise NotFoundException
        return found[0]

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page of what the filter matches, sorted by the wanted attribute, then by id."""
        wanted = search_request.filter
        found = [
            each for each in self._all(resource_types, **_equality(wanted)) if wanted is None or wanted.match(each)
        ]
        descending = search_request.sort_order == SearchRequest.SortOrder.descending
        found.sort(key=lambda each: _sort_key(search_request, each), reverse=descending)
        start = search_request.start_index_0 or 0
        stop = None if search_request.count is None else start + search_request.count
        return SearchPage(len(found), found[start:stop])

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Bring a resource. Raises UniquenessException, InvalidValueException."""
        return self._put(resource_type, resource, None, None)

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Change a resource to what it says now. Raises NotFoundException, PreconditionFailedException."""
        return self._put(resource_type, resource, _read_id(resource.id), _read_version(expected_version))

    def delete(self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None) -> None:
        """Forget a resource. Raises NotFoundException, PreconditionFailedException."""
        remove = directory.remove_user if resource_type.id == "User" else directory.remove_group
        try:
            remove(self._actor, _read_id(resource_id), _read_version(expected_version))
        except NotFound:
            raise NotFoundException from None
        except Conflict:
            raise PreconditionFailedException from None

    def _put(
        self, resource_type: ResourceType, resource: Resource[Any], row_id: UUID | None, version: int | None
    ) -> Resource[Any]:
        try:
            if isinstance(resource, Group):
                put = directory.put_group(self._actor, _group_facts(resource), group_id=row_id, version=version)
            else:
                assert isinstance(resource, User)
                put = directory.put_user(self._actor, _user_facts(resource), user_id=row_id, version=version)
        except NotFound:
            raise NotFoundException from None
        except NameTaken as fault:
            raise UniquenessException(detail=fault.text()) from None
        except UnknownMember as fault:
            raise InvalidValueException(detail=fault.text()) from None
        except Conflict:
            raise PreconditionFailedException from None
        return self.get(resource_type, str(put))

    def _all(self, resource_types: list[ResourceType], **only: str) -> list[Resource[Any]]:
        """The resources of these types; `only`: people of this name or external id."""
        kinds = {each.id for each in resource_types}
        users = directory.list_users(self._actor, **only)
        groups = directory.list_groups(self._actor)
        members, memberships = defaultdict(list), defaultdict(list)
        names = {group.id: group.name for group in groups}
        for group_id, user_id in directory.list_pairs(self._actor):
            members[group_id].append(_member(user_id))
            memberships[user_id].append(_membership(group_id, names[group_id]))
        found: list[Resource[Any]] = []
        if "User" in kinds:
            found += [_user(row, memberships[row.id]) for row in users]
        if "Group" in kinds:
            found += [_group(row, members[row.id]) for row in groups]
        return found


def _sort_key(search_request: SearchRequest[Any], resource: Resource[Any]) -> tuple[bool, Any, str]:
    value = search_request.sort_value(resource)
    return value is None, "" if value is None else value, resource.id or ""


def _equality(wanted: Any) -> dict[str, str]:
    """What a filter asks for, if it is what directories ask before each act: one name, or one external id."""
    node = wanted.ast if wanted is not None else None
    if not isinstance(node, Comparison) or node.op != CompareOperator.eq or not isinstance(node.value, str):
        return {}
    asked = {"username": "name", "externalid": "external_id"}.get(str(node.attr_path).casefold())
    # A group has no such name: only people are asked for by it.
    return {asked: node.value} if asked == "name" else {}


def _user_facts(user: User) -> UserFacts:
    emails = user.emails or []
    primary = next((each.value for each in emails if each.primary and each.value), None)
    first = next((each.value for each in emails if each.value), None)
    email = next((text for text in (primary, first, user.user_name) if text and is_plain_address(text)), "")
    if not user.user_name or max(len(user.user_name), len(user.external_id or "")) > LONGEST:
        raise InvalidValueException(detail="userName and externalId hold up to 1024 characters; userName is needed.")
    if len(email) > EMAIL_MAX:
        raise InvalidValueException(detail="An e-mail address holds up to 254 characters.")
    document = user.model_dump(include=_KEPT, mode="json", exclude_none=True)
    active = user.active is not False
    return UserFacts(user.user_name, email, user.external_id, active, document)


def _group_facts(group: Group) -> GroupFacts:
    members = group.members or []
    if len(group.display_name or "") > LONGEST or len(group.external_id or "") > LONGEST:
        raise InvalidValueException(detail="displayName and externalId hold up to 1024 characters.")
    try:
        member_ids = frozenset(UUID(member.value or "") for member in members)
    except ValueError:
        raise InvalidValueException(detail=UnknownMember.message) from None
    return GroupFacts(group.display_name or "", group.external_id, member_ids)


def _member(user_id: UUID) -> GroupMember:
    return GroupMember(value=str(user_id), ref=Reference(f"Users/{user_id}"))


def _membership(group_id: UUID, name: str) -> GroupMembership:
    return GroupMembership(value=str(group_id), display=name, type="direct", ref=Reference(f"Groups/{group_id}"))


def _user(row: DirectoryUser, groups: list[GroupMembership]) -> User:
    user = User.model_validate(row.document)
    user.id, user.external_id, user.groups = str(row.id), row.external_id, groups or None
    if not row.active:
        user.active = False
    user.meta = _meta("User", row.created_at, row.changed_at, row.version)
    return user


def _group(row: DirectoryGroup, members: list[GroupMember]) -> Group:
    group = Group(id=str(row.id), external_id=row.external_id, display_name=row.name, members=members or None)
    group.meta = _meta("Group", row.created_at, row.changed_at, row.version)
    return group


def _meta(kind: str, created: datetime, changed: datetime, version: int) -> Meta:
    return Meta(resource_type=kind, created=created, last_modified=changed, version=f'W/"{version}"')


def _read_id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise NotFoundException from None


def _read_version(text: str | None) -> int | None:
    """The number in `W/"3"`; what is no version of ours matches nothing."""
    if text is None:
        return None
    number = text.removeprefix("W/").strip('"')
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else -1
