"""Writing down what a check found: the report, what it still wants to know, when the next one is, what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, jobs
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.trust.answers import forget_unasked, forget_wanted, note_wanted
from entitylocker.vault.events import VerdictChanged, VerdictReached
from entitylocker.vault.models import Document, Version
from entitylocker.vault.recheck_rules import (
    Why,
    has_expired,
    is_change,
    is_failure,
    is_no_news,
    next_check,
    retry_at,
    settled_for_others,
    settled_report,
)
from entitylocker.web.engine_room import engines

RECHECK_JOB = "vault.recheck_due"
TELL_JOB = "vault.tell_changes"


def keep(actor: Actor, version: Version, report: Report, outward: Verdict | None, *, unlocked: bool = False) -> None:
    """Write down what a check found that somebody waits for. In a running transaction of the organisation.

    Where an earlier check had found another verdict, that is a change; a check that failed puts the earlier verdict
    back. `unlocked`: checked with its password, which the earlier check did not have.
    """
    before, earlier, meanwhile = version.verdict, _earlier(version), _meanwhile(version, None)
    facts: dict[str, Any] = {}
    if earlier is not None and is_no_news(earlier, report, Why.ASKED):
        facts = _put_back(version, earlier, report)
    else:
        _write(version, earlier, report, outward, unlocked=unlocked)
    _bring_forward_again(version, meanwhile)
    record(actor, EventTag.VERDICT_REACHED, _subject(version), **{"reason": version.reason, **facts}, **_facts(version))
    assert actor.organisation_id is not None
    tenancy.publish(
        VerdictReached(actor, actor.organisation_id, version.document_id, version.id, before, version.verdict)
    )
    if earlier is not None and not unlocked and is_change(earlier.verdict, Verdict(version.verdict)):
        _note_change(actor, version, earlier.verdict, None, Why.ASKED)


def keep_again(
    actor: Actor, version: Version, report: Report, outward: Verdict | None, why: Why, put_off: datetime
) -> None:
    """Write down what a check found that nobody waits for: only a change is worth an event.

    `put_off`: the time that the check, when it began, had set for the next one.
    """
    earlier, meanwhile = _earlier(version), _meanwhile(version, put_off)
    if earlier is not None and is_no_news(earlier, report, why):
        _schedule(version, earlier, report, why)
    else:
        before, outward_before = Verdict(version.verdict), version.verdict_for_others
        _write(version, earlier, report, outward, why=why)
        after, outward_after = Verdict(version.verdict), version.verdict_for_others
        if is_change(before, after) or is_change(outward_before, outward_after):
            _note_change(actor, version, before, outward_before, why)
    _bring_forward_again(version, meanwhile)


def _earlier(version: Version) -> Report | None:
    return Report.from_json(version.report) if version.report is not None else None


Next = tuple[datetime | None, str | None]


def _meanwhile(version: Version, put_off: datetime | None) -> Next | None:
    """The next check that somebody else asked for while this one ran: it began too early to know why."""
    return (version.recheck_at, version.recheck_why) if version.recheck_at != put_off else None


def _bring_forward_again(version: Version, meanwhile: Next | None) -> None:
    if meanwhile is not None and meanwhile[0] is not None:
        version.recheck_at, version.recheck_why = meanwhile
        defer(jobs()[RECHECK_JOB])


def _put_back(version: Version, earlier: Report, report: Report) -> dict[str, Any]:
    """The earlier verdict with its time, and what the event says. What is locked can still be unlocked."""
    locked = report.reason == Reason.PASSWORD
    version.verdict, version.reason = earlier.verdict.value, report.reason if locked else earlier.reason
    _schedule(version, earlier, report, Why.ASKED)
    return {"not_checked": report.reason}


def _write(
    version: Version, earlier: Report | None, report: Report, outward: Verdict | None,
    *, unlocked: bool = False, why: Why = Why.SCHEDULE,
) -> None:  # fmt: skip
    kept = settled_report(earlier, report)
    if kept is report:
        told = Verdict(version.outward_verdict or (earlier.verdict if earlier else Verdict.CHECKING))
        for_others = settled_for_others(earlier, told, report, outward)
        version.outward_verdict = for_others.value if for_others is not None else None
    version.verdict, version.reason = kept.verdict.value, kept.reason
    version.report, version.checked_at = kept.to_json(), kept.checked_at
    _schedule(version, kept, report, why)
    if version.recheck_at is None:
        forget_wanted(version.organisation_id, version.id)
    elif _ask(version, report) and not unlocked:
        # Somebody else's document asked the same before: the answer is there, and need only be looked at.
        version.recheck_at, version.recheck_why = utc_now(), Why.REVOCATION.value
        defer(jobs()[RECHECK_JOB])


def _ask(version: Version, report: Report) -> bool:
    """Have fetched what is missing, and no longer what is not; True: some of it is at hand. A failure asks nothing."""
    if report.verdict is Verdict.NOT_CHECKABLE:
        return False
    forget_unasked(version.organisation_id, version.id, report, once=has_expired(report))
    return note_wanted(version.organisation_id, version.id, report)


def _schedule(version: Version, kept: Report, found: Report, why: Why) -> None:
    """The next check. One that failed is tried again soon, for the same reason."""
    now = utc_now()
    if is_failure(found):
        version.failures += 1
        version.recheck_at, version.recheck_why = retry_at(version.id, now, version.failures), why.value
        return
    version.failures = 0
    version.recheck_at = next_check(kept, version.id, now, fetching=engines().settings.revocation)
    version.recheck_why = Why.SCHEDULE.value


def _note_change(actor: Actor, version: Version, before: Verdict, outward_before: Verdict | None, why: Why) -> None:
    """The change as an event of the trail, for the rooms above, and for the organisation's people."""
    only_others = outward_before is not None and before.value == version.verdict
    version.verdict_before, version.verdict_changed_at, version.change_told_at = before.value, utc_now(), None
    version.outward_before = outward_before.value if outward_before is not None and only_others else None
    facts = {"before": before.value, "why": why.value, **_facts(version)}
    if outward_before is not None:
        facts |= {"outward_before": outward_before.value, "outward": version.verdict_for_others.value}
    record(actor, EventTag.VERDICT_CHANGED, _subject(version), **facts)
    tenancy.publish(
        VerdictChanged(
            actor, version.organisation_id, version.document_id, version.id, before.value, version.verdict, why.value
        )
    )
    defer(jobs()[TELL_JOB], organisation_id=str(version.organisation_id))


def _subject(version: Version) -> Subject:
    title = db.session.scalars(
        select(Document.title).where(
            Document.organisation_id == version.organisation_id, Document.id == version.document_id
        )
    ).one()
    return Subject("document", version.document_id, title)


def _facts(version: Version) -> dict[str, Any]:
    return {"version": version.number, "verdict": version.verdict, "sha256": version.sha256}
