"""When a document is checked again, and what a later check may not undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from entitylocker.signatures.report import GateFinding, Report, Revocation, SignatureReport, Wanted
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.vault.models import Version
from entitylocker.vault.recheck_rules import (
    Why,
    is_change,
    is_failure,
    is_no_news,
    next_check,
    retry_at,
    settled_for_others,
    settled_report,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, LAST = UUID(int=0), UUID(int=2**128 - 1)
WANTED = (Wanted("crl", "http://ca.example.in/list.crl"),)


def report(verdict: Verdict, *, reason: str | None = None, **facts: object) -> Report:
    signature = SignatureReport("Signature1", verdict, **facts)  # type: ignore[arg-type]
    return Report(verdict, NOW, reason=reason, signed=True, signatures=(signature,))


def ends(after: timedelta) -> Revocation:
    return Revocation("crl", False, NOW - DAY, NOW + after)


@pytest.mark.parametrize(
    ("found", "days"),
    [
        (report(Verdict.VALID), 7),
        (report(Verdict.ALTERED), 7),
        (report(Verdict.VALID, wanted=WANTED), 1),
        (report(Verdict.VALID, revocation=ends(30 * DAY)), 7),
        (report(Verdict.VALID, revocation=ends(3 * DAY)), 3),
        (report(Verdict.VALID, revocation=ends(-DAY)), 1),
        (report(Verdict.VALID, revocation=Revocation("crl", True, NOW)), 7),
        (report(Verdict.NOT_CHECKABLE, reason=Reason.TIMEOUT.value), 7),
    ],
)
def test_signed_documents_are_checked_again_within_a_day_to_a_week_and_spread(found: Report, days: int) -> None:
    for version_id in (FIRST, uuid7(), LAST):
        when = next_check(found, version_id, NOW, fetching=True)
        assert when is not None
        assert NOW + days * DAY <= when <= NOW + days * DAY * 1.1
    assert next_check(found, FIRST, NOW, fetching=True) != next_check(found, LAST, NOW, fetching=True)


def test_where_nothing_is_fetched_missing_answers_are_no_reason_to_hurry() -> None:
    assert next_check(report(Verdict.VALID, wanted=WANTED), FIRST, NOW, fetching=False) == NOW + 7 * DAY


@pytest.mark.parametrize(
    "found",
    [
        Report(Verdict.NOT_SIGNED, NOW, signed=False),
        *(report(Verdict.NOT_CHECKABLE, reason=reason.value) for reason in (Reason.DAMAGED, Reason.PASSWORD)),
        replace(report(Verdict.NOT_CHECKABLE, reason="limit"), gate=(GateFinding("c", reason="limit"),)),
    ],
)
def test_what_cannot_become_different_is_not_checked_again(found: Report) -> None:
    assert next_check(found, FIRST, NOW, fetching=True) is None


REVOKED = report(Verdict.REVOKED, revoked_at=NOW - DAY, still_good=False)


@pytest.mark.parametrize("still_good", [None, False])
@pytest.mark.parametrize("verdict", [Verdict.VALID, Verdict.VALID_AT_CLAIMED_TIME, Verdict.SIGNER_NOT_CONFIRMED])
def test_what_was_revoked_stays_revoked_when_the_list_falls_silent(verdict: Verdict, still_good: bool | None) -> None:
    later = replace(report(verdict, still_good=still_good), checked_at=NOW + DAY)
    kept = settled_report(REVOKED, later)
    assert (kept.verdict, kept.checked_at) == (Verdict.REVOKED, NOW + DAY)
    assert kept.signatures == REVOKED.signatures


def test_a_revocation_is_lifted_by_an_answer_that_says_so_and_covered_by_something_worse() -> None:
    for later in (report(Verdict.VALID, still_good=True), report(Verdict.ALTERED), REVOKED):
        assert settled_report(REVOKED, later) is later
    gone = Report(Verdict.VALID, NOW, signed=True)
    assert settled_report(REVOKED, gone).verdict is Verdict.REVOKED
    assert settled_report(None, gone) is gone


def test_a_check_that_could_not_be_made_is_no_news() -> None:
    failed = report(Verdict.NOT_CHECKABLE, reason=Reason.TIMEOUT.value)
    for why in Why:
        assert is_no_news(report(Verdict.VALID), failed, why)
        assert not is_no_news(failed, failed, why)
        assert not is_no_news(None, failed, why)
        assert not is_no_news(report(Verdict.VALID), report(Verdict.ALTERED), why)


@pytest.mark.parametrize(
    ("why", "before", "days", "locked"),
    [
        (Why.TRUST, report(Verdict.VALID), 0, True),
        (Why.ASKED, report(Verdict.VALID), 0, True),
        (Why.REVOCATION, report(Verdict.VALID, wanted=WANTED), 0, True),
        (Why.REVOCATION, report(Verdict.VALID), 6, False),
        (Why.REVOCATION, report(Verdict.VALID), 7, True),
        (Why.SCHEDULE, report(Verdict.VALID), 29, False),
        (Why.SCHEDULE, report(Verdict.VALID), 30, True),
        (Why.TRUST, report(Verdict.REVOKED), 60, False),
        (Why.ASKED, report(Verdict.ALTERED), 60, False),
    ],
)
def test_what_was_unlocked_counts_as_locked_again_once_there_is_doubt_but_red_stays_red(
    why: Why, before: Report, days: int, locked: bool
) -> None:
    later = replace(report(Verdict.NOT_CHECKABLE, reason="password"), checked_at=NOW + days * DAY)
    assert is_no_news(before, later, why) is not locked


def test_a_check_that_failed_is_tried_again_within_the_hour_and_then_ever_more_seldom() -> None:
    pauses = [retry_at(LAST, NOW, failures) - NOW for failures in range(1, 40)]
    assert pauses[0] <= timedelta(minutes=50)
    assert pauses == sorted(pauses)
    assert 7 * DAY <= pauses[-1] <= 8 * DAY


def test_only_limits_of_the_gate_are_settled() -> None:
    out_of_memory = report(Verdict.NOT_CHECKABLE, reason="limit")
    too_many = replace(out_of_memory, gate=(GateFinding("too_many_objects", Verdict.NOT_CHECKABLE, "limit"),))
    assert is_failure(out_of_memory)
    assert next_check(out_of_memory, FIRST, NOW, fetching=True) is not None
    assert not is_failure(too_many)
    assert next_check(too_many, FIRST, NOW, fetching=True) is None


def test_for_others_too_what_was_revoked_stays_revoked_until_an_answer_lifts_it() -> None:
    own, doubt = report(Verdict.VALID), Verdict.SIGNER_NOT_CONFIRMED
    for silent in (own, report(Verdict.VALID, still_good=False), Report(Verdict.VALID, NOW)):
        assert settled_for_others(own, Verdict.REVOKED, silent, doubt) is Verdict.REVOKED
        assert settled_for_others(own, Verdict.REVOKED, silent, None) is Verdict.REVOKED
    lifted = report(Verdict.VALID, still_good=True)
    assert settled_for_others(own, Verdict.REVOKED, lifted, doubt) is doubt
    assert settled_for_others(own, Verdict.REVOKED, own, Verdict.ALTERED) is Verdict.ALTERED
    assert settled_for_others(own, Verdict.VALID, own, doubt) is doubt


def test_what_is_red_for_the_organisation_itself_is_so_for_others() -> None:
    for own, told in (("altered", "altered"), ("revoked", "revoked"), ("valid", "signer_not_confirmed")):
        version = Version(verdict=own, outward_verdict="signer_not_confirmed")
        assert version.verdict_for_others.value == told


def test_a_change_is_what_people_relied_on_before() -> None:
    assert is_change(Verdict.VALID, Verdict.REVOKED)
    assert is_change(Verdict.SIGNER_NOT_CONFIRMED, Verdict.VALID)
    assert is_change(Verdict.NOT_CHECKABLE, Verdict.ALTERED)
    assert not is_change(Verdict.VALID, Verdict.VALID)
    assert not is_change(Verdict.NOT_CHECKABLE, Verdict.VALID)
