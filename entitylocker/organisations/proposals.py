"""What administrators decide together, without the operator: proposed, voted on, objected to, carried out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from entitylocker.access import Actor, OrganisationState, Permission, Role, require
from entitylocker.access.roles import SEAT_ROLES
from entitylocker.audit.recording import record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.ballots import (
    close_proposal,
    end_proposal,
    lock_administrators,
    lock_open,
    lock_proposal,
    put_vote,
    settle,
    subject_of,
)
from entitylocker.organisations.errors import (
    AlreadyMember,
    NameDiffers,
    NotActive,
    NotConcerned,
    NotSuspended,
    NotYet,
    NoVoteHere,
    OperatorsWord,
    ProposedAlready,
    SmallerRole,
)
from entitylocker.organisations.events import MembershipEnded, RoleChanged
from entitylocker.organisations.invitations import find_member_by_email
from entitylocker.organisations.life import get_life, require_export
from entitylocker.organisations.life_rules import PROPOSAL_LIFETIME, Outcome, ProposalKind, SuspendedBy
from entitylocker.organisations.models import Membership
from entitylocker.organisations.proposal_mails import mail_proposed
from entitylocker.organisations.proposal_models import Proposal
from entitylocker.tenancy import use_case

K = ProposalKind


@dataclass(frozen=True)
class Wish:
    """What is proposed; `concerned_id`, `role`, `email` as the kind asks for them. `name`: typed, to close."""

    kind: ProposalKind
    reason: str
    concerned_id: UUID | None = None
    role: Role | None = None
    email: str | None = None
    name: str | None = None


@use_case(Permission.PROPOSAL_MAKE, fresh=True)
def propose(actor: Actor, wish: Wish) -> UUID:
    """Propose something to the administrators; the proposer's vote counts as yes. Answers the proposal's id.

    Where that carries it, it is carried out at once. Raises NoVoteHere, NotConcerned, SmallerRole, AlreadyMember,
    ProposedAlready, NotSuspended, OperatorsWord, ExportFirst, NameDiffers, and what carrying it out raises.
    """
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    administrators = lock_administrators(actor)
    _require_voice(actor, administrators)
    concerned = _check(actor, wish, administrators)
    if any(_is_same(row, wish) for row in lock_open(actor)):
        raise ProposedAlready
    now = utc_now()
    row = Proposal(
        id=uuid7(),
        created_at=now,
        organisation_id=actor.organisation_id,
        kind=wish.kind.value,
        concerned_id=None if concerned is None else concerned.id,
        concerned_name="" if concerned is None else concerned.person_name,
        role=wish.role.value if wish.role is not None and wish.kind is K.DEMOTE else None,
        email=wish.email if wish.kind is K.REPLACE else None,
        reason=wish.reason,
        proposed_by_id=actor.membership_id,
        proposed_by_name=actor.name,
        expires_at=now + PROPOSAL_LIFETIME,
    )
    db.session.add(row)
    db.session.flush()
    record(actor, EventTag.PROPOSAL_MAKE, subject_of(row), kind=row.kind, reason=row.reason, role=row.role)
    put_vote(actor, row, yes=True)
    mail_proposed(actor, row, administrators.values())
    settle(actor, row, administrators)
    return row.id


@use_case(Permission.PROPOSAL_MAKE, fresh=True)
def vote(actor: Actor, proposal_id: UUID, *, yes: bool) -> Outcome | None:
    """Vote, or vote otherwise than before. Carries it out where this vote decides; answers how it ended, if it did.

    Raises NotFound, ProposalEnded, NoVoteHere, and what carrying it out raises.
    """
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    administrators = lock_administrators(actor)
    row = lock_proposal(actor, proposal_id)
    _require_voice(actor, administrators, concerned=row.concerned_id)
    put_vote(actor, row, yes=yes)
    record(actor, EventTag.PROPOSAL_VOTE, subject_of(row), kind=row.kind, vote="yes" if yes else "no")
    return settle(actor, row, administrators)


@use_case(Permission.PROPOSAL_MAKE)
def object_to(actor: Actor, proposal_id: UUID) -> Outcome | None:
    """Object, as the one whom it concerns: no administrator alone carries it out against that.

    Raises NotFound, ProposalEnded, NoVoteHere.
    """
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    administrators = lock_administrators(actor)
    row = lock_proposal(actor, proposal_id)
    if row.concerned_id is None or row.concerned_id != actor.membership_id:
        raise NoVoteHere
    if row.objected_at is None:
        row.objected_at = utc_now()
        record(actor, EventTag.PROPOSAL_OBJECT, subject_of(row), kind=row.kind)
    return settle(actor, row, administrators)


@use_case(Permission.PROPOSAL_MAKE)
def withdraw_proposal(actor: Actor, proposal_id: UUID) -> None:
    """Take one's own proposal back. Raises NotFound, ProposalEnded, NoVoteHere."""
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    administrators = lock_administrators(actor)
    row = lock_proposal(actor, proposal_id)
    if row.proposed_by_id != actor.membership_id:
        raise NoVoteHere
    end_proposal(actor, row, Outcome.WITHDRAWN, administrators)


@use_case(Permission.PROPOSAL_MAKE, fresh=True)
def carry_out_proposal(actor: Actor, proposal_id: UUID) -> None:
    """Carry out what has the votes it needs and has waited as long as it must.

    Raises NotFound, ProposalEnded, NoVoteHere, NotYet, and what carrying it out raises.
    """
    require(actor, Permission.PROPOSAL_MAKE, actor.facts)
    administrators = lock_administrators(actor)
    row = lock_proposal(actor, proposal_id)
    _require_voice(actor, administrators, concerned=row.concerned_id)
    before = row.alone_since
    outcome = settle(actor, row, administrators)
    if outcome is None and row.alone_since == before:
        raise NotYet


def on_role_changed(event: RoleChanged) -> None:
    """Reaction: for proposals, whoever is no administrator any more has gone."""
    if event.before is Role.ADMINISTRATOR:
        on_member_gone(event)


def on_member_gone(event: MembershipEnded | RoleChanged) -> None:
    """Reaction: what a former administrator proposed ends, and so does what concerned them."""
    about = (Proposal.proposed_by_id == event.membership_id) | (Proposal.concerned_id == event.membership_id)
    for row in lock_open(event.actor, about):
        mine = row.proposed_by_id == event.membership_id
        close_proposal(event.actor, row, Outcome.WITHDRAWN if mine else Outcome.POINTLESS)


def _check(actor: Actor, wish: Wish, administrators: dict[UUID, Membership]) -> Membership | None:
    """Whether this can be proposed at all; answers whom it concerns."""
    if wish.kind.concerns_somebody:
        if wish.kind is K.DEMOTE and wish.role in {None, Role.ADMINISTRATOR, *SEAT_ROLES}:
            raise SmallerRole(field="role")
        concerned = administrators.get(wish.concerned_id) if wish.concerned_id is not None else None
        if concerned is None or concerned.id == actor.membership_id:
            raise NotConcerned(field="concerned_id")
        known = find_member_by_email(actor, wish.email) if wish.email is not None else None
        if known is not None and known.id in administrators:
            raise AlreadyMember(field="email")
        return concerned
    _check_state(actor, wish)
    return None


def _check_state(actor: Actor, wish: Wish) -> None:
    life = get_life(actor)
    if wish.kind is K.LIFT and life.state is not OrganisationState.SUSPENDED:
        raise NotSuspended
    if wish.kind is K.LIFT and life.suspended_by is SuspendedBy.OPERATOR:
        raise OperatorsWord
    if wish.kind is K.CLOSE:
        if life.state is not OrganisationState.ACTIVE:
            raise NotActive
        if wish.name != life.name:
            raise NameDiffers(field="name")
        require_export(actor)


def _is_same(row: Proposal, wish: Wish) -> bool:
    return row.kind == wish.kind and row.concerned_id == wish.concerned_id


def _require_voice(actor: Actor, administrators: dict[UUID, Membership], concerned: UUID | None = None) -> None:
    """Raises NoVoteHere for whoever is no administrator by membership now, and for the one concerned."""
    if actor.membership_id not in administrators or actor.membership_id == concerned:
        raise NoVoteHere
