"""Asking everybody who acts for an organisation for a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import OwnSecondFactorMissing
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.tenancy import use_case
from entitylocker.web.links import link_to


@dataclass(frozen=True)
class SecondFactorRule:
    """Since when the organisation asks, and how many of its members have a second factor already."""

    since: datetime | None
    members: int
    with_factor: int


@use_case(Permission.ORGANISATION_READ)
def get_second_factor_rule(actor: Actor) -> SecondFactorRule:
    """Whether the organisation asks for a second factor, and in numbers who would be ready for it."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    counted = db.session.execute(text("SELECT * FROM lookup_second_factors_of_members()")).one()
    return SecondFactorRule(_get(actor).second_factor_since, counted.members, counted.with_factor)


@use_case(Permission.ORGANISATION_MANAGE, fresh=True)
def require_second_factor(actor: Actor, *, has_own: bool) -> None:
    """Ask for a second factor from now on, and write to the members. Safe to repeat. Raises StepUpRequired.

    `has_own`: whether the actor signed in with one. Raises OwnSecondFactorMissing: nobody asks for what they do not do,
    and an administrator would lock themselves out of this very page.
    """
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    organisation = _get(actor, locked=True)
    if organisation.second_factor_since is not None:
        return
    if not has_own:
        raise OwnSecondFactorMissing
    organisation.second_factor_since = utc_now()
    record(actor, EventTag.SECOND_FACTOR_REQUIRE, Subject("organisation", organisation.id, organisation.name))
    for email in _addresses(actor):
        send_mail(
            to=email,
            subject=_l("Please set up a second factor"),
            template="mail/second_factor_required",
            organisation=organisation.name,
            by=actor.name,
            link=link_to("accounts.security"),
        )


@use_case(Permission.ORGANISATION_MANAGE, fresh=True)
def waive_second_factor(actor: Actor) -> None:
    """Ask for no second factor any more. Safe to repeat. Raises StepUpRequired."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    organisation = _get(actor, locked=True)
    if organisation.second_factor_since is not None:
        organisation.second_factor_since = None
        record(actor, EventTag.SECOND_FACTOR_WAIVE, Subject("organisation", organisation.id, organisation.name))


def _get(actor: Actor, *, locked: bool = False) -> Organisation:
    found = select(Organisation).where(Organisation.id == actor.organisation_id)
    row = db.session.scalar(found.with_for_update() if locked else found)
    if row is None:
        raise NotFound
    return row


def _addresses(actor: Actor) -> list[str]:
    current = (Membership.organisation_id == actor.organisation_id, Membership.ended_at.is_(None))
    return list(db.session.scalars(select(Membership.person_email).where(*current).order_by(Membership.id)))
