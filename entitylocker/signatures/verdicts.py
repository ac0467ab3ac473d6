"""The words a check can end with, from worst to best, and what each of them allows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """One word for a signature or a file, worst first; the last two stand apart from the order."""

    ALTERED = "altered"
    CHANGED_AFTER_SIGNING = "changed_after_signing"
    REVOKED = "revoked"
    NOT_CHECKABLE = "not_checkable"
    OLD_CRYPTOGRAPHY = "old_cryptography"
    SIGNER_NOT_CONFIRMED = "signer_not_confirmed"
    FILLED_IN_AFTER_SIGNING = "filled_in_after_signing"
    VALID_AT_CLAIMED_TIME = "valid_at_claimed_time"
    VALID_WITH_ADDITIONS = "valid_with_additions"
    VALID = "valid"
    NOT_SIGNED = "not_signed"
    CHECKING = "checking"


class Colour(StrEnum):
    """What a verdict looks like at a glance."""

    RED = "red"
    AMBER = "amber"
    GREY = "grey"
    GREEN = "green"


class Reason(StrEnum):
    """Why a file or signature is not checkable."""

    DAMAGED = "damaged"
    PASSWORD = "password"  # noqa: S105  (a word for the reader, not a secret)
    LIMIT = "limit"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    ERROR = "error"


APART = (Verdict.NOT_SIGNED, Verdict.CHECKING)
ORDER = tuple(verdict for verdict in Verdict if verdict not in APART)

_COLOURS = {
    Verdict.ALTERED: Colour.RED,
    Verdict.CHANGED_AFTER_SIGNING: Colour.RED,
    Verdict.REVOKED: Colour.RED,
    Verdict.NOT_CHECKABLE: Colour.GREY,
    Verdict.OLD_CRYPTOGRAPHY: Colour.AMBER,
    Verdict.SIGNER_NOT_CONFIRMED: Colour.AMBER,
    Verdict.FILLED_IN_AFTER_SIGNING: Colour.AMBER,
    Verdict.VALID_AT_CLAIMED_TIME: Colour.AMBER,
    Verdict.VALID_WITH_ADDITIONS: Colour.GREEN,
    Verdict.VALID: Colour.GREEN,
    Verdict.NOT_SIGNED: Colour.GREY,
    Verdict.CHECKING: Colour.GREY,
}


def colour(verdict: Verdict) -> Colour:
    """The colour of `verdict`. Only what was checked and found good is green."""
    return _COLOURS[verdict]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of `verdicts`; of the words apart `checking` before `not_signed`; of nothing, not signed."""
    given = set(verdicts)
    for verdict in ORDER:
        if verdict in given:
            return verdict
    return Verdict.CHECKING if Verdict.CHECKING in given else Verdict.NOT_SIGNED


def may_be_offered(verdict: Verdict) -> bool:
    """Whether a portal may be offered a document with this verdict: nothing red, nothing being checked."""
    return verdict is not Verdict.CHECKING and colour(verdict) is not Colour.RED
