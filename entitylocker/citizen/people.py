"""The person as themselves: whose links, proofs and lendings these are, and where their events stand."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, OrganisationState
from entitylocker.citizen.errors import OrganisationMayNotBorrow
from entitylocker.citizen.models import Lending
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.models import Membership
from entitylocker.organisations.registration import Standing, find_standing


def towards(actor: Actor, organisation_id: UUID) -> Actor:
    """The person as themselves towards one organisation: what they do there stands in its trail."""
    return replace(actor, organisation_id=organisation_id, membership_id=None)


def own_membership(actor: Actor) -> Membership:
    """The person's current membership in the running transaction's organisation, kept from ending until the commit.

    Raises NotFound.
    """
    found = (
        select(Membership)
        .where(
            Membership.organisation_id == actor.organisation_id,
            Membership.person_id == actor.person_id,
            Membership.ended_at.is_(None),
            Membership.source_kind.is_(None),
        )
        .with_for_update(read=True)
    )
    membership = db.session.scalars(found).one_or_none()
    if membership is None:
        raise NotFound
    return membership


def address_of_lender(row: Lending) -> str:
    """Where the lender's mail goes, as the membership knows it now; in a transaction of the organisation."""
    found = select(Membership.person_email).where(
        Membership.organisation_id == row.organisation_id, Membership.id == row.membership_id
    )
    return db.session.scalars(found).one()


def borrower(actor: Actor) -> Standing:
    """The running transaction's organisation, if something may be lent to it. Raises OrganisationMayNotBorrow."""
    assert actor.organisation_id is not None
    standing = find_standing(actor.organisation_id)
    if standing is None or not standing.verified or standing.state is not OrganisationState.ACTIVE:
        raise OrganisationMayNotBorrow(field="organisation_id")
    return standing
