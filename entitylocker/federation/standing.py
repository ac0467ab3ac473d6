"""What ends with the people and the organisation behind it: tokens of directories, and own sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from entitylocker.access import Actor, Permission
from entitylocker.access.roles import permissions_of
from entitylocker.accounts.sessions import note_way_ended
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.federation.models import DirectoryToken, IdentityProvider
from entitylocker.organisations.events import MembershipEnded, OrganisationClosed, RoleChanged
from entitylocker.organisations.models import Membership
from entitylocker.organisations.person_notices import tell_administrators
from entitylocker.organisations.provisioning import end_invitations_of_directory
from entitylocker.web.links import link_to


def on_membership_ended(event: MembershipEnded) -> None:
    """What somebody issued does not outlive their place."""
    _end_tokens_of(event.actor, event.organisation_id, event.membership_id)


def on_role_changed(event: RoleChanged) -> None:
    """Nor the right to issue it."""
    if Permission.DIRECTORY_MANAGE not in permissions_of(event.after):
        _end_tokens_of(event.actor, event.organisation_id, event.membership_id)


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Nobody comes in any more, and no directory does."""
    _end_tokens(event.actor, DirectoryToken.organisation_id == event.organisation_id)
    ended = db.session.execute(
        update(IdentityProvider)
        .where(IdentityProvider.organisation_id == event.organisation_id, IdentityProvider.ended_at.is_(None))
        .values(ended_at=utc_now())
        .returning(IdentityProvider.id, IdentityProvider.name)
    ).all()
    note_way_ended(event.actor, [row.id for row in ended])
    for row in ended:
        record(event.actor, EventTag.IDENTITY_PROVIDER_END, Subject("identity_provider", row.id, row.name))


def _end_tokens_of(actor: Actor, organisation_id: UUID, membership_id: UUID) -> None:
    mine = (DirectoryToken.organisation_id == organisation_id, DirectoryToken.issued_by_id == membership_id)
    gone = db.session.scalar(
        select(Membership.person_name).where(
            Membership.organisation_id == organisation_id, Membership.id == membership_id
        )
    )
    end_invitations_of_directory(actor, list(db.session.scalars(select(DirectoryToken.id).where(*mine))))
    for ended in _end_tokens(actor, *mine):
        # Else the directory would stop bringing and removing people, and nobody would know.
        tell_of_directory(organisation_id, "directory_token_ended", name=ended.name, who=gone or "")


def _end_tokens(actor: Actor, *which: Any) -> Sequence[Any]:
    ended = db.session.execute(
        update(DirectoryToken)
        .where(*which, DirectoryToken.revoked_at.is_(None), DirectoryToken.expires_at > utc_now())
        .values(revoked_at=utc_now())
        .returning(DirectoryToken.id, DirectoryToken.name)
    ).all()
    for row in ended:
        record(actor, EventTag.DIRECTORY_TOKEN_REVOKE, Subject("directory_token", row.id, row.name))
    return ended


def tell_of_directory(organisation_id: UUID, kind: str, **facts: Any) -> None:
    """Tell the administrators, in the organisation's running transaction, of a token or an own sign-in."""
    link = link_to("federation.directory", organisation_id=organisation_id)
    tell_administrators(organisation_id, kind, link=link, **facts)
