"""What a directory says of people and groups, as rows. Each use case is asked for by a directory with its token."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.rules import normalise_email
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import Conflict, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.federation.errors import DirectoryTokenEnded, MistakableAddress, NameTaken, UnknownMember
from entitylocker.federation.membership import settle
from entitylocker.federation.models import DirectoryGroup, DirectoryGroupMember, DirectoryToken, DirectoryUser
from entitylocker.notifications.addresses import is_one_mailbox
from entitylocker.organisations.rights import lock_organisations
from entitylocker.tenancy import open_use_case, tenant_of, use_case

Row = TypeVar("Row", DirectoryUser, DirectoryGroup)


@dataclass(frozen=True)
class UserFacts:
    """What a directory says of a person. `active` None: nothing; `document`: what is kept, for reading back."""

    user_name: str
    email: str
    external_id: str | None
    active: bool | None
    document: dict[str, Any]


@dataclass(frozen=True)
class GroupFacts:
    """What a directory says of a group."""

    name: str
    external_id: str | None
    member_ids: frozenset[UUID]


@open_use_case("what runs inside asks for the permission")
@contextmanager
def one_operation(actor: Actor) -> Iterator[None]:
    """Everything of one SCIM operation in one transaction; what it writes stays only if the token still stands then.

    Raises DirectoryTokenEnded.
    """
    with tenancy.transaction(tenant_of(actor), actor):
        yield
        tenancy.flush()
        # After the organisation, in the order that stands in `tenancy`. Mere looks take no lock.
        if db.session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")):
            _hold_token(actor)


def _hold_token(actor: Actor) -> None:
    held = db.session.scalar(
        select(DirectoryToken.id)
        .where(
            DirectoryToken.organisation_id == actor.organisation_id,
            DirectoryToken.id == actor.token_id,
            DirectoryToken.revoked_at.is_(None),
        )
        .with_for_update(read=True)
    )
    if held is None:
        raise DirectoryTokenEnded


@use_case(Permission.MEMBER_PROVISION)
def put_user(actor: Actor, facts: UserFacts, *, user_id: UUID | None = None, version: int | None = None) -> UUID:
    """Bring a person (`user_id` None) or change one; membership follows at once. Answers the id.

    `version`: the one that must still stand. Raises NotFound, Conflict, NameTaken, MistakableAddress.
    """
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    lock_organisations(actor.organisation_id)
    if user_id is None:
        row = DirectoryUser(id=uuid7(), organisation_id=actor.organisation_id, active=True, version=0)
        db.session.add(row)
    else:
        row = _lock_user(actor, user_id, version)
    before, was_active = normalise_email(row.email_normalised or ""), row.active
    if normalise_email(facts.email) != before and not is_one_mailbox(facts.email):
        raise MistakableAddress
    row.name_normalised, row.email_normalised = normalise_email(facts.user_name), normalise_email(facts.email)
    row.external_id, row.document = facts.external_id, facts.document
    row.active = was_active if facts.active is None else facts.active
    row.changed_at, row.version = utc_now(), row.version + 1
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise NameTaken from fault
    subject = Subject("directory_user", row.id, facts.user_name)
    record(actor, EventTag.DIRECTORY_USER_PUT, subject, active=row.active)
    settle(actor, row, formerly=before, was_active=was_active)
    return row.id


@use_case(Permission.MEMBER_PROVISION)
def remove_user(actor: Actor, user_id: UUID, version: int | None = None) -> None:
    """Forget a person; their membership ends at once. Raises NotFound, Conflict."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    lock_organisations(actor.organisation_id)
    row = _lock_user(actor, user_id, version)
    was_active, row.active = row.active, False
    settle(actor, row, was_active=was_active)
    record(actor, EventTag.DIRECTORY_USER_REMOVE, Subject("directory_user", row.id, row.name_normalised))
    db.session.delete(row)


@use_case(Permission.MEMBER_PROVISION)
def put_group(actor: Actor, facts: GroupFacts, *, group_id: UUID | None = None, version: int | None = None) -> UUID:
    """Bring a group (`group_id` None) or change one; the roles of its people follow at once. Answers the id.

    Raises NotFound, Conflict, UnknownMember.
    """
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    lock_organisations(actor.organisation_id)
    if group_id is None:
        row = DirectoryGroup(id=uuid7(), organisation_id=actor.organisation_id, role=None, version=0)
        db.session.add(row)
    else:
        row = _lock_group(actor, group_id, version)
    row.name, row.external_id, row.changed_at, row.version = facts.name, facts.external_id, utc_now(), row.version + 1
    tenancy.flush()
    touched = _set_members(actor, row.id, facts.member_ids)
    record(
        actor,
        EventTag.DIRECTORY_GROUP_PUT,
        Subject("directory_group", row.id, facts.name),
        people=len(facts.member_ids),
    )
    settle_all(actor, touched)
    return row.id


@use_case(Permission.MEMBER_PROVISION)
def remove_group(actor: Actor, group_id: UUID, version: int | None = None) -> None:
    """Forget a group; what it meant for its people ends at once. Raises NotFound, Conflict."""
    require(actor, Permission.MEMBER_PROVISION, actor.facts)
    lock_organisations(actor.organisation_id)
    row = _lock_group(actor, group_id, version)
    touched = _set_members(actor, group_id, frozenset())
    record(actor, EventTag.DIRECTORY_GROUP_REMOVE, Subject("directory_group", row.id, row.name))
    db.session.delete(row)
    tenancy.flush()
    settle_all(actor, touched)


def settle_all(actor: Actor, user_ids: Collection[UUID]) -> None:
    """Let the memberships of those who are active follow what is known of them now, in a fixed order."""
    rows = db.session.scalars(
        select(DirectoryUser)
        .where(
            DirectoryUser.organisation_id == actor.organisation_id,
            DirectoryUser.id.in_(user_ids),
            DirectoryUser.active,
        )
        .order_by(DirectoryUser.id)
    )
    for row in list(rows):
        settle(actor, row)


def _set_members(actor: Actor, group_id: UUID, wanted: frozenset[UUID]) -> set[UUID]:
    """Make `wanted` the people of a group; answers who came or went. Raises UnknownMember."""
    held = set(
        db.session.scalars(
            select(DirectoryGroupMember.user_id).where(
                DirectoryGroupMember.organisation_id == actor.organisation_id,
                DirectoryGroupMember.group_id == group_id,
            )
        )
    )
    db.session.execute(
        delete(DirectoryGroupMember).where(
            DirectoryGroupMember.organisation_id == actor.organisation_id,
            DirectoryGroupMember.group_id == group_id,
            DirectoryGroupMember.user_id.in_(held - wanted),
        )
    )
    for user_id in sorted(wanted - held):
        db.session.add(DirectoryGroupMember(organisation_id=actor.organisation_id, group_id=group_id, user_id=user_id))
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise UnknownMember from fault
    return held ^ wanted


def _lock_user(actor: Actor, user_id: UUID, version: int | None) -> DirectoryUser:
    row = db.session.scalar(
        select(DirectoryUser)
        .where(DirectoryUser.organisation_id == actor.organisation_id, DirectoryUser.id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return _as_it_was(row, version)


def _lock_group(actor: Actor, group_id: UUID, version: int | None) -> DirectoryGroup:
    row = db.session.scalar(
        select(DirectoryGroup)
        .where(DirectoryGroup.organisation_id == actor.organisation_id, DirectoryGroup.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return _as_it_was(row, version)


def _as_it_was(row: Row | None, version: int | None) -> Row:
    if row is None:
        raise NotFound
    if version is not None and row.version != version:
        raise Conflict
    return row
