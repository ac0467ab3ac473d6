"""What a later check may not lose: a red verdict, a change of trust that came meanwhile, the need of a password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import job_actor
from entitylocker.signatures.checker import CheckerClient
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from entitylocker.trust.answer_models import RevocationWant
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.vault import checking, jobs, rechecking, rules, service, telling
from entitylocker.vault.events import VerdictChanged
from entitylocker.vault.models import Document
from tests.factories import Member
from tests.trust.issuers import Issuer, Signer
from tests.vault.house import House, Paper

PASSWORD = "open sesame"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Make = Callable[..., Member]


def locked(signer: Signer) -> bytes:
    return signer.sign_locked(PASSWORD)


def unlock(house: House, paper: Paper) -> None:
    house.ask(checking.unlock, paper.member.actor, paper.document_id, PASSWORD)


def failed(reason: str) -> Report:
    return Report(Verdict.NOT_CHECKABLE, utc_now(), reason=reason)


def wants(paper: Paper) -> list[str]:
    with paper.inside():
        return list(db.session.scalars(select(RevocationWant.key).where(RevocationWant.subject_id == paper.version_id)))


@contextmanager
def broken_checker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "PAUSES", ())
    with monkeypatch.context() as broken:
        broken.setattr(app.extensions["entitylocker"], "checker", CheckerClient("/nowhere/checker.sock"))
        yield


def ask_again(house: House, paper: Paper) -> None:
    house.ask(service.check_again, paper.member.actor, paper.document_id)


def check_now(house: House, paper: Paper) -> None:
    house.do(service.check_version, str(paper.member.organisation_id), str(paper.version_id))


def test_an_unlocked_document_counts_as_locked_again_when_trust_changes(
    house: House, trusted: Issuer, make_organisation: Make, changes: list[VerdictChanged]
) -> None:
    paper = house.put(make_organisation(), locked(trusted.issue("Asha Verma", crl=False)))
    unlock(house, paper)
    assert paper.verdict == "valid"
    paper.recheck()
    assert paper.verdict == "valid", "on a mere schedule the verdict holds for a month"
    house.do(rechecking.bring_organisation_forward, job_actor(paper.member.organisation_id))
    paper.recheck_if_due()
    assert (paper.verdict, paper.version.reason) == ("not_checkable", "password")
    assert paper.among(changes) == [("valid", "not_checkable", "trust")]
    assert len(paper.events()) == 1
    house.do(telling.tell_changes, job_actor(paper.member.organisation_id))
    assert len(house.mails_to(paper.member)) == 1
    unlock(house, paper)
    assert paper.verdict == "valid"


def test_unlocking_uses_the_answers_at_hand(house: House, trusted: Issuer, make_organisation: Make) -> None:
    signer = trusted.issue("Asha Verma")
    trusted.revoke(signer)
    first = house.put(make_organisation(), trusted.issue("Ravi Menon").sign())
    house.do(fetch_answers)
    assert first.keys
    paper = house.put(make_organisation(), locked(signer))
    unlock(house, paper)
    assert paper.verdict == "revoked"
    assert wants(paper) == first.keys, "their renewals concern it, too"


def test_an_answer_that_was_missing_locks_again_and_is_used_at_the_next_unlocking(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    signer = trusted.issue("Asha Verma")
    trusted.revoke(signer)
    paper = house.put(make_organisation(), locked(signer))
    unlock(house, paper)
    assert paper.verdict == "valid", "revocation not known yet"
    (key,) = paper.keys
    house.do(fetch_answers)
    house.do(jobs.recheck_waiting, key)
    paper.recheck_if_due()
    assert paper.version.reason == "password"
    unlock(house, paper)
    assert paper.verdict == "revoked"
    ask_again(house, paper)
    check_now(house, paper)
    assert (paper.verdict, paper.version.reason) == ("revoked", "password"), "red stays red, and can be unlocked"
    unlock(house, paper)
    assert (paper.verdict, paper.version.reason) == ("revoked", None)


def test_a_check_that_fails_does_not_whitewash_what_was_revoked(
    app: Flask, house: House, trusted: Issuer, make_organisation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = trusted.issue("Asha Verma")
    trusted.revoke(signer)
    house.put(make_organisation(), trusted.issue("Ravi Menon").sign())
    house.do(fetch_answers)
    paper = house.put(make_organisation(), signer.sign())
    paper.recheck_if_due()
    before = paper.version
    assert before.verdict == "revoked"
    ask_again(house, paper)
    with broken_checker(app, monkeypatch):
        check_now(house, paper)
    after = paper.version
    assert (after.verdict, after.reason, after.report) == ("revoked", before.reason, before.report)
    assert after.checked_at == before.checked_at
    assert after.recheck_at is not None
    assert after.recheck_at <= utc_now() + HOUR
    event = paper.events("verdict:reached")[-1]
    assert (event.data["verdict"], event.data["not_checked"]) == ("revoked", "error")
    for reason in ("timeout", "damaged", "limit"):
        ask_again(house, paper)
        house.do(checking.record_verdict, job_actor(paper.member.organisation_id), paper.version_id, failed(reason))
        assert paper.verdict == "revoked"


def test_a_first_check_that_met_a_restart_is_tried_again_within_the_hour(
    app: Flask, house: House, trusted: Issuer, make_organisation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken_checker(app, monkeypatch):
        paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    version = paper.version
    assert (version.verdict, version.reason, version.failures) == ("not_checkable", "error", 1)
    assert version.recheck_at is not None
    assert version.recheck_at <= utc_now() + HOUR - timedelta(minutes=10)
    paper.recheck()
    assert (paper.verdict, paper.version.failures) == ("valid", 0)


def test_a_change_of_trust_during_a_later_check_is_not_lost(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    paper.set(recheck_at=utc_now())
    begun = house.do(rechecking.begin_recheck, actor, paper.version_id)
    house.do(rechecking.bring_organisation_forward, actor)
    found = replace(paper.report, checked_at=utc_now())
    house.do(rechecking.record_recheck, actor, paper.version_id, found, None, begun[1])
    version = paper.version
    assert version.recheck_at is not None
    assert (version.recheck_at <= utc_now(), version.recheck_why) == (True, "trust")
    begun = house.do(rechecking.begin_recheck, actor, paper.version_id)
    house.do(rechecking.record_recheck, actor, paper.version_id, found, None, begun[1])
    assert paper.version.recheck_why == "schedule", "what nobody changed follows the schedule"


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_change_of_trust_during_a_check_that_somebody_waits_for_is_not_lost(
    house: House, trusted: Issuer, make_organisation: Make, all_of_them: bool
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor, found = job_actor(paper.member.organisation_id), paper.report
    paper.set(verdict="checking", report=None, recheck_at=None, checked_at=None)
    house.do(checking.begin_check, actor, paper.version_id)
    house.do(jobs.recheck_all, "" if all_of_them else str(paper.member.organisation_id))
    house.do(checking.record_verdict, actor, paper.version_id, found)
    version = paper.version
    assert version.recheck_at is not None
    assert (version.verdict, version.recheck_at <= utc_now(), version.recheck_why) == ("valid", True, "trust")


def test_a_change_of_trust_while_a_document_is_unlocked_is_not_lost(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), locked(trusted.issue("Asha Verma", crl=False)))
    house.do(rechecking.bring_organisation_forward, job_actor(paper.member.organisation_id))
    begun = house.ask(checking.begin_unlock, paper.member.actor, paper.document_id)
    house.do(rechecking.bring_organisation_forward, job_actor(paper.member.organisation_id))
    report = house.do(checking.ask_checker, begun, PASSWORD)
    house.ask(checking.record_unlocked, paper.member.actor, paper.document_id, paper.version_id, report, None, report)
    assert (paper.verdict, paper.version.recheck_why) == ("valid", "trust")
    paper.recheck_if_due()
    assert paper.version.reason == "password"


def test_a_check_for_a_change_of_trust_that_fails_is_tried_again_for_that(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    house.do(rechecking.bring_organisation_forward, actor)
    _, seen = house.do(rechecking.begin_recheck, actor, paper.version_id)
    house.do(rechecking.record_recheck, actor, paper.version_id, failed("timeout"), None, seen)
    version = paper.version
    assert version.recheck_at is not None
    assert (version.verdict, version.recheck_why) == ("valid", "trust")
    assert version.recheck_at <= utc_now() + HOUR
    house.do(rechecking.bring_forward, actor, [paper.version_id], [])
    assert paper.version.recheck_why == "trust", "an answer that comes meanwhile is the weaker reason"


def test_nobody_waits_for_answers_about_what_is_not_checked_again(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    assert len(wants(paper)) == 1
    house.ask(service.bin_document, paper.member.actor, paper.document_id)
    paper.recheck()
    assert len(wants(paper)) == 1, "it can still be restored"
    with paper.inside():
        long_ago = utc_now() - timedelta(days=rules.BIN_DAYS + 1)
        db.session.execute(update(Document).where(Document.id == paper.document_id).values(binned_at=long_ago))
    paper.recheck()
    assert (wants(paper), paper.version.recheck_at) == ([], None)
    other = house.put(make_organisation(), trusted.issue("Ravi Menon").sign())
    actor = job_actor(other.member.organisation_id)
    other.set(recheck_at=utc_now())
    _, seen = house.do(rechecking.begin_recheck, actor, other.version_id)
    unsigned = Report(Verdict.NOT_SIGNED, utc_now(), signed=False)
    house.do(rechecking.record_recheck, actor, other.version_id, unsigned, None, seen)
    assert wants(other) == []


def test_what_comes_out_of_the_bin_is_checked_at_once(house: House, trusted: Issuer, make_organisation: Make) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    house.ask(service.bin_document, paper.member.actor, paper.document_id)
    paper.recheck()
    version = paper.version
    assert version.recheck_at is not None
    assert version.recheck_at > utc_now() + 6 * DAY
    house.ask(service.restore_document, paper.member.actor, paper.document_id)
    version = paper.version
    assert version.recheck_at is not None
    assert version.recheck_at <= utc_now()
    assert house.waiting("vault.recheck_due")


def test_where_only_the_word_for_others_changed_the_mail_says_that_one(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    paper.set(recheck_at=utc_now())
    _, seen = house.do(rechecking.begin_recheck, actor, paper.version_id)
    found = replace(paper.report, checked_at=utc_now())
    doubt = Verdict.SIGNER_NOT_CONFIRMED
    house.do(rechecking.record_recheck, actor, paper.version_id, found, doubt, seen)
    house.do(telling.tell_changes, actor)
    (mail,) = house.mails_to(paper.member)
    said = " ".join(mail.text.split())
    assert "others were told “Signature valid” until now, from now on “Signer not confirmed”" in said
    assert "until now “Signature valid”, from now on “Signature valid”" not in said


def test_a_check_that_was_queued_twice_is_written_down_once(
    house: House, trusted: Issuer, make_organisation: Make
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor, found = job_actor(paper.member.organisation_id), paper.report
    paper.set(verdict="checking", report=None)
    before = len(paper.events("verdict:reached"))
    for _ in range(2):
        house.do(checking.record_verdict, actor, paper.version_id, found)
    assert len(paper.events("verdict:reached")) == before + 1
