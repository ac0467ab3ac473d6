"""What waits in an organisation ends when it is closed: proposals, invitations, a name that was asked for."""

from __future__ import annotations

from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import utc_now
from entitylocker.organisations.ballots import close_proposal, lock_open
from entitylocker.organisations.events import OrganisationClosed
from entitylocker.organisations.invitations import end_all_invitations
from entitylocker.organisations.life_rules import Outcome
from entitylocker.organisations.names import find_pending
from entitylocker.organisations.states import NameChangeState


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: nobody votes, comes in or waits for the operator any more; each end is an event of its own."""
    for proposal in lock_open(event.actor):
        close_proposal(event.actor, proposal, Outcome.POINTLESS)
    end_all_invitations(event.actor)
    change = find_pending(event.organisation_id, lock=True)
    if change is not None:
        change.state, change.decided_at = NameChangeState.WITHDRAWN.value, utc_now()
        change.decided_by_name = event.actor.name
        subject = Subject("organisation", event.organisation_id, change.new_name)
        record(event.actor, EventTag.NAME_CHANGE_WITHDRAW, subject, because="closed")
