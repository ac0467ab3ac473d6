"""Votes as rows: locked, put in, counted, and what a count leads to. All in a running transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select

from entitylocker.access import Actor, Role
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.carrying_out import carry_out
from entitylocker.organisations.errors import ProposalEnded
from entitylocker.organisations.identity_models import RoleChange
from entitylocker.organisations.life_rules import PROPOSAL_LIFETIME, SETTLED_AFTER, Ballot, Count, Outcome, count
from entitylocker.organisations.models import Membership
from entitylocker.organisations.proposal_mails import mail_ended, mail_waiting
from entitylocker.organisations.proposal_models import Proposal, ProposalVote
from entitylocker.organisations.rights import lock_members


def ballot_of(row: Proposal, votes: dict[UUID, bool], administrators: frozenset[UUID]) -> Ballot:
    """What a count of a proposal depends on, with the administrators of this moment."""
    settled = _settled(row.organisation_id, row.created_at - SETTLED_AFTER)
    return Ballot(administrators, row.concerned_id, votes, row.alone_since, row.objected_at is not None, settled)


def _settled(organisation_id: UUID, since: datetime) -> frozenset[UUID]:
    """The current administrators who were that at `since` already."""
    later = exists().where(
        RoleChange.organisation_id == Membership.organisation_id,
        RoleChange.membership_id == Membership.id,
        RoleChange.after == Role.ADMINISTRATOR.value,
        RoleChange.created_at > since,
    )
    query = select(Membership.id).where(
        Membership.organisation_id == organisation_id,
        Membership.ended_at.is_(None),
        Membership.role == Role.ADMINISTRATOR.value,
        Membership.created_at <= since,
        ~later,
    )
    return frozenset(db.session.scalars(query))


def lock_administrators(actor: Actor) -> dict[UUID, Membership]:
    """The current administrators: nobody joins or leaves them until the commit."""
    assert actor.organisation_id is not None
    return lock_members(actor.organisation_id, [], administrators=True)


def lock_proposal(actor: Actor, proposal_id: UUID) -> Proposal:
    """An open proposal, locked. Raises NotFound, ProposalEnded."""
    query = select(Proposal).where(Proposal.organisation_id == actor.organisation_id, Proposal.id == proposal_id)
    row = db.session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFound
    if row.ended_at is not None or row.expires_at <= utc_now():
        raise ProposalEnded
    return row


def lock_open(actor: Actor, *which: Any) -> list[Proposal]:
    """Open proposals, locked; those whose time is over are written down as expired and left out."""
    query = select(Proposal).where(
        Proposal.organisation_id == actor.organisation_id, Proposal.ended_at.is_(None), *which
    )
    rows = list(db.session.scalars(query.order_by(Proposal.id).with_for_update()))
    for row in rows:
        if row.expires_at <= utc_now():
            row.ended_at, row.outcome = row.expires_at, Outcome.EXPIRED.value
    return [row for row in rows if row.ended_at is None]


def put_vote(actor: Actor, row: Proposal, *, yes: bool) -> None:
    """Write down what the actor says; an earlier vote is replaced."""
    assert actor.membership_id is not None
    vote_row = db.session.get(ProposalVote, (row.organisation_id, row.id, actor.membership_id))
    if vote_row is None:
        vote_row = ProposalVote(
            organisation_id=row.organisation_id,
            proposal_id=row.id,
            membership_id=actor.membership_id,
            member_name=actor.name,
        )
        db.session.add(vote_row)
    vote_row.yes, vote_row.at = yes, utc_now()
    db.session.flush()


def settle(actor: Actor, row: Proposal, administrators: dict[UUID, Membership]) -> Outcome | None:
    """Count, and end or carry out what the count says."""
    found = select(ProposalVote.membership_id, ProposalVote.yes).where(
        ProposalVote.organisation_id == row.organisation_id, ProposalVote.proposal_id == row.id
    )
    votes = dict(db.session.execute(found).tuples().all())
    ballot = ballot_of(row, votes, frozenset(administrators))
    result = count(ballot, utc_now())
    if result is Count.WAITING and row.alone_since is None:
        _begin_to_wait(actor, row, administrators)
    ends = {Count.DECLINED: Outcome.DECLINED, Count.OBJECTED: Outcome.OBJECTED, Count.PASSED: Outcome.CARRIED_OUT}
    outcome = ends.get(result)
    if outcome is not None:
        end_proposal(actor, row, outcome, administrators)
    return outcome


def _begin_to_wait(actor: Actor, row: Proposal, administrators: dict[UUID, Membership]) -> None:
    """From now on the only other administrator may object; the proposal lives long enough for what comes after."""
    row.alone_since = utc_now()
    row.expires_at = max(row.expires_at, row.alone_since + PROPOSAL_LIFETIME)
    concerned = administrators.get(row.concerned_id) if row.concerned_id is not None else None
    if concerned is not None:
        mail_waiting(actor, row, concerned)


def end_proposal(actor: Actor, row: Proposal, outcome: Outcome, administrators: dict[UUID, Membership]) -> None:
    """End a proposal, carry it out where it passed, and tell the administrators, those included who are none now."""
    close_proposal(actor, row, outcome)
    if outcome is Outcome.CARRIED_OUT:
        carry_out(actor, row)
    mail_ended(actor, row, administrators.values())


def close_proposal(actor: Actor, row: Proposal, outcome: Outcome) -> None:
    """End a proposal without a mail."""
    row.ended_at, row.outcome = utc_now(), outcome.value
    # Before whatever follows asks for open ones.
    db.session.flush()
    record(actor, EventTag.PROPOSAL_END, subject_of(row), kind=row.kind, outcome=outcome.value)


def subject_of(row: Proposal) -> Subject:
    """The proposal as the trail names it."""
    return Subject("proposal", row.id, row.concerned_name)
