"""Tokens with which an organisation's directory comes: issued by an administrator, shown once, ended at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Grant, Means, OrganisationState, Permission, require
from entitylocker.access.permissions import DIRECTORY_PERMISSIONS
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.federation.models import DirectoryToken
from entitylocker.federation.rules import TOKEN_LIFETIME, require_own
from entitylocker.federation.standing import tell_of_directory
from entitylocker.organisations.provisioning import end_invitations_of_directory
from entitylocker.organisations.rights import lock_organisations
from entitylocker.tenancy import Tenant, open_use_case, use_case

LONGEST = 256
_USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class IssuedToken:
    """A fresh token. `token` is known now and never again."""

    id: UUID
    name: str
    token: str
    expires_at: datetime


@use_case(Permission.DIRECTORY_MANAGE, fresh=True)
def issue_token(actor: Actor, name: str) -> IssuedToken:
    """Let the organisation's directory bring and remove members, for a year. Raises PermissionDenied."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    require_own(actor)
    token, digest = new_token()
    row = DirectoryToken(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        name=name,
        token_digest=digest,
        issued_by_name=actor.name,
        issued_by_id=actor.membership_id,
        expires_at=utc_now() + TOKEN_LIFETIME,
    )
    db.session.add(row)
    record(actor, EventTag.DIRECTORY_TOKEN_ISSUE, Subject("directory_token", row.id, name))
    tell_of_directory(row.organisation_id, "directory_token_issued", name=name, by=actor.name)
    return IssuedToken(row.id, name, token, row.expires_at)


@use_case(Permission.DIRECTORY_MANAGE)
def list_tokens(actor: Actor) -> list[DirectoryToken]:
    """The tokens that still open something, newest first."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    query = select(DirectoryToken).where(
        DirectoryToken.organisation_id == actor.organisation_id,
        DirectoryToken.revoked_at.is_(None),
        DirectoryToken.expires_at > utc_now(),
    )
    return list(db.session.scalars(query.order_by(DirectoryToken.id.desc())))


@use_case(Permission.DIRECTORY_MANAGE)
def revoke_token(actor: Actor, token_id: UUID) -> None:
    """End a token at once, and what it invited to and nobody accepted. Raises NotFound, also for one that has ended."""
    require(actor, Permission.DIRECTORY_MANAGE, actor.facts)
    lock_organisations(actor.organisation_id)
    ended = db.session.execute(
        update(DirectoryToken)
        .where(
            DirectoryToken.organisation_id == actor.organisation_id,
            DirectoryToken.id == token_id,
            DirectoryToken.revoked_at.is_(None),
        )
        .values(revoked_at=utc_now())
        .returning(DirectoryToken.name)
    ).scalar()
    if ended is None:
        raise NotFound
    record(actor, EventTag.DIRECTORY_TOKEN_REVOKE, Subject("directory_token", token_id, ended))
    end_invitations_of_directory(actor, [token_id])


@open_use_case("the token itself says which directory comes, and of which organisation")
def find_directory(token: str) -> Actor | None:
    """The directory that bears `token`, as it stands at this instant; None if the token opens nothing.

    That is also so once whoever issued it is no administrator any more: joined on each look.
    """
    if not token or len(token) > LONGEST:
        return None
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT * FROM lookup_directory_token(:digest)"), {"digest": digest_of(token)})
        row = found.first()
    if row is None:
        return None
    _note_used(row)
    return Actor(
        kind=ActorKind.DIRECTORY,
        means=Means.TOKEN,
        name=row.name,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        organisation_verified=row.organisation_verified,
        organisation_state=OrganisationState(row.organisation_state),
        token_id=row.id,
        grants=(Grant(DIRECTORY_PERMISSIONS),),
    )


def _note_used(row: Any) -> None:
    """When a token was used last, for the administrators' page; not at each of a thousand requests."""
    before = utc_now() - _USED_EVERY
    if row.last_used_at is not None and row.last_used_at > before:
        return
    mine = (DirectoryToken.organisation_id == row.organisation_id, DirectoryToken.id == row.id)
    stale = or_(DirectoryToken.last_used_at.is_(None), DirectoryToken.last_used_at <= before)
    with tenancy.transaction(Tenant(organisation_id=row.organisation_id)):
        db.session.execute(update(DirectoryToken).where(*mine, stale).values(last_used_at=utc_now()))
