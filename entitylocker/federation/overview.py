"""What the administrators see of their directory and sign-in, and which role each group means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.federation.directory import settle_all
from entitylocker.federation.models import (
    DirectoryGroup,
    DirectoryGroupMember,
    DirectoryToken,
    DirectoryUser,
    IdentityProvider,
)
from entitylocker.federation.providers import list_providers
from entitylocker.federation.tokens import list_tokens
from entitylocker.organisations.rights import lock_organisations
from entitylocker.organisations.rules import may_invite_to
from entitylocker.tenancy import use_case


@dataclass(frozen=True)
class GroupLine:
    """A group of the directory. `role`: what it means here; None: nothing."""

    id: UUID
    name: str
    people: int
    role: str | None


@dataclass(frozen=True)
class PersonLine:
    """A person of the directory."""

    id: UUID
    name: str
    email: str
    active: bool


@dataclass(frozen=True)
class FederationOverview:
    """All of it on one page. `people`: the first hundred by name."""

    providers: Sequence[IdentityProvider]
    tokens: Sequence[DirectoryToken]
    groups: list[GroupLine]
    people: list[PersonLine]
    people_count: int


MOST_PEOPLE = 100


@use_case(Permission.DIRECTORY_MANAGE)
def get_overview(actor: Actor) -> FederationOverview:
    """The organisation's providers, tokens, groups and people of its directory."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    mine = DirectoryUser.organisation_id == actor.organisation_id
    people = db.session.scalars(select(DirectoryUser).where(mine).order_by(DirectoryUser.name_normalised))
    return FederationOverview(
        list_providers(actor),
        list_tokens(actor),
        _groups(actor),
        [
            PersonLine(row.id, row.document.get("displayName") or row.name_normalised, row.email_normalised, row.active)
            for row in list(people.fetchmany(MOST_PEOPLE))
        ],
        db.session.scalar(select(func.count()).select_from(DirectoryUser).where(mine)) or 0,
    )


def _groups(actor: Actor) -> list[GroupLine]:
    count = (
        select(func.count())
        .select_from(DirectoryGroupMember)
        .where(
            DirectoryGroupMember.organisation_id == actor.organisation_id,
            DirectoryGroupMember.group_id == DirectoryGroup.id,
        )
        .scalar_subquery()
    )
    query = select(DirectoryGroup.id, DirectoryGroup.name, count, DirectoryGroup.role).where(
        DirectoryGroup.organisation_id == actor.organisation_id
    )
    return [GroupLine(*row) for row in db.session.execute(query.order_by(func.lower(DirectoryGroup.name)))]


@use_case(Permission.DIRECTORY_MANAGE, fresh=True)
def set_group_role(actor: Actor, group_id: UUID, role: str | None) -> None:
    """Say which role a group means; its members have it from now on. Raises NotFound, PermissionDenied.

    Nobody lets a directory give more than they hold themselves.
    """
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    lock_organisations(actor.organisation_id)
    group = db.session.scalar(
        select(DirectoryGroup)
        .where(DirectoryGroup.organisation_id == actor.organisation_id, DirectoryGroup.id == group_id)
        .with_for_update()
    )
    if group is None:
        raise NotFound
    if role is not None and not may_invite_to(actor, Role(role)):
        raise PermissionDenied("no_role_for_this", permission=Permission.DIRECTORY_MANAGE.value)
    before, group.role = group.role, role
    subject = Subject("directory_group", group.id, group.name)
    record(actor, EventTag.DIRECTORY_GROUP_SET_ROLE, subject, before=before, role=role)
    in_group = select(DirectoryGroupMember.user_id).where(
        DirectoryGroupMember.organisation_id == actor.organisation_id, DirectoryGroupMember.group_id == group_id
    )
    settle_all(actor, list(db.session.scalars(in_group)))
