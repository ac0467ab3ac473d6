"""The overview of an organisation: what to do first, what needs attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from entitylocker.access import Actor, Permission, Role, require
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import IdentifierKind
from entitylocker.organisations.models import Invitation, Membership, StatedIdentifier
from entitylocker.organisations.rules import REMINDED_BEFORE, today
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import use_case

Fact = Callable[[Actor], bool]

_facts: dict[str, Fact] = {}


@dataclass(frozen=True)
class Ending:
    """A verified identifier that ends soon and was not stated again."""

    kind: IdentifierKind
    value: str
    valid_until: date


@dataclass(frozen=True)
class Overview:
    """What the overview page shows. `facts`: name → whether it is so, from the rooms above."""

    verified: bool
    waiting: int
    refused: int
    expired: int
    ending: Sequence[Ending]
    members: int
    invitations: int
    administrators: int
    facts: dict[str, bool]


def register_fact(name: str, fact: Fact) -> None:
    """Let a room above answer a question of the overview (`first_folder`, `first_document`, `first_consent`).

    `fact(actor)` runs inside the transaction of the page and must not raise.
    """
    _facts[name] = fact


@use_case(Permission.ORGANISATION_READ)
def get_overview(actor: Actor) -> Overview:
    """What the actor's overview shows."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    states = _count_states(actor)
    roles = _count_roles(actor)
    return Overview(
        verified=states.get(IdentifierState.VERIFIED.value, 0) > 0,
        waiting=states.get(IdentifierState.STATED.value, 0),
        refused=states.get(IdentifierState.REFUSED.value, 0),
        expired=states.get(IdentifierState.EXPIRED.value, 0),
        ending=_list_ending(actor),
        members=sum(roles.values()),
        invitations=_count_invitations(actor),
        administrators=roles.get(Role.ADMINISTRATOR.value, 0),
        facts={name: fact(actor) for name, fact in _facts.items()},
    )


def _count_states(actor: Actor) -> dict[str, int]:
    query = (
        select(StatedIdentifier.state, func.count())
        .where(StatedIdentifier.organisation_id == actor.organisation_id)
        .group_by(StatedIdentifier.state)
    )
    return dict(db.session.execute(query).tuples().all())


def _list_ending(actor: Actor) -> list[Ending]:
    renewed = aliased(StatedIdentifier)
    query = (
        select(StatedIdentifier.kind, StatedIdentifier.value, StatedIdentifier.valid_until)
        .outerjoin(
            renewed,
            (renewed.organisation_id == StatedIdentifier.organisation_id)
            & (renewed.kind == StatedIdentifier.kind)
            & (renewed.value == StatedIdentifier.value)
            & (renewed.state == IdentifierState.STATED.value),
        )
        .where(
            StatedIdentifier.organisation_id == actor.organisation_id,
            StatedIdentifier.state == IdentifierState.VERIFIED.value,
            StatedIdentifier.valid_until <= today() + REMINDED_BEFORE,
            renewed.id.is_(None),
        )
        .order_by(StatedIdentifier.valid_until, StatedIdentifier.id)
    )
    found = db.session.execute(query).tuples()
    return [Ending(IdentifierKind(kind), value, day) for kind, value, day in found if day is not None]


def _count_roles(actor: Actor) -> dict[str, int]:
    query = (
        select(Membership.role, func.count())
        .where(
            Membership.organisation_id == actor.organisation_id,
            Membership.ended_at.is_(None),
            Membership.source_kind.is_(None),
        )
        .group_by(Membership.role)
    )
    return dict(db.session.execute(query).tuples().all())


def _count_invitations(actor: Actor) -> int:
    query = select(func.count(Invitation.id)).where(
        Invitation.organisation_id == actor.organisation_id,
        Invitation.redeemed_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > utc_now(),
    )
    return db.session.scalar(query) or 0
