"""Writing down what a check found: the report, what it still wants to know, when the next one is, what changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, jobs
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from entitylocker.trust.answers import note_wanted
from entitylocker.vault.events import VerdictChanged, VerdictReached
from entitylocker.vault.models import Document, Version
from entitylocker.vault.recheck_rules import Why, is_change, is_no_news, next_check, settled_report
from entitylocker.web.engine_room import engines

RECHECK_JOB = "vault.recheck_due"
TELL_JOB = "vault.tell_changes"


def keep(actor: Actor, version: Version, report: Report, outward: Verdict | None, *, unlocked: bool = False) -> None:
    """Write down what a check found that somebody waits for. In a running transaction of the organisation.

    Where an earlier check had found another verdict, that is a change. `unlocked`: checked with its password, which
    the earlier check did not have.
    """
    before, earlier = version.verdict, _earlier(version)
    _write(version, earlier, report, outward)
    record(actor, EventTag.VERDICT_REACHED, _subject(version), reason=version.reason, **_facts(version))
    assert actor.organisation_id is not None
    tenancy.publish(
        VerdictReached(actor, actor.organisation_id, version.document_id, version.id, before, version.verdict)
    )
    if earlier is not None and not unlocked and is_change(earlier.verdict, Verdict(version.verdict)):
        _note_change(actor, version, earlier.verdict.value, Why.ASKED, {})


def keep_again(actor: Actor, version: Version, report: Report, outward: Verdict | None, why: Why) -> None:
    """Write down what a check found that nobody waits for: only a change is worth an event."""
    earlier = _earlier(version)
    if is_no_news(earlier, report):
        _schedule(version, earlier or report)
        return
    before, outward_before = Verdict(version.verdict), version.verdict_for_others
    _write(version, earlier, report, outward)
    after, outward_after = Verdict(version.verdict), version.verdict_for_others
    if is_change(before, after) or is_change(outward_before, outward_after):
        for_others = {"outward_before": outward_before.value, "outward": outward_after.value}
        _note_change(actor, version, before.value, why, for_others)


def _earlier(version: Version) -> Report | None:
    return Report.from_json(version.report) if version.report is not None else None


def _write(version: Version, earlier: Report | None, report: Report, outward: Verdict | None) -> None:
    kept = settled_report(earlier, report)
    version.verdict, version.reason = kept.verdict.value, kept.reason
    if kept is report:
        version.outward_verdict = outward.value if outward is not None else None
    version.report, version.checked_at = kept.to_json(), kept.checked_at
    _schedule(version, kept)
    if note_wanted(version.organisation_id, version.id, report):
        # Somebody else's document asked the same before: the answer is there, and need only be looked at.
        version.recheck_at, version.recheck_why = utc_now(), Why.REVOCATION.value
        defer(jobs()[RECHECK_JOB])


def _schedule(version: Version, report: Report) -> None:
    fetching = engines().settings.revocation
    version.recheck_at = next_check(report, version.id, utc_now(), fetching=fetching)
    version.recheck_why = Why.SCHEDULE.value


def _note_change(actor: Actor, version: Version, before: str, why: Why, outward: dict[str, Any]) -> None:
    """The change as an event of the trail, for the rooms above, and for the organisation's people."""
    version.verdict_before, version.verdict_changed_at, version.change_told_at = before, utc_now(), None
    record(
        actor, EventTag.VERDICT_CHANGED, _subject(version), before=before, why=why.value, **_facts(version), **outward
    )
    tenancy.publish(
        VerdictChanged(
            actor, version.organisation_id, version.document_id, version.id, before, version.verdict, why.value
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
