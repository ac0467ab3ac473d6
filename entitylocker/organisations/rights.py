"""Members' rights as rows: locked before they change, numbered each time they do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import load_only

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.errors import SameMoment
from entitylocker.extensions import db
from entitylocker.organisations.models import Membership, Organisation

# A note of the running transaction: it changes the rights of the very member it runs for.
OWN_RIGHTS_CHANGED = "own_rights_changed"
# A note of the running transaction: it changes the state of the very organisation it runs for, to this.
STATE_CHANGED = "state_changed"


def lock_organisations(*wanted: UUID | None, columns: Iterable[Any] = ()) -> dict[UUID, Organisation]:
    """Lock organisations until the commit, by id, and return them as they are now; those not visible are left out.

    The first lock of an act that changes one of them or the rights in it (see the order in `tenancy`). What refers to
    them can be written meanwhile. `columns`: those that the role of the database may read, if not all.
    """
    ids = sorted({organisation_id for organisation_id in wanted if organisation_id is not None})
    query = select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.id)
    if columns:
        query = query.options(load_only(*columns, raiseload=True))
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {row.id: row for row in db.session.scalars(locked)}


def change_state(row: Organisation, state: OrganisationState, reason: str, who: str) -> None:
    """Bring the locked organisation of the running transaction into another state; who may was asked before.

    The role of the application cannot write states: a function of the database does, along the ways that there are.
    Raises SameMoment where it refuses, which is what was decided meanwhile.
    """
    asked = {"state": state.value, "reason": reason, "who": who}
    tenancy.flush()
    if not db.session.scalar(text("SELECT claim_state(:state, :reason, :who)"), asked):
        raise SameMoment
    db.session.refresh(row)


def lock_members(
    organisation_id: UUID, wanted: Iterable[UUID | None], *, administrators: bool = False
) -> dict[UUID, Membership]:
    """Lock current memberships until the commit and return them by id as they are now.

    `administrators`: all of these too. Changes of rights in one organisation come one after the other, so
    that no two of them wait for each other.
    """
    lock_organisations(organisation_id)
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

    Many may hold it at once. It is the first lock of an act (see the order in `tenancy`), and never followed by
    `lock_organisations` of the same one: two that hold it would wait for each other.
    """
    state = db.session.scalar(
        select(Organisation.state).where(Organisation.id == organisation_id).with_for_update(read=True)
    )
    return None if state is None else OrganisationState(state)


def note_state(state: OrganisationState) -> None:
    """Say that the running transaction itself brings its organisation into `state`."""
    tenancy.current().note(STATE_CHANGED, state)
