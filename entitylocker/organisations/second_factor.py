"""Asking everybody who acts for an organisation for a second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, or_, select, text

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.errors import OwnSecondFactorMissing
from entitylocker.organisations.models import Membership, Organisation
from entitylocker.organisations.rights import lock_organisations
from entitylocker.tenancy import use_case
from entitylocker.web.links import link_to

# How many are named on one page.
SHOWN = 200


@dataclass(frozen=True)
class SecondFactorRule:
    """Since when the organisation asks, and how many of its members have a second factor already."""

    since: datetime | None
    members: int
    with_factor: int


@dataclass(frozen=True)
class Unready:
    """A member without a second factor."""

    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class UnreadyMembers:
    """The first of them by name, and how many there are in all."""

    shown: list[Unready]
    total: int


@use_case(Permission.ORGANISATION_READ)
def get_second_factor_rule(actor: Actor) -> SecondFactorRule:
    """Whether the organisation asks for a second factor, and in numbers who would be ready for it."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    members, without = _count(*_members(actor)), _count(*_members(actor), _has_none())
    return SecondFactorRule(_get(actor).second_factor_since, members, members - without)


@use_case(Permission.ORGANISATION_MANAGE)
def list_unready_members(actor: Actor) -> UnreadyMembers:
    """Who has no second factor: for those only who decide whether it is asked for. Whoever it is can be robbed by
    their password, which is nobody else's business.
    """
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    without = (*_members(actor), _has_none())
    columns = select(Membership.person_name, Membership.person_email, Membership.role)
    rows = db.session.execute(columns.where(*without).order_by(Membership.person_name, Membership.id).limit(SHOWN))
    return UnreadyMembers([Unready(name, email, Role(role)) for name, email, role in rows], _count(*without))


def _members(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """Those of the organisation itself: who acts here for another one answers to that."""
    return (
        Membership.organisation_id == actor.organisation_id,
        Membership.ended_at.is_(None),
        Membership.source_kind.is_(None),
    )


def _has_none() -> ColumnElement[bool]:
    return Membership.id.in_(select(func.lookup_members_without_second_factor()))


def _count(*which: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Membership).where(*which)) or 0


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
    assert actor.organisation_id is not None
    if locked:
        lock_organisations(actor.organisation_id)
    row = db.session.scalar(select(Organisation).where(Organisation.id == actor.organisation_id))
    if row is None:
        raise NotFound
    return row


def _addresses(actor: Actor) -> list[str]:
    """Of the members, and of those who act here for another organisation as long as that stands."""
    entered = [row.membership_id for row in db.session.execute(text("SELECT membership_id FROM lookup_seats()"))]
    found = select(Membership.person_email).where(
        Membership.organisation_id == actor.organisation_id,
        Membership.ended_at.is_(None),
        or_(Membership.source_kind.is_(None), Membership.id.in_([each for each in entered if each is not None])),
    )
    return list(dict.fromkeys(db.session.scalars(found.order_by(Membership.id))))
