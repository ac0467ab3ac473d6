"""Pure decisions about later checks: when the next one is, and what a new report may not undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from entitylocker.signatures.report import Report, SignatureReport
from entitylocker.signatures.verdicts import Colour, Reason, Verdict, colour

DAILY, WEEKLY = timedelta(days=1), timedelta(days=7)
# What stays as it is whoever looks, and when.
_SETTLED = (Reason.DAMAGED.value, Reason.PASSWORD.value, Reason.LIMIT.value)
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
    if report.signed is False or report.verdict is Verdict.NOT_SIGNED or report.reason in _SETTLED:
        return None
    pause = WEEKLY
    if fetching:
        ends = [one.revocation.next_update for one in report.signatures if one.revocation is not None]
        pause = min([pause, *(end - now for end in ends if end is not None)])
        if any(one.wanted for one in report.signatures):
            pause = DAILY
    share = int.from_bytes(version_id.bytes[-2:], "big") / 0x10000
    return now + max(pause, DAILY) * (1 + share / 10)


def is_change(before: Verdict, after: Verdict) -> bool:
    """Whether people who relied on `before` must hear of `after`. What could not be checked said nothing yet."""
    return before is not after and (before is not Verdict.NOT_CHECKABLE or colour(after) is Colour.RED)


def is_no_news(before: Report | None, after: Report) -> bool:
    """Whether a later check could not be made of what could be checked before: then it says nothing."""
    could = before is not None and before.verdict not in (Verdict.NOT_CHECKABLE, Verdict.CHECKING)
    return could and after.verdict is Verdict.NOT_CHECKABLE


def settled_report(before: Report | None, after: Report) -> Report:
    """What is kept of `after`, seen that `before` was found earlier about the same bytes.

    What was revoked once stays revoked until somebody says that it is not: issuers drop expired certificates from
    their lists (RFC 5280, 3.3), and a silent list says nothing of them.
    """
    if before is not None and _stays_revoked(before, after):
        return replace(before, checked_at=after.checked_at)
    return after


def _stays_revoked(before: Report, after: Report) -> bool:
    if before.verdict is not Verdict.REVOKED or colour(after.verdict) is Colour.RED:
        return False
    now = {one.field: one for one in after.signatures}
    return any(not _is_lifted(now.get(one.field)) for one in before.signatures if one.verdict is Verdict.REVOKED)


def _is_lifted(signature: SignatureReport | None) -> bool:
    return signature is not None and signature.still_good is True
