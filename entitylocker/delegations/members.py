"""What a member may do, membership and delegations together; and the last look at it before a commit."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select, text

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Grant, Means, Role, permissions_of
from entitylocker.accounts.methods import is_strong
from entitylocker.accounts.models import Operator, PersonSession
from entitylocker.accounts.sessions import OWN_SESSION_ENDED
from entitylocker.delegations.errors import RightsChanged
from entitylocker.delegations.models import Delegation
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.models import Membership
from entitylocker.organisations.registration import find_standing
from entitylocker.organisations.rights import OWN_RIGHTS_CHANGED, STATE_CHANGED, lock_state
from entitylocker.tenancy import Running, Tenant, open_use_case
from entitylocker.units.seats import Seat, find_entered_seat, seat_stands

# Ended delegations are still carried for a while, so that a refusal can say "has ended" and not "never had".
_REMEMBERED = timedelta(days=90)


@open_use_case("what the person may do for an organisation is only known after looking")
def load_member(person_id: UUID, session_id: UUID | None, organisation_id: UUID) -> Actor | None:
    """The person acting for an organisation, with all grants; None if they are no member of it now.

    A session that only one organisation's provider vouched for finds no other organisation.
    """
    with tenancy.transaction(Tenant(organisation_id=organisation_id, person_id=person_id)):
        session = _find_session(person_id, session_id)
        if session is not None and session.limited_to not in (None, organisation_id):
            return None
        membership = db.session.scalar(
            select(Membership).where(
                Membership.organisation_id == organisation_id,
                Membership.person_id == person_id,
                Membership.ended_at.is_(None),
                Membership.source_kind.is_(None),
            )
        )
        seat = None if membership is not None else find_entered_seat()
        if seat is not None:
            membership = _get_membership(organisation_id, seat)
        standing = find_standing(organisation_id) if membership is not None else None
        if membership is None or standing is None:
            return None
        return Actor(
            kind=ActorKind.PERSON,
            means=Means.SESSION,
            name=membership.person_name if seat is None else f"{membership.person_name} ({seat.source_name})",
            person_id=person_id,
            session_id=session_id,
            organisation_id=organisation_id,
            organisation_name=standing.name,
            organisation_verified=standing.verified,
            organisation_state=standing.state,
            membership_id=membership.id,
            rights_version=membership.rights_version,
            through="" if seat is None else seat.source_name,
            second_factor_missing=standing.second_factor and session is not None and not _suffices(session),
            confirmed_at=None if session is None else session.confirmed_at,
            limited_to=None if session is None else session.limited_to,
            grants=(_base_grant(membership), *_delegated(membership)) if seat is None else seat.grants(),
        )


def _find_session(person_id: UUID, session_id: UUID | None) -> PersonSession | None:
    """The session in which the person comes. Commands and jobs have none."""
    if session_id is None:
        return None
    own = (PersonSession.person_id == person_id, PersonSession.id == session_id)
    return db.session.scalar(select(PersonSession).where(*own))


def _suffices(session: PersonSession) -> bool:
    """Whether it was opened with two factors, or by the organisation's own provider, whose business that is."""
    return session.limited_to is not None or is_strong(session.amr.split())


def _get_membership(organisation_id: UUID, seat: Seat) -> Membership | None:
    """The row of somebody who acts here through another organisation."""
    return db.session.scalar(
        select(Membership).where(Membership.organisation_id == organisation_id, Membership.id == seat.membership_id)
    )


def _base_grant(membership: Membership) -> Grant:
    role = Role(membership.role)
    return Grant(permissions=permissions_of(role), role=role)


def _delegated(membership: Membership) -> list[Grant]:
    since = utc_now() - _REMEMBERED
    rows = db.session.scalars(
        select(Delegation)
        .where(
            Delegation.organisation_id == membership.organisation_id,
            Delegation.membership_id == membership.id,
            or_(Delegation.ends_at.is_(None), Delegation.ends_at > since),
            or_(Delegation.revoked_at.is_(None), Delegation.revoked_at > since),
        )
        .order_by(Delegation.id)
    )
    return [_grant(row) for row in rows]


def _grant(row: Delegation) -> Grant:
    ends = [at for at in (row.ends_at, row.revoked_at) if at is not None]
    return Grant(
        permissions=permissions_of(Role(row.role)),
        role=Role(row.role),
        folder_path=row.folder_path,
        starts_at=row.starts_at,
        ends_at=min(ends, default=None),
        delegation_id=row.id,
    )


def recheck_rights(running: Running) -> None:
    """Hook of every commit: whoever writes must still have the session and the rights they began with.

    The rows are locked until the commit: what ends them comes either before this look or after that commit.
    Raises RightsChanged.
    """
    actor = running.actor
    if actor is None or actor.means is not Means.SESSION or not _writes(running):
        return
    if actor.kind is ActorKind.OPERATOR:
        _recheck_operator(actor)
        return
    if actor.membership_id is not None:
        _recheck_state(running, actor)
        _recheck_membership(actor, own_changes=len(running.notes.get(OWN_RIGHTS_CHANGED, [])))
    if OWN_SESSION_ENDED not in running.notes:
        _recheck_session(actor)


def _writes(running: Running) -> bool:
    """Whether the transaction leaves anything behind; a mere look takes no locks."""
    tenancy.flush()
    if running.notes:
        return True
    return db.session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")) is True


def _recheck_state(running: Running, actor: Actor) -> None:
    """What a state of the organisation allowed is not done in another one."""
    expected = running.notes.get(STATE_CHANGED, [actor.organisation_state])[-1]
    if actor.organisation_id is not None and lock_state(actor.organisation_id) is not expected:
        raise RightsChanged


def _recheck_membership(actor: Actor, own_changes: int) -> None:
    found = db.session.execute(
        select(Membership.rights_version, Membership.source_kind, Membership.source_id)
        .where(Membership.organisation_id == actor.organisation_id, Membership.id == actor.membership_id)
        .with_for_update(read=True)
    ).first()
    # Ending a membership counts as a change, too.
    if found is None or found.rights_version != actor.rights_version + own_changes:
        raise RightsChanged
    if found.source_kind is not None and not seat_stands(found.source_kind, found.source_id):
        raise RightsChanged


def _recheck_session(actor: Actor) -> None:
    """A function answers, for the person of the transaction only: not every role and tenant reads what it looks at."""
    is_open = text("SELECT lookup_open_session(:id)")
    if actor.session_id is not None and not db.session.execute(is_open, {"id": actor.session_id}).scalar():
        raise RightsChanged


def _recheck_operator(actor: Actor) -> None:
    still = db.session.scalar(
        select(Operator.id)
        .where(Operator.person_id == actor.person_id, Operator.ended_at.is_(None))
        .with_for_update(read=True)
    )
    if still is None:
        raise RightsChanged
    _recheck_session(actor)
