"""SCIM resources over the rows of a directory: the storage that the SCIM handler reads and writes (RFC 7644)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
    TooManyException,
    UniquenessException,
)
from scim2_server.storage import ScimStorage, SearchPage

from entitylocker.access import Actor
from entitylocker.accounts.schemas import EMAIL_MAX
from entitylocker.errors import Conflict, NotFound, SameMoment
from entitylocker.federation import directory, listing
from entitylocker.federation.directory import GroupFacts, UserFacts
from entitylocker.federation.errors import MistakableAddress, NameTaken, UnknownMember
from entitylocker.federation.filters import column_of, narrow
from entitylocker.federation.listing import Kind, Row
from entitylocker.federation.models import DirectoryGroup, DirectoryUser
from entitylocker.federation.resources import Group, GroupMember, User
from entitylocker.notifications.addresses import is_plain_address

_KEPT = {"active", "user_name", "name", "display_name", "preferred_language", "emails"}
LONGEST = 1024
# Of how many resources a filter is asked that the database does not understand.
MOST_LOOKED_THROUGH = 2000
_KINDS: dict[str | None, Kind] = {"User": DirectoryUser, "Group": DirectoryGroup}


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
        try:
            row = listing.get_row(self._actor, _KINDS[resource_type.id], _read_id(resource_id))
        except NotFound:
            raise NotFoundException from None
        return self._resources([row], response_parameters)[0]

    def search(
        self, resource_types: list[ResourceType], search_request: SearchRequest[Any], *, position: Any = None
    ) -> SearchPage:
        """A page of what the filter matches, sorted by the wanted attribute, then by id.

        Where the database can say all of that by itself, it reads no more than the page.
        """
        kinds = [_KINDS[each.id] for each in resource_types]
        start, count = search_request.start_index_0 or 0, search_request.count
        if len(kinds) == 1:
            narrowed, column = narrow(kinds[0], search_request.filter), column_of(kinds[0], search_request.sort_by)
            if narrowed.exact and column is not None:
                page = listing.Page(column, _descends(search_request), start, count)
                total, rows = listing.list_page(self._actor, kinds[0], narrowed.condition, page)
                return SearchPage(total, self._resources(rows, search_request))
        found = self._look_through(kinds, search_request)
        return SearchPage(len(found), found[start : None if count is None else start + count])

    def _look_through(self, kinds: list[Kind], search_request: SearchRequest[Any]) -> list[Resource[Any]]:
        """All that the filter matches, sorted, where it has to be asked of each resource. Raises TooManyException."""
        wanted = search_request.filter
        found: list[Resource[Any]] = []
        for kind in kinds:
            everything = listing.Page(kind.id, False, 0, MOST_LOOKED_THROUGH)
            total, rows = listing.list_page(self._actor, kind, narrow(kind, wanted).condition, everything)
            if total > MOST_LOOKED_THROUGH:
                raise TooManyException
            found += self._resources(rows)
        matching = [each for each in found if wanted is None or wanted.match(each)]
        return sorted(matching, key=lambda each: _sort_key(search_request, each), reverse=_descends(search_request))

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
        except SameMoment:
            raise
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
        except (UnknownMember, MistakableAddress) as fault:
            raise InvalidValueException(detail=fault.text()) from None
        except SameMoment:
            raise
        except Conflict:
            raise PreconditionFailedException from None
        return self.get(resource_type, str(put))

    def _resources(self, rows: Sequence[Row], asked: ResponseParameters[Any] | None = None) -> list[Resource[Any]]:
        """Rows of one kind as SCIM has them. Who is in which group is read only if the answer is to hold it."""
        found: dict[UUID, list[Any]] = defaultdict(list)
        ids = [row.id for row in rows]
        if rows and isinstance(rows[0], DirectoryGroup):
            for group_id, user_id in listing.list_members(self._actor, ids) if _holds(asked, "members") else ():
                found[group_id].append(_member(user_id))
        elif rows and _holds(asked, "groups"):
            for user_id, group_id, name in listing.list_groups_of(self._actor, ids):
                found[user_id].append(_membership(group_id, name))
        return [
            _user(row, found[row.id]) if isinstance(row, DirectoryUser) else _group(row, found[row.id]) for row in rows
        ]


def _holds(asked: ResponseParameters[Any] | None, name: str) -> bool:
    """Whether an answer holds an attribute (RFC 7644 section 3.9)."""
    if asked is None:
        return True
    if asked.attributes:
        return any(name in str(path).casefold() for path in asked.attributes)
    return name not in {str(path).casefold().rpartition(":")[2] for path in asked.excluded_attributes or ()}


def _descends(search_request: SearchRequest[Any]) -> bool:
    return search_request.sort_order == SearchRequest.SortOrder.descending


def _sort_key(search_request: SearchRequest[Any], resource: Resource[Any]) -> tuple[bool, Any, str]:
    value = search_request.sort_value(resource)
    return value is None, "" if value is None else value, resource.id or ""


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
    return UserFacts(user.user_name, email, user.external_id, user.active, document)


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
    if user.active is not None or not row.active:
        # What was written last may be old: people here remove members and let them in again.
        user.active = row.active
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
