"""Proposals as the pages show them: who said what, what is missing, what the reader may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import url_for
from flask_babel import gettext, ngettext
from sqlalchemy import Select, func, select

from entitylocker.access import Actor, Permission, Role, decide, require
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.ballots import ballot_of
from entitylocker.organisations.leavings import Left, find_left
from entitylocker.organisations.life_rules import OBJECTION_TIME, Count, Outcome, ProposalKind, count
from entitylocker.organisations.models import Membership
from entitylocker.organisations.presenting import Reminder
from entitylocker.organisations.proposal_models import Proposal, ProposalVote
from entitylocker.tenancy import use_case

SHOWN_ENDED = 50


@dataclass(frozen=True)
class ProposalView:
    """A proposal at this moment. `waits_until`: until when whom it concerns may object to one who decides alone.

    `left`: what they gave that stands, where it was carried out.
    """

    id: UUID
    kind: ProposalKind
    concerned_name: str
    role: Role | None
    email: str | None
    reason: str
    proposed_by_name: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    votes: tuple[tuple[str, bool], ...]
    yes: int
    needed: int
    waits_until: datetime | None
    objected: bool
    my_vote: bool | None
    may_vote: bool
    may_object: bool
    may_withdraw: bool
    may_carry_out: bool
    left: tuple[Left, ...]


@dataclass(frozen=True)
class Proposals:
    """The open proposals, and those that ended, newest first."""

    open: list[ProposalView]
    ended: list[ProposalView]


@use_case(Permission.PROPOSAL_LIST)
def list_proposals(actor: Actor) -> Proposals:
    """The proposals of the organisation."""
    require(actor, Permission.PROPOSAL_LIST, actor.facts)
    mine = select(Proposal).where(Proposal.organisation_id == actor.organisation_id).order_by(Proposal.id.desc())
    opened = db.session.scalars(mine.where(Proposal.ended_at.is_(None), Proposal.expires_at > utc_now()))
    over = mine.where(Proposal.ended_at.is_not(None) | (Proposal.expires_at <= utc_now()))
    rows = [*opened, *db.session.scalars(over.limit(SHOWN_ENDED))]
    administrators, votes = _administrators(actor), _votes(actor, [row.id for row in rows])
    views = [_view(actor, row, votes.get(row.id, []), administrators) for row in rows]
    return Proposals([v for v in views if v.outcome is None], [v for v in views if v.outcome is not None])


@use_case(Permission.PROPOSAL_MAKE)
def list_concerned(actor: Actor) -> list[Membership]:
    """The other administrators, about whom something can be proposed."""
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    query = _current(actor).where(Membership.id != actor.membership_id).order_by(Membership.person_name, Membership.id)
    return list(db.session.scalars(query))


def remind_of_proposals(actor: Actor) -> Reminder | None:
    """For the overview: open proposals that this administrator can say something to."""
    if not decide(actor, Permission.PROPOSAL_MAKE, actor.facts):
        return None
    waiting = _count_open(actor)
    if not waiting:
        return None
    return Reminder(
        "gavel",
        "warn",
        ngettext("%(num)s proposal is open", "%(num)s proposals are open", waiting),
        gettext("Administrators decide together about administrators, suspension and closing."),
        url_for("organisations.proposals", organisation_id=actor.organisation_id),
        gettext("Look at it"),
    )


@use_case(Permission.PROPOSAL_LIST)
def _count_open(actor: Actor) -> int:
    require(actor, Permission.PROPOSAL_LIST, actor.facts)
    query = select(func.count(Proposal.id)).where(
        Proposal.organisation_id == actor.organisation_id, Proposal.ended_at.is_(None), Proposal.expires_at > utc_now()
    )
    return db.session.scalar(query) or 0


def _current(actor: Actor) -> Select[Membership]:
    return select(Membership).where(
        Membership.organisation_id == actor.organisation_id,
        Membership.role == Role.ADMINISTRATOR.value,
        Membership.ended_at.is_(None),
    )


def _administrators(actor: Actor) -> frozenset[UUID]:
    return frozenset(row.id for row in db.session.scalars(_current(actor)))


def _votes(actor: Actor, proposal_ids: list[UUID]) -> dict[UUID, list[ProposalVote]]:
    query = select(ProposalVote).where(
        ProposalVote.organisation_id == actor.organisation_id, ProposalVote.proposal_id.in_(proposal_ids)
    )
    found: dict[UUID, list[ProposalVote]] = {}
    for row in db.session.scalars(query.order_by(ProposalVote.at)):
        found.setdefault(row.proposal_id, []).append(row)
    return found


def _view(actor: Actor, row: Proposal, votes: list[ProposalVote], administrators: frozenset[UUID]) -> ProposalView:
    now = utc_now()
    said = {vote.membership_id: vote.yes for vote in votes}
    ballot = ballot_of(row, said, administrators)
    is_open = row.ended_at is None and row.expires_at > now
    acts = is_open and bool(decide(actor, Permission.PROPOSAL_MAKE, actor.facts))
    me = actor.membership_id
    return ProposalView(
        id=row.id,
        kind=ProposalKind(row.kind),
        concerned_name=row.concerned_name,
        role=None if row.role is None else Role(row.role),
        email=row.email,
        reason=row.reason,
        proposed_by_name=row.proposed_by_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at or (None if is_open else row.expires_at),
        outcome=None if is_open else Outcome(row.outcome or Outcome.EXPIRED),
        votes=tuple((vote.member_name, vote.yes) for vote in votes),
        yes=ballot.yes,
        needed=ballot.needed,
        waits_until=row.alone_since + OBJECTION_TIME if is_open and row.alone_since and ballot.is_alone else None,
        objected=row.objected_at is not None,
        my_vote=said.get(me) if me is not None else None,
        may_vote=acts and me in ballot.voters and me != row.proposed_by_id,
        may_object=acts and me is not None and me == row.concerned_id and row.objected_at is None,
        may_withdraw=acts and me == row.proposed_by_id,
        may_carry_out=acts and me in ballot.voters and count(ballot, now) is Count.PASSED,
        left=_left(actor, row),
    )


def _left(actor: Actor, row: Proposal) -> tuple[Left, ...]:
    """For those who can end it."""
    if row.outcome != Outcome.CARRIED_OUT or not decide(actor, Permission.PROPOSAL_MAKE, actor.facts):
        return ()
    return tuple(find_left(row.organisation_id, row.concerned_id))
