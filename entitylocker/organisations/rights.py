"""Members' rights as rows: locked before they change, numbered each time they do."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.extensions import db
from entitylocker.organisations.models import Membership, Organisation

# A note of the running transaction: it changes the rights of the very member it runs for.
OWN_RIGHTS_CHANGED = "own_rights_changed"
# A note of the running transaction: it changes the state of the very organisation it runs for, to this.
STATE_CHANGED = "state_changed"


def lock_members(
    organisation_id: UUID, wanted: Iterable[UUID | None], *, administrators: bool = False
) -> dict[UUID, Membership]:
    """Lock current memberships until the commit and return them by id as they are now.

    `administrators`: all of these too. Changes of rights in one organisation come one after the other, so
    that no two of them wait for each other.
    """
    db.session.execute(
        select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    )
    which: ColumnElement[bool] = Membership.id.in_(
        [membership_id for membership_id in wanted if membership_id is not None]
    )
    if administrators:
        which = or_(which, Membership.role == Role.ADMINISTRATOR.value)
    query = (
        select(Membership)
        .where(Membership.organisation_id == organisation_id, Membership.ended_at.is_(None), which)
        .order_by(Membership.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in db.session.scalars(query)}


def note_change(membership: Membership) -> None:
    """Number the rights of a locked membership anew: what runs for it elsewhere is stopped at its commit."""
    membership.rights_version += 1
    running = tenancy.current()
    if running.actor is not None and running.actor.membership_id == membership.id:
        running.note(OWN_RIGHTS_CHANGED, membership.id)


def lock_state(organisation_id: UUID) -> OrganisationState | None:
    """The state of an organisation, which nobody changes until the commit; None if there is no such organisation.

    Many may hold it at once. It is taken before memberships are: in one order nobody waits for each other.
    """
    state = db.session.scalar(
        select(Organisation.state).where(Organisation.id == organisation_id).with_for_update(read=True)
    )
    return None if state is None else OrganisationState(state)


def note_state(state: OrganisationState) -> None:
    """Say that the running transaction itself brings its organisation into `state`."""
    tenancy.current().note(STATE_CHANGED, state)
