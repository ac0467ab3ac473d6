"""Entering an organisation through another one: a seat there for as long as its source stands."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.organisations.registration import get_own_person, new_membership
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.errors import MemberHere
from entitylocker.units.seats import Seat, list_my_seats, seat_stands


@open_use_case("the person is no member there yet; what it calls asks for the permission")
def enter(actor: Actor, organisation_id: UUID, *, source_id: UUID | None = None) -> None:
    """Take the seat in an organisation that a branch or an agency's letter gives to the person. Repeatable.

    `source_id`: through which, where there are several. Raises NotFound, MemberHere.
    """
    _enter(replace(actor, organisation_id=organisation_id, organisation_name=""), source_id)


@use_case(Permission.ACCOUNT_OWN)
def _enter(guest: Actor, source_id: UUID | None) -> None:
    require(guest, Permission.ACCOUNT_OWN, guest.facts)
    if not _is_awake(guest):
        raise NotFound
    seats = [seat for seat in list_my_seats() if source_id in (None, seat.source_id)]
    # The look that locks comes last: what ends the source comes before it, or after this commit.
    if not seats or not seat_stands(seats[0].kind, seats[0].source_id):
        raise NotFound
    if _current(guest, Membership.source_kind.is_(None)) is not None:
        raise MemberHere
    if seats[0].membership_id is None:
        _sit_down(guest, seats[0])


def _is_awake(guest: Actor) -> bool:
    """Whether one may come in: not into what is suspended or closed, nor while it is being suspended."""
    query = select(Organisation.state).where(Organisation.id == guest.organisation_id).with_for_update(read=True)
    return db.session.scalar(query) in (OrganisationState.DRAFT.value, OrganisationState.ACTIVE.value)


def _current(guest: Actor, which: object) -> Membership | None:
    found: Membership | None = db.session.scalar(
        select(Membership).where(
            Membership.organisation_id == guest.organisation_id,
            Membership.person_id == guest.person_id,
            Membership.ended_at.is_(None),
            which,  # type: ignore[arg-type]
        )
    )
    return found


def _sit_down(guest: Actor, seat: Seat) -> None:
    assert guest.organisation_id is not None
    person = get_own_person(guest)
    # One seat at a time: an earlier one, standing or not, is left.
    db.session.execute(
        update(Membership)
        .where(
            Membership.organisation_id == guest.organisation_id,
            Membership.person_id == guest.person_id,
            Membership.ended_at.is_(None),
            Membership.source_kind.is_not(None),
        )
        .values(ended_at=utc_now(), ended_by_name=person.name, rights_version=Membership.rights_version + 1)
    )
    row = new_membership(guest.organisation_id, person, seat.role)
    row.source_kind, row.source_id = seat.kind.value, seat.source_id
    row.source_organisation_id = seat.source_organisation_id
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError:
        # The same step in another window was quicker.
        raise NotFound from None
    named = replace(guest, name=f"{person.name} ({seat.source_name})", through=seat.source_name)
    subject = Subject("membership", row.id, person.name)
    record(named, EventTag.UNIT_ENTER, subject, role=seat.role.value, source=seat.kind.value)
