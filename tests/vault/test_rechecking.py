"""Documents are checked again by themselves: when a revocation comes to light, when trust changes, on a schedule."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from entitylocker.access import Role
from entitylocker.config import Settings
from entitylocker.extensions import utc_now
from entitylocker.jobs.queue import housekeeper, job_actor
from entitylocker.jobs.worker import build_queue
from entitylocker.signatures.checker import CheckerClient
from entitylocker.signatures.verdicts import Verdict
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.trust.service import add_certificates, add_to_installation
from entitylocker.vault import jobs, rechecking, service, telling
from entitylocker.vault.deposits import Upload, deposit
from entitylocker.vault.events import VerdictChanged
from entitylocker.vault.views import Details
from tests.factories import Member, Organisations
from tests.oauth.world import make_world
from tests.trust.issuers import Issuer
from tests.vault.helpers import Sender, text_of
from tests.vault.house import House, Paper

TWO_DAYS = timedelta(days=2)


@pytest.mark.parametrize("way", ["crl", "ocsp"])
def test_a_revocation_comes_to_light_and_the_portal_is_refused(
    app: Flask, house: House, settings: Settings, trusted: Issuer, organisations: Organisations,
    changes: list[VerdictChanged], way: str,
) -> None:  # fmt: skip
    signer = trusted.issue("Asha Verma", crl=way == "crl", responder=way == "ocsp")
    world = make_world(app, organisations, settings.base_url)
    paper = house.put(world.giver, signer.sign(), type_code="PANCR")
    assert paper.verdict == "valid", "by policy if-known, revocation not known yet"
    (key,) = paper.keys

    house.do(fetch_answers)
    assert ({"key": key}, -10, None) in house.waiting("vault.recheck_waiting")
    house.do(jobs.recheck_waiting, key)
    paper.recheck_if_due()
    assert (paper.verdict, paper.keys) == ("valid", []), "now it is known that the certificate was not revoked"
    report = paper.report
    assert report.signatures[0].still_good is True
    assert paper.among(changes) == []

    token = world.tokens(documents=[paper.document_id])
    consent_id = token["consent_id"]
    address = f"/api/v1/consents/{consent_id}/documents/{paper.document_id}/content"
    assert world.program.get(address, token["access_token"]).status_code == 200

    trusted.revoke(signer)
    paper.set(checked_at=utc_now() - TWO_DAYS)
    house.fetch_again(key)
    house.do(jobs.recheck_waiting, key)
    assert paper.verdict == "valid", "what is shown stays until there is something else"
    paper.recheck_if_due()
    assert paper.verdict == "revoked"

    (event,) = paper.events()
    assert event.actor_kind == "job"
    facts = {name: event.data[name] for name in ("before", "verdict", "why", "version")}
    assert facts == {"before": "valid", "verdict": "revoked", "why": "revocation", "version": 1}
    assert paper.among(changes) == [("valid", "revoked", "revocation")]
    refused = world.program.get(address, token["access_token"])
    assert refused.status_code in (403, 409)
    assert "revoked" in refused.text

    assert ({"organisation_id": str(world.giver.organisation_id)}, 0, True) in house.waiting("vault.tell_changes")
    officer = organisations.add_member(Role.RECORDS_OFFICER, world.giver.organisation_id)
    reader = organisations.add_member(Role.READER, world.giver.organisation_id)
    house.do(jobs.tell_changes, str(world.giver.organisation_id))
    house.do(jobs.tell_changes, str(world.giver.organisation_id))
    for told in (world.giver, officer):
        (mail,) = house.mails_to(told)
        said = " ".join(mail.text.split())
        assert "Certificate: until now “Signature valid”, from now on “Signer's certificate revoked”" in said
        assert f"{settings.base_url}/organisations/{world.giver.organisation_id}/documents?changed=1" in mail.text
    assert house.mails_to(reader) == []


def test_the_overview_and_the_list_point_it_out_for_a_month(
    app: Flask, house: House, trusted: Issuer, organisations: Organisations, make_organisation: Callable[..., Member]
) -> None:
    sender = Sender(make_organisation())
    changed = house.put(sender.member, trusted.issue("Asha Verma").sign(), "Changed one")
    house.put(sender.member, trusted.issue("Ravi Menon").sign(), "Other one")
    assert "verdict of one document changed" not in text_of(sender.get(""))
    changed.set(verdict="revoked", verdict_before="valid", verdict_changed_at=utc_now())
    assert "The verdict of one document changed" in text_of(sender.get(""))
    page = text_of(sender.get("/documents?changed=1"))
    assert "Changed one" in page
    assert "Other one" not in page
    assert "Until now: Signature valid" in page
    changed.set(verdict_changed_at=utc_now() - timedelta(days=31))
    assert "document changed" not in text_of(sender.get(""))
    assert "Changed one" not in text_of(sender.get("/documents?changed=1"))
    newcomer = Sender(organisations.add_member(Role.MEMBER, sender.member.organisation_id))
    changed.set(verdict_changed_at=utc_now())
    assert "document changed" not in text_of(newcomer.get("")), "who sees no documents is told nothing of them"


def test_a_check_that_finds_the_same_is_quiet(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member], changes: list[Any]
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    before = paper.version
    paper.recheck()
    after = paper.version
    assert before.checked_at is not None
    assert after.checked_at is not None
    assert after.checked_at > before.checked_at
    assert after.recheck_at is not None
    assert after.recheck_at > utc_now() + timedelta(hours=23)
    assert (after.verdict, after.verdict_changed_at, paper.events()) == ("valid", None, [])
    assert paper.among(changes) == []
    assert len(paper.events("verdict:reached")) == 1


def test_a_list_of_somebody_else_changes_nothing(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    signer = trusted.issue("Asha Verma")
    stranger = Issuer("Stranger", 1)
    trusted.revoke(signer)
    trusted.says["/list.crl"] = lambda: (200, trusted.list(stranger.key))
    paper = house.put(make_organisation(), signer.sign())
    (key,) = paper.keys
    house.do(fetch_answers)
    house.do(jobs.recheck_waiting, key)
    paper.recheck_if_due()
    assert paper.verdict == "valid"
    assert paper.report.signatures[0].still_good is None
    assert paper.keys == [key], "the question stays open"


def test_the_next_document_of_an_issuer_is_checked_with_what_is_at_hand(
    app: Flask, house: House, settings: Settings, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    first, second = trusted.issue("Asha Verma"), trusted.issue("Ravi Menon")
    trusted.revoke(second)
    house.put(make_organisation(), first.sign())
    house.do(fetch_answers)
    asked = len(trusted.asked)
    paper = house.put(make_organisation(), second.sign())
    assert paper.version.recheck_at is not None
    assert paper.version.recheck_at <= utc_now()
    paper.recheck_if_due()
    assert paper.verdict == "revoked"
    assert len(trusted.asked) == asked


def test_trust_that_changes_has_everything_checked_again(
    app: Flask, house: House, settings: Settings, issuer: Issuer, make_organisation: Callable[..., Member],
    changes: list[VerdictChanged],
) -> None:  # fmt: skip
    member, other = make_organisation(), make_organisation()
    signed = issuer.issue("Asha Verma").sign()
    paper, elsewhere = house.put(member, signed), house.put(other, signed)
    assert paper.verdict == elsewhere.verdict == "signer_not_confirmed"
    with app.test_request_context():
        add_certificates(member.actor, [issuer.der])
    queued = {"organisation_id": str(member.organisation_id)}
    assert (queued, -10, None) in house.waiting("vault.recheck_all")
    house.do(jobs.recheck_all, queued["organisation_id"])
    paper.recheck_if_due()
    assert (paper.verdict, elsewhere.verdict) == ("valid", "signer_not_confirmed")
    (event,) = paper.events()
    assert (event.data["why"], event.data["outward"]) == ("trust", "signer_not_confirmed")
    assert paper.among(changes) == [("signer_not_confirmed", "valid", "trust")]
    assert elsewhere.among(changes) == []


def test_the_trust_of_the_installation_concerns_everybody(
    app: Flask, house: House, settings: Settings, issuer: Issuer, organisations: Organisations,
    make_organisation: Callable[..., Member],
) -> None:  # fmt: skip
    papers = [house.put(make_organisation(), issuer.issue("Asha Verma").sign()) for _ in range(2)]
    house.ask(add_to_installation, organisations.operator(), [issuer.der])
    assert ({"organisation_id": ""}, -10, None) in house.waiting("vault.recheck_all")
    house.do(jobs.recheck_all, "")
    for paper in papers:
        house.do(rechecking.recheck, job_actor(paper.member.organisation_id), paper.version_id)
    assert [paper.verdict for paper in papers] == ["valid", "valid"]


def test_while_the_checker_is_away_the_verdict_stays_and_it_is_tried_again(
    app: Flask,
    house: House,
    trusted: Issuer,
    make_organisation: Callable[..., Member],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    with monkeypatch.context() as broken:
        broken.setattr(app.extensions["entitylocker"], "checker", CheckerClient("/nowhere/checker.sock"))
        paper.set(recheck_at=utc_now() - timedelta(days=1000))
        assert house.do(rechecking.recheck_due, housekeeper(), 5) is False
    version = paper.version
    assert version.verdict == "valid"
    assert version.recheck_at is not None
    assert utc_now() < version.recheck_at <= utc_now() + timedelta(hours=1)


def test_a_check_that_was_overtaken_is_forgotten(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    report = paper.report
    bad = replace(report, verdict=Verdict.ALTERED)
    paper.set(recheck_at=utc_now())
    begun = house.do(rechecking.begin_recheck, actor, paper.version_id)
    assert begun is not None
    assert house.do(rechecking.begin_recheck, actor, paper.version_id) is None, "nobody else takes it meanwhile"
    _, seen = begun
    paper.set(checked_at=utc_now())
    house.do(rechecking.record_recheck, actor, paper.version_id, bad, None, seen)
    paper.set(checked_at=seen.checked_at, verdict="checking")
    house.do(rechecking.record_recheck, actor, paper.version_id, bad, None, seen)
    assert paper.verdict == "checking"
    paper.set(verdict="valid")
    house.do(rechecking.record_recheck, actor, paper.version_id, bad, None, seen)
    assert paper.verdict == "altered"


def test_what_is_in_the_bin_waits_and_what_is_not_due_too(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    paper = house.put(make_organisation(), trusted.issue("Asha Verma").sign())
    actor = job_actor(paper.member.organisation_id)
    assert house.do(rechecking.begin_recheck, actor, paper.version_id) is None
    with app.test_request_context():
        service.bin_document(paper.member.actor, paper.document_id)
    paper.set(recheck_at=utc_now())
    assert house.do(rechecking.begin_recheck, actor, paper.version_id) is None
    assert paper.version.recheck_at is not None
    assert paper.version.recheck_at > utc_now() + timedelta(days=6)


def test_a_version_without_bytes_stops_no_other(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    member = make_organisation()
    lost, other = (house.put(member, trusted.issue(name).sign()) for name in ("Asha Verma", "Ravi Menon"))
    app.extensions["entitylocker"].store.delete(f"{member.organisation_id}/{lost.version_id}")
    lost.set(recheck_at=utc_now() - timedelta(days=1001))
    other.set(recheck_at=utc_now() - timedelta(days=1000))
    before = other.version.checked_at
    house.do(rechecking.recheck_due, housekeeper(), 5)
    assert other.version.checked_at != before
    assert lost.verdict == "valid"


def test_many_changes_are_one_mail(
    app: Flask, house: House, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    member = make_organisation()
    signed = trusted.issue("Asha Verma").sign()
    papers = [house.put(member, signed, f"Paper {number:02}") for number in range(23)]
    for paper in papers:
        paper.set(verdict="revoked", verdict_before="valid", verdict_changed_at=utc_now())
    with app.test_request_context():
        service.bin_document(member.actor, papers[0].document_id)
    house.do(telling.tell_changes, job_actor(member.organisation_id))
    (mail,) = house.mails_to(member)
    assert mail.text.count("- Paper") == 20
    assert "and 2 more" in mail.text
    assert "Paper 00" not in mail.text
    assert "\n" not in mail.subject


def test_asked_for_by_a_person_a_change_is_a_change_too(
    app: Flask, house: House, issuer: Issuer, make_organisation: Callable[..., Member], changes: list[VerdictChanged]
) -> None:
    paper = house.put(make_organisation(), issuer.issue("Asha Verma").sign())
    with app.test_request_context():
        add_certificates(paper.member.actor, [issuer.der])
        service.check_again(paper.member.actor, paper.document_id)
    house.do(service.check_version, str(paper.member.organisation_id), str(paper.version_id))
    assert paper.among(changes) == [("signer_not_confirmed", "valid", "asked")]


def test_the_worker_does_all_of_it_by_itself(
    app: Flask, house: House, settings: Settings, trusted: Issuer, make_organisation: Callable[..., Member]
) -> None:
    member, signer = make_organisation(), trusted.issue("Asha Verma", responder=True)
    trusted.revoke(signer)
    with app.test_request_context():
        done = deposit(member.actor, Upload("paper.pdf", io.BytesIO(signer.sign())), Details("Certificate"))
    paper = Paper(app, member, UUID(done.document_id), UUID(done.version_id))

    async def work() -> None:
        queue = build_queue(app, settings.database_worker_url, [])
        async with queue.open_async():
            await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    asyncio.run(work())
    assert paper.verdict == "revoked"
    (event,) = paper.events()
    # Work that other tests left behind may have asked for the same check, for another reason.
    assert (event.data["before"], event.data["verdict"]) == ("valid", "revoked")
