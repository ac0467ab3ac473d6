"""Pure decisions about the life of an organisation and about proposals of its administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from entitylocker.errors import N_

# How long a closed organisation may be brought back; then its key is destroyed (migration 0013 says the same).
UNDO_WITHIN = timedelta(days=30)
PROPOSAL_LIFETIME = timedelta(days=14)
# How long one administrator alone waits for the objection of the only other one.
OBJECTION_TIME = timedelta(days=7)
EXPORT_KEEPS = timedelta(days=7)
# How long somebody was administrator when a proposal is made, for their vote to decide about it: one account that was
# taken over could else seat its own majority.
SETTLED_AFTER = timedelta(days=7)


class SuspendedBy(StrEnum):
    """Whose word keeps an organisation suspended. The operator's is lifted by the operator only."""

    OPERATOR = "operator"
    ORGANISATION = "organisation"


class ProposalKind(StrEnum):
    """What administrators decide together."""

    REMOVE = "remove"
    DEMOTE = "demote"
    REPLACE = "replace"
    LIFT = "lift"
    CLOSE = "close"

    @property
    def concerns_somebody(self) -> bool:
        """Whether it is about one administrator, who then has no vote in it."""
        return self in (ProposalKind.REMOVE, ProposalKind.DEMOTE, ProposalKind.REPLACE)


class Outcome(StrEnum):
    """How a proposal ended."""

    CARRIED_OUT = "carried_out"
    DECLINED = "declined"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    POINTLESS = "pointless"


class Count(StrEnum):
    """What the votes say at one moment."""

    PASSED = "passed"
    OPEN = "open"
    WAITING = "waiting"
    DECLINED = "declined"
    OBJECTED = "objected"


KIND_LABELS: dict[ProposalKind, str] = {
    ProposalKind.REMOVE: N_("Remove an administrator"),
    ProposalKind.DEMOTE: N_("Give an administrator a smaller role"),
    ProposalKind.REPLACE: N_("Replace an account that was lost"),
    ProposalKind.LIFT: N_("Lift the suspension"),
    ProposalKind.CLOSE: N_("Close the organisation"),
}

OUTCOME_LABELS: dict[Outcome, str] = {
    Outcome.CARRIED_OUT: N_("Carried out"),
    Outcome.DECLINED: N_("Declined"),
    Outcome.OBJECTED: N_("Stopped by an objection"),
    Outcome.WITHDRAWN: N_("Withdrawn"),
    Outcome.EXPIRED: N_("Expired"),
    Outcome.POINTLESS: N_("No longer needed"),
}


@dataclass(frozen=True)
class Ballot:
    """All that a count depends on, at the moment of counting.

    `administrators` are the current ones, whoever voted; `votes` what somebody said, once. `alone_since`: since when
    the proposal waits for the objection of whom it concerns, because one administrator has to decide alone. `settled`:
    who had been administrator for SETTLED_AFTER when it was made; None: everybody.
    """

    administrators: frozenset[UUID]
    concerned: UUID | None
    votes: Mapping[UUID, bool]
    alone_since: datetime | None = None
    objected: bool = False
    settled: frozenset[UUID] | None = None

    @property
    def voters(self) -> frozenset[UUID]:
        """Who has a vote: every current administrator but the one concerned."""
        return self.administrators - {self.concerned}

    @property
    def deciding(self) -> frozenset[UUID]:
        """Whose votes decide: the settled ones; everybody who has a vote where no vote is settled."""
        return self.voters if self.settled is None else (self.voters & self.settled or self.voters)

    @property
    def is_young(self) -> bool:
        """Whether people seated lately would decide about somebody who was there before them."""
        return self.settled is not None and self.concerned in self.settled and not self.voters & self.settled

    @property
    def yes(self) -> int:
        """Yes-votes of those who decide now."""
        return sum(self.votes.get(voter, False) for voter in self.deciding)

    @property
    def no(self) -> int:
        """No-votes of those who decide now."""
        return sum(not self.votes.get(voter, True) for voter in self.deciding)

    @property
    def needed(self) -> int:
        """How many yes-votes carry it: more than half."""
        return len(self.deciding) // 2 + 1

    @property
    def is_seconded(self) -> bool:
        """Whether two say yes where two have a vote; a no of anybody then is not outvoted by somebody seated lately."""
        said = [self.votes[voter] for voter in self.voters if voter in self.votes]
        if len(self.deciding) == 1 and False in said:
            return False
        return sum(said) >= min(2, len(self.voters))

    @property
    def is_alone(self) -> bool:
        """Whether one administrator decides about another, or only such as were seated lately: that one may object."""
        return self.concerned is not None and (len(self.deciding) == 1 or self.is_young)


def count(ballot: Ballot, now: datetime) -> Count:
    """What a proposal comes to at `now`. With nobody to vote it stays open and never passes."""
    if not ballot.voters:
        return Count.OPEN
    if ballot.no > len(ballot.deciding) - ballot.needed:
        return Count.DECLINED
    if ballot.is_alone and ballot.objected:
        return Count.OBJECTED
    if ballot.yes < ballot.needed or not (ballot.is_seconded or ballot.is_alone):
        return Count.OPEN
    if ballot.is_alone and (ballot.alone_since is None or now < ballot.alone_since + OBJECTION_TIME):
        return Count.WAITING
    return Count.PASSED


def may_undo_closing(closed_at: datetime | None, now: datetime) -> bool:
    """Whether a closed organisation may still be brought back."""
    return closed_at is not None and now < closed_at + UNDO_WITHIN


def is_export_good(exported_at: datetime | None, last_deposit_at: datetime | None, now: datetime) -> bool:
    """Whether an export that was begun at `exported_at` holds everything and is fresh enough for closing."""
    if exported_at is None or now - exported_at > EXPORT_KEEPS:
        return False
    return last_deposit_at is None or last_deposit_at < exported_at
