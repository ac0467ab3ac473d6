"""Pure decisions about later checks: when the next one is, and what a new report may not undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from entitylocker.signatures.report import Report, SignatureReport
from entitylocker.signatures.verdicts import Colour, Reason, Verdict, colour

DAILY, WEEKLY = timedelta(days=1), timedelta(days=7)
# The first pause after a check that failed on our side: with a job every ten minutes, that is within the hour.
_RETRY = timedelta(minutes=45)
# What stays as it is whoever looks, and when. Limits: only those of the gate, which depend on the file alone.
_SETTLED = (Reason.DAMAGED.value, Reason.PASSWORD.value)
# For how long a verdict found with a password holds, without anything new, before the password is asked for again.
# A month is as long as a change is pointed out, and about as long as the longest lists of revoked certificates last.
_UNLOCKED_HOLDS = timedelta(days=30)
# How long a changed verdict is pointed out.
SHOWN_FOR = timedelta(days=30)


class Why(StrEnum):
    """Why a document is checked again."""

    SCHEDULE = "schedule"
    REVOCATION = "revocation"
    TRUST = "trust"
    ASKED = "asked"


def next_check(report: Report, version_id: UUID, now: datetime, *, fetching: bool) -> datetime | None:
    """When a version with `report` is checked again: within a day to a week; None: nothing could become different.

    Daily while answers about revocation are missing that are being fetched (`fetching`: whether any are), or when
    those it rests on end; never sooner than after a day. Versions are spread, so that they do not all come at once.
    """
    if report.signed is False or report.verdict is Verdict.NOT_SIGNED or _is_settled(report):
        return None
    pause = WEEKLY
    if fetching:
        ends = [one.revocation.next_update for one in report.signatures if one.revocation is not None]
        pause = min([pause, *(end - now for end in ends if end is not None)])
        if any(one.wanted for one in report.signatures):
            pause = DAILY
    return now + _spread(max(pause, DAILY), version_id)


def retry_at(version_id: UUID, now: datetime, failures: int) -> datetime:
    """When to try again after `failures` checks in a row that failed: within the hour, then twice as long each."""
    return now + _spread(min(_RETRY * 2 ** min(failures - 1, 20), WEEKLY), version_id)


def is_failure(report: Report) -> bool:
    """Whether the check broke, or ran out of time, memory or room: on another day the same file may pass."""
    if report.verdict is not Verdict.NOT_CHECKABLE:
        return False
    if report.reason == Reason.LIMIT:
        return not _is_of_gate(report)
    return report.reason in (Reason.ERROR.value, Reason.TIMEOUT.value)


def _is_settled(report: Report) -> bool:
    return report.reason in _SETTLED or (report.reason == Reason.LIMIT and _is_of_gate(report))


def _is_of_gate(report: Report) -> bool:
    return any(one.reason == Reason.LIMIT for one in report.gate)


def _spread(pause: timedelta, version_id: UUID) -> timedelta:
    """Between 100 and 110 % of `pause`, always the same for one version."""
    return pause * (1 + int.from_bytes(version_id.bytes[-2:], "big") / 0x10000 / 10)


def is_change(before: Verdict, after: Verdict) -> bool:
    """Whether people who relied on `before` must hear of `after`. What could not be checked said nothing yet."""
    return before is not after and (before is not Verdict.NOT_CHECKABLE or colour(after) is Colour.RED)


def is_no_news(before: Report | None, after: Report, why: Why) -> bool:
    """Whether a later check could not be made of what could be checked before: then it says nothing.

    Except of what was unlocked: nobody keeps its password, so that a later check cannot confirm what was found with
    it. Once there is a reason for doubt it counts as locked again. What is red stays red.
    """
    if before is None or before.verdict in (Verdict.NOT_CHECKABLE, Verdict.CHECKING):
        return False
    return after.verdict is Verdict.NOT_CHECKABLE and not _is_locked_again(before, after, why)


def _is_locked_again(before: Report, after: Report, why: Why) -> bool:
    """At once when trust changed, somebody asks, or an answer came that was missing; answers are renewed daily, and
    nobody can be asked for a password as often: those wait until the verdict is a week old, a mere schedule a month.
    """
    if after.reason != Reason.PASSWORD or colour(before.verdict) is Colour.RED:
        return False
    if why in (Why.TRUST, Why.ASKED):
        return True
    age = after.checked_at - before.checked_at
    if why is Why.REVOCATION:
        return age >= WEEKLY or any(one.wanted for one in before.signatures)
    return age >= _UNLOCKED_HOLDS


def settled_report(before: Report | None, after: Report) -> Report:
    """What is kept of `after`, seen that `before` was found earlier about the same bytes.

    What was revoked once stays revoked until somebody says that it is not: issuers drop expired certificates from
    their lists (RFC 5280, 3.3), and a silent list says nothing of them.
    """
    if before is not None and _stays_revoked(before, after):
        return replace(before, checked_at=after.checked_at)
    return after


def settled_for_others(
    before: Report | None, word_before: Verdict, after: Report, word: Verdict | None
) -> Verdict | None:
    """The word for others that is kept beside `after`: it, too, stays revoked until an answer says otherwise.

    `word_before`: what others were told until now; `word`: what they would be told, None where it is the same.
    """
    found = word or after.verdict
    if word_before is not Verdict.REVOKED or colour(found) is Colour.RED:
        return word
    revoked = {one.field for one in before.signatures if one.verdict is Verdict.REVOKED} if before else set()
    asked = [one for one in after.signatures if not revoked or one.field in revoked]
    return word if asked and all(map(_is_lifted, asked)) else Verdict.REVOKED


def has_expired(report: Report) -> bool:
    """Whether every signer's certificate has expired: issuers forget those, and one answer about each is enough."""
    signers = [one for one in report.signatures if one.kind == "signature"]
    return bool(signers) and all(one.reason == "expired" for one in signers)


def _stays_revoked(before: Report, after: Report) -> bool:
    if before.verdict is not Verdict.REVOKED or colour(after.verdict) is Colour.RED:
        return False
    now = {one.field: one for one in after.signatures}
    return any(not _is_lifted(now.get(one.field)) for one in before.signatures if one.verdict is Verdict.REVOKED)


def _is_lifted(signature: SignatureReport | None) -> bool:
    return signature is not None and signature.still_good is True
