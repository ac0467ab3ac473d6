"""What follows when a proposal has passed, in the transaction of the vote that decided it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from entitylocker.access import Actor, OrganisationState, Role
from entitylocker.errors import NotFound
from entitylocker.organisations.invitations import ForWhom, find_member_by_email, invite_member
from entitylocker.organisations.life import close_by_quorum, lift_by_quorum
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.members import end_member
from entitylocker.organisations.models import Membership
from entitylocker.organisations.proposal_models import Proposal
from entitylocker.organisations.rights import lock_members
from entitylocker.organisations.role_changes import set_role


def carry_out(actor: Actor, row: Proposal) -> None:
    """Do what was proposed, by the hand of whose vote decided it. Raises what the act itself raises."""
    _ACTS[ProposalKind(row.kind)](actor, row)


def _remove(actor: Actor, row: Proposal) -> None:
    assert row.concerned_id is not None
    end_member(actor, row.concerned_id)


def _demote(actor: Actor, row: Proposal) -> None:
    assert row.concerned_id is not None and row.role is not None
    concerned = lock_members(row.organisation_id, [row.concerned_id]).get(row.concerned_id)
    if concerned is None:
        raise NotFound
    set_role(actor, concerned, Role(row.role))


def _replace(actor: Actor, row: Proposal) -> None:
    """The lost account goes; whoever it belonged to is invited to come back with another one, or has that one here."""
    assert row.email is not None
    _remove(actor, row)
    known = find_member_by_email(actor, row.email)
    if known is not None:
        _make_administrator(actor, known)
        return
    # The vote invites, not the state of the organisation: this is how a suspended one gets its administrator back.
    awake = replace(actor, organisation_state=OrganisationState.ACTIVE)
    guest = ForWhom(waits_for_lift=actor.organisation_state is OrganisationState.SUSPENDED)
    # Nor does it wait for another day: whoever took an account over could use up the limit every morning.
    invite_member(awake, row.email, Role.ADMINISTRATOR, guest, limited=False)


def _make_administrator(actor: Actor, known: Membership) -> None:
    known = lock_members(known.organisation_id, [known.id])[known.id]
    if known.role != Role.ADMINISTRATOR:
        set_role(actor, known, Role.ADMINISTRATOR)


_ACTS: dict[ProposalKind, Callable[[Actor, Proposal], None]] = {
    ProposalKind.REMOVE: _remove,
    ProposalKind.DEMOTE: _demote,
    ProposalKind.REPLACE: _replace,
    ProposalKind.LIFT: lambda actor, _row: lift_by_quorum(actor),
    ProposalKind.CLOSE: lambda actor, row: close_by_quorum(actor, row.reason),
}
