"""Ends of lendings: by the person, by time, with the membership. The key goes first; without it nobody reads."""

from __future__ import annotations

from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import delete, select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen import rules
from entitylocker.citizen.aftermath import clear_later
from entitylocker.citizen.models import Lending, ShownProof
from entitylocker.citizen.people import address_of_lender, towards
from entitylocker.citizen.states import Ending
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.events import MembershipEnded, OrganisationClosed
from entitylocker.tenancy import DatabaseRole, open_use_case, use_case
from entitylocker.web.links import link_to

_BATCH = 500


@open_use_case("what it calls asks for the permission")
def withdraw_lending(actor: Actor, lending_id: UUID) -> None:
    """Take a lent document back: from this moment nobody in the organisation reads it. Raises NotFound."""
    _withdraw(towards(actor, place_of(actor, lending_id)), lending_id)


@use_case(Permission.ACCOUNT_OWN)
def place_of(actor: Actor, lending_id: UUID) -> UUID:
    """The organisation to which the actor lent something. Raises NotFound."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(Lending.organisation_id).where(Lending.person_id == actor.person_id, Lending.id == lending_id)
    place = db.session.scalar(found)
    if place is None:
        raise NotFound
    return place


@use_case(Permission.ACCOUNT_OWN)
def _withdraw(giver: Actor, lending_id: UUID) -> None:
    require(giver, Permission.ACCOUNT_OWN, giver.facts)
    row = own_lending(giver, lending_id)
    if row.ended_at is None:
        _end(giver, row, Ending.WITHDRAWN)


def own_lending(giver: Actor, lending_id: UUID) -> Lending:
    """The person's own lending to the running transaction's organisation, locked. Raises NotFound."""
    row = _locked(giver, lending_id)
    if row.person_id != giver.person_id:
        raise NotFound
    return row


def _locked(actor: Actor, lending_id: UUID) -> Lending:
    found = (
        select(Lending)
        .where(Lending.organisation_id == actor.organisation_id, Lending.id == lending_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = db.session.scalars(found).one_or_none()
    if row is None:
        raise NotFound
    return row


def _end(actor: Actor, row: Lending, because: Ending) -> None:
    row.ended_at, row.ended_because, row.wrapped_key, row.signers = utc_now(), because.value, None, []
    record(actor, EventTag.LENDING_END, Subject("lending", row.id, row.title), because=because.value)
    clear_later(row.organisation_id, row.id)
    tell_end(row, because)


def tell_end(row: Lending, because: Ending) -> None:
    """Tell the lender that it is over and why."""
    send_mail(
        to=address_of_lender(row),
        subject=lazy_gettext("A lending has ended"),
        template="mail/lending_ended",
        name=row.person_name,
        organisation=row.organisation_name,
        title=row.title,
        because=because.value,
        copied=row.copied_at is not None,
        link=link_to("citizen.lending"),
    )


def on_membership_ended(event: MembershipEnded) -> None:
    """Reaction: what a former member lent and showed is theirs alone again, in the same transaction."""
    found = (
        select(Lending)
        .where(
            Lending.organisation_id == event.organisation_id,
            Lending.membership_id == event.membership_id,
            Lending.ended_at.is_(None),
        )
        .order_by(Lending.id)
        .with_for_update()
    )
    for row in db.session.scalars(found):
        _end(event.actor, row, Ending.MEMBERSHIP)
    db.session.execute(
        delete(ShownProof).where(
            ShownProof.organisation_id == event.organisation_id, ShownProof.membership_id == event.membership_id
        )
    )


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: what was lent to an organisation that is closed is its person's alone again, in that transaction."""
    found = select(Lending).where(Lending.organisation_id == event.organisation_id, Lending.ended_at.is_(None))
    for row in db.session.scalars(found.order_by(Lending.id).with_for_update()):
        _end(event.actor, row, Ending.CLOSED)
    db.session.execute(delete(ShownProof).where(ShownProof.organisation_id == event.organisation_id))


# Time


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_due(actor: Actor) -> list[tuple[UUID, UUID, bool]]:
    """Lendings whose time is over, or nearly so and their person not told: (organisation, lending, is over)."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    now = utc_now()
    soon = (Lending.ends_at <= now + rules.REMIND_BEFORE) & Lending.reminded_at.is_(None)
    found = select(Lending.organisation_id, Lending.id, Lending.ends_at).where(
        Lending.ended_at.is_(None), (Lending.ends_at <= now) | soon
    )
    return [(place, one, ends_at <= now) for place, one, ends_at in db.session.execute(found.limit(_BATCH))]


@use_case(Permission.HOUSEKEEPING)
def end_by_time(actor: Actor, lending_id: UUID) -> None:
    """End a lending whose time is over. Raises NotFound."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    row = _locked(actor, lending_id)
    if row.ended_at is None and row.ends_at <= utc_now():
        _end(actor, row, Ending.TIME)


@use_case(Permission.HOUSEKEEPING)
def remind(actor: Actor, lending_id: UUID) -> None:
    """Tell the lender, once, that a lending ends soon; not of one that was made for so short. Raises NotFound."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    row = _locked(actor, lending_id)
    if row.ended_at is not None or row.reminded_at is not None:
        return
    row.reminded_at = utc_now()
    if row.ends_at - row.created_at <= 2 * rules.REMIND_BEFORE:
        return
    send_mail(
        to=address_of_lender(row),
        subject=lazy_gettext("A lending ends soon"),
        template="mail/lending_ends",
        name=row.person_name,
        organisation=row.organisation_name,
        title=row.title,
        ends_on=row.ends_on,
        link=link_to("citizen.lending"),
    )


@use_case(Permission.HOUSEKEEPING)
def note_unlinked(actor: Actor, lending_id: UUID) -> None:
    """Write the end of a lending that the end of its link brought into the organisation's trail. Raises NotFound."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    row = _locked(actor, lending_id)
    row.signers = []
    subject = Subject("lending", row.id, row.title)
    record(actor, EventTag.LENDING_END, subject, because=Ending.UNLINKED.value, by=row.person_name)
    tell_end(row, Ending.UNLINKED)


@use_case(Permission.HOUSEKEEPING)
def note_hidden(actor: Actor, shown_id: UUID, because: str) -> None:
    """Write into the organisation's trail that a proof is no longer shown, as there is none any more or another."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    record(actor, EventTag.PROOF_HIDE, Subject("shown_proof", shown_id), because=because)
