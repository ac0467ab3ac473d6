"""From bytes to a verdict: with the real checker, and when it fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import Event
from entitylocker.extensions import db, limiter
from entitylocker.signatures.client import CheckerClient
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault import jobs, presenting, service, sweeping
from entitylocker.vault.events import VerdictReached
from entitylocker.vault.verdict_words import WHAT_TO_DO, what_to_do
from tests.factories import Organisations
from tests.vault.helpers import Sender, text_of


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("unsigned", "not_signed"),
        ("valid", "signer_not_confirmed"),
        ("altered", "altered"),
        ("changed_after_signing", "changed_after_signing"),
        ("zero_pages", "not_checkable"),
    ],
)
def test_the_page_says_what_the_checker_found(
    sender: Sender, paper: Callable[[str], bytes], kind: str, verdict: str
) -> None:
    document_id = sender.deposit(paper(kind))["document_id"]
    waiting = sender.get(f"/documents/{document_id}")
    assert 'hx-trigger="every 2s"' in waiting.text
    assert "Look again" in text_of(waiting)
    assert sender.check(document_id) == verdict
    page = sender.get(f"/documents/{document_id}")
    assert "every 2s" not in page.text
    for question in ("Is it signed?", "Is it intact?", "Signed by whom?", "Is the signer trusted?",
                     "Is the signature still good?", "What changed after signing?"):  # fmt: skip
        assert question in text_of(page)
    report = sender.client.get(f"/api/v1{sender.base}/documents/{document_id}/report").get_json()
    assert (report["verdict"], report["report"]["verdict"]) == (verdict, verdict)


def test_under_every_green_stands_what_it_does_not_say(
    sender: Sender, app: Flask, paper: Callable[[str], bytes]
) -> None:
    document_id = sender.deposit(paper("unsigned"))["document_id"]
    sender.check(document_id)
    with app.test_request_context():
        version = service.get_document(sender.member.actor, UUID(document_id)).version
        for verdict in Verdict:
            version.verdict = verdict.value
            green = verdict in (Verdict.VALID, Verdict.VALID_WITH_ADDITIONS)
            assert bool(presenting.show(version).caution) == green


def test_every_verdict_and_reason_says_what_to_do() -> None:
    assert set(WHAT_TO_DO) == set(Verdict)
    assert what_to_do(Verdict.NOT_CHECKABLE, "password") != what_to_do(Verdict.NOT_CHECKABLE, "damaged")


def test_a_verdict_is_an_event_and_tells_the_rooms_above(
    sender: Sender, app: Flask, paper: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setitem(tenancy._reactions, VerdictReached, [heard.append])
    document_id = sender.deposit(paper("altered"))["document_id"]
    sender.check(document_id)
    actor = sender.member.actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        event = db.session.query(Event).filter_by(tag="verdict:reached").one()
    assert (event.actor_kind, event.data["verdict"]) == ("job", "altered")
    assert [(one.before, one.verdict) for one in heard] == [("checking", "altered")]


def test_the_job_done_twice_finds_nothing_more_to_do(sender: Sender, app: Flask, paper: Callable[[str], bytes]) -> None:
    document_id = sender.deposit(paper("unsigned"))["document_id"]
    for _ in range(2):
        assert sender.check(document_id) == "not_signed"
    actor = sender.member.actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        assert db.session.query(Event).filter_by(tag="verdict:reached").count() == 1


def test_a_checker_that_never_answers_ends_as_an_error_and_can_be_asked_again(
    sender: Sender, app: Flask, paper: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = sender.deposit(paper("unsigned"))["document_id"]
    room = app.extensions["entitylocker"]
    monkeypatch.setattr(jobs, "PAUSES", (0.0, 0.0))
    with monkeypatch.context() as broken:
        broken.setattr(room, "checker", CheckerClient("/nowhere/checker.sock"))
        assert sender.check(document_id) == "not_checkable"
    page = text_of(sender.get(f"/documents/{document_id}"))
    assert "The check failed on our side" in page
    assert sender.post(f"/documents/{document_id}/check-again").status_code == 303
    assert sender.listed()[0]["verdict"] == "checking"
    assert sender.check(document_id) == "not_signed"


def test_a_locked_document_is_checked_once_with_its_password(
    sender: Sender, app: Flask, paper: Callable[[str], bytes]
) -> None:
    document_id = sender.deposit(paper("password"))["document_id"]
    assert sender.check(document_id) == "not_checkable"
    page = sender.get(f"/documents/{document_id}")
    assert 'name="password"' in page.text
    wrong = sender.post(f"/documents/{document_id}/unlock", password="wrong")
    assert wrong.status_code == 422
    assert "does not open with this password" in text_of(wrong)
    for _ in range(9):
        sender.post(f"/documents/{document_id}/unlock", password="wrong")
    assert sender.post(f"/documents/{document_id}/unlock", password="open sesame").status_code == 429
    with app.app_context():
        limiter.storage.reset()
    assert sender.post(f"/documents/{document_id}/unlock", password="open sesame").status_code == 303
    assert sender.listed()[0]["verdict"] not in ("not_checkable", "checking")
    assert sender.post(f"/documents/{document_id}/unlock", password="open sesame").status_code == 409
    actor = sender.member.actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        kept = [str(event.canonical) for event in db.session.query(Event)]
        report = str(service.get_document(actor, UUID(document_id)).version.report)
    assert not any("sesame" in text for text in [*kept, report])


def test_only_who_may_edit_may_have_it_checked_again(
    sender: Sender, organisations: Organisations, paper: Callable[[str], bytes]
) -> None:
    document_id = sender.deposit(paper("unsigned"))["document_id"]
    sender.check(document_id)
    reader = Sender(organisations.add_member(Role.READER, sender.member.organisation_id))
    assert reader.post(f"/documents/{document_id}/check-again").status_code == 403
    assert "Check again" not in text_of(reader.get(f"/documents/{document_id}"))


def test_a_lost_check_is_queued_again(sender: Sender, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = sender.deposit()
    queued: list[UUID] = []
    monkeypatch.setattr(sweeping, "LOST_AFTER", timedelta(0))
    monkeypatch.setattr("entitylocker.vault.checking.defer_check", lambda version: queued.append(version.id))
    with app.app_context():
        service.sweep(grace_seconds=3600)
    assert UUID(stored["version_id"]) in queued
