"""Pure decisions about consents: what is good enough, what state one is in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from entitylocker.signatures.verdicts import ORDER, Verdict, may_be_offered


class ConsentState(StrEnum):
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class WhyNot(StrEnum):
    """Why a document cannot be ticked."""

    CHECKING = "checking"
    RED = "red"
    NOT_PROVEN = "not_proven"
    BELOW_LEAST = "below_least"
    NO_RIGHT = "no_right"


def state_of(ends_at: datetime, revoked_at: datetime | None, now: datetime) -> ConsentState:
    """The state at `now`. Withdrawn stays withdrawn, also after the end."""
    if revoked_at is not None:
        return ConsentState.WITHDRAWN
    return ConsentState.ACTIVE if now < ends_at else ConsentState.EXPIRED


def is_good_enough(verdict: Verdict, least: Verdict | None) -> bool:
    """Whether a portal that takes nothing worse than `least` takes a document with `verdict`.

    `not_signed` stands outside the order of verdicts: who asks for it as the least takes everything that may be
    offered; who asks for any signature does not take an unsigned document.
    """
    if not may_be_offered(verdict):
        return False
    if least is None or least is Verdict.NOT_SIGNED:
        return True
    return verdict is not Verdict.NOT_SIGNED and ORDER.index(verdict) >= ORDER.index(least)


def why_not(verdict: Verdict, least: Verdict | None, may_give: bool, *, kept_back: bool = False) -> WhyNot | None:
    """The reason why a document cannot be ticked, None if it can.

    `kept_back`: the organisation's own policy does not let its verdict suffice.
    """
    if verdict is Verdict.CHECKING:
        return WhyNot.CHECKING
    if not may_be_offered(verdict):
        return WhyNot.RED
    if kept_back:
        return WhyNot.NOT_PROVEN
    if not is_good_enough(verdict, least):
        return WhyNot.BELOW_LEAST
    return None if may_give else WhyNot.NO_RIGHT
