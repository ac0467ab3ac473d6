"""What an administrator gave by directory and own sign-in that stands without them. Their tokens end with them."""

from __future__ import annotations

from sqlalchemy import select

from entitylocker.access import Role
from entitylocker.audit.authors import find_authors
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.federation.models import DirectoryGroup, IdentityProvider
from entitylocker.organisations.leavings import Giver, Left

_PAGE = "federation.directory"


def find_left(giver: Giver) -> list[Left]:
    """Own sign-ins they set up, and groups to which they gave the role that counts, in the running transaction."""
    return [*_providers(giver), *_groups(giver)]


def _providers(giver: Giver) -> list[Left]:
    live = select(IdentityProvider.id, IdentityProvider.name).where(
        IdentityProvider.organisation_id == giver.organisation_id, IdentityProvider.ended_at.is_(None)
    )
    rows = db.session.execute(live.order_by(IdentityProvider.id)).all()
    by = find_authors(giver.organisation_id, EventTag.IDENTITY_PROVIDER_SET_UP, [row.id for row in rows])
    return [Left("provider", row.name, _PAGE) for row in rows if by.get(row.id) == giver.person_id]


def _groups(giver: Giver) -> list[Left]:
    meaning = select(DirectoryGroup.id, DirectoryGroup.name, DirectoryGroup.role).where(
        DirectoryGroup.organisation_id == giver.organisation_id, DirectoryGroup.role.is_not(None)
    )
    rows = db.session.execute(meaning.order_by(DirectoryGroup.id)).all()
    by = find_authors(giver.organisation_id, EventTag.DIRECTORY_GROUP_SET_ROLE, [row.id for row in rows])
    return [Left("group", row.name, _PAGE, Role(row.role)) for row in rows if by.get(row.id) == giver.person_id]
