"""Answers about revocation are fetched once for everybody, kept, asked for again, and never by more than one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Role
from entitylocker.cli.doctor import examine
from entitylocker.config import Settings, load_settings
from entitylocker.engines.health import Finding
from entitylocker.errors import LockerError
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import housekeeper
from entitylocker.outgoing import Outgoing
from entitylocker.signatures.report import Report, SignatureReport, Wanted
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust import answers, fetching
from entitylocker.trust.answer_models import RevocationAnswer, RevocationWant
from entitylocker.trust.answer_rules import key_of
from entitylocker.trust.events import AnswerArrived
from entitylocker.trust.fetch_jobs import fetch_answers
from tests.factories import Member
from tests.trust.issuers import Issuer, as_pem, issuing
from tests.trust.questions import ocsp_question

NOW = datetime.now(UTC)


@pytest.fixture
def issuer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """An issuer that the locker may call."""
    with issuing(f"Issuer {uuid7()}") as made:
        monkeypatch.setattr(app.extensions["entitylocker"], "outgoing", made.outgoing())
        yield made


@pytest.fixture
def place(make_organisation: Callable[..., Member]) -> UUID:
    return make_organisation(verified=False).organisation_id


def report(*wanted: Wanted) -> Report:
    return Report(Verdict.VALID, NOW, signatures=(SignatureReport("Signature1", Verdict.VALID, wanted=wanted),))


def note(place: UUID, *wanted: Wanted, subject_id: UUID | None = None) -> bool:
    with tenancy.transaction(Tenant(organisation_id=place)):
        return answers.note_wanted(place, subject_id or uuid7(), report(*wanted))


def row_of(wanted: Wanted) -> RevocationAnswer | None:
    with tenancy.transaction(Tenant()):
        return db.session.get(RevocationAnswer, key_of(wanted))


def at_hand(*wanted: Wanted) -> answers.Answers:
    with tenancy.transaction(Tenant()):
        return answers.answers_at_hand(wanted)


def make_due(wanted: Wanted) -> None:
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(
            update(RevocationAnswer).where(RevocationAnswer.key == key_of(wanted)).values(next_try_at=utc_now())
        )


def test_a_list_that_is_wanted_is_fetched_once_for_everybody(
    in_app: Flask, issuer: Issuer, place: UUID, make_organisation: Callable[..., Member]
) -> None:
    wanted = Wanted("crl", f"{issuer.base}/list.crl")
    assert note(place, wanted) is False
    assert note(make_organisation(verified=False).organisation_id, wanted) is False
    fetch_answers()
    fetch_answers()
    assert issuer.asked == [("GET", "/list.crl")]
    row = row_of(wanted)
    assert row is not None
    assert row.fetched_at is not None
    assert row.next_update is not None
    assert NOW < row.next_try_at < row.next_update
    ((crl,), ocsps) = at_hand(wanted)
    assert crl[:1] == b"0"
    assert ocsps == ()
    assert note(place, wanted) is True, "the answer is at hand for the next document at once"


def test_an_ocsp_request_is_posted_and_its_answer_kept(in_app: Flask, issuer: Issuer, place: UUID) -> None:
    wanted = ocsp_question(issuer, issuer.issue("Somebody", responder=True))
    note(place, wanted)
    fetch_answers()
    assert issuer.asked == [("POST", "/ocsp")]
    crls, (response,) = at_hand(wanted)
    assert crls == ()
    assert response


def test_what_the_subject_ever_wanted_is_handed_over_to_its_next_check(
    in_app: Flask, issuer: Issuer, place: UUID
) -> None:
    subject_id, other = uuid7(), uuid7()
    crl = Wanted("crl", f"{issuer.base}/list.crl")
    question = ocsp_question(issuer, issuer.issue("Somebody", responder=True))
    note(place, crl, question, subject_id=subject_id)
    note(place, crl, subject_id=other)
    fetch_answers()
    note(place, subject_id=subject_id)
    with tenancy.transaction(Tenant(organisation_id=place)):
        assert [len(kind) for kind in answers.hand_over(place, subject_id)] == [1, 1]
        assert [len(kind) for kind in answers.hand_over(place, other)] == [1, 0]
        assert answers.hand_over(place, uuid7()) == ((), ())
    waiting = {subject: served for _, subject, served in fetching.list_waiting(housekeeper(), key_of(crl))}
    assert waiting == {subject_id: True, other: True}


def test_whoever_waits_is_told_once_and_only_of_what_is_new(
    in_app: Flask, issuer: Issuer, place: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setitem(tenancy._reactions, AnswerArrived, [heard.append])
    wanted, crl = Wanted("crl", f"{issuer.base}/list.crl"), issuer.list()
    issuer.says["/list.crl"] = lambda: (200, as_pem(crl))
    note(place, wanted)
    for _ in range(3):
        fetch_answers()
        make_due(wanted)
    assert len(issuer.asked) == 3
    assert heard == [AnswerArrived(key_of(wanted))]
    issuer.says.clear()
    fetch_answers()
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ((404, b""), "outgoing_bad_answer status_404"),
        ((200, b"<html>Welcome to our hotel</html>"), "no_answer not_der"),
        ((200, b""), "no_answer not_der"),
        ((200, b"0" * (10 * 1024 * 1024 + 1)), "outgoing_too_large"),
        ((302, b""), "outgoing_bad_answer status_302"),
    ],
)
def test_a_failure_keeps_what_there_was_and_the_pauses_grow(
    in_app: Flask, issuer: Issuer, place: UUID, says: tuple[int, bytes], error: str
) -> None:
    wanted = Wanted("crl", f"{issuer.base}/list.crl")
    note(place, wanted)
    fetch_answers()
    kept = at_hand(wanted)
    issuer.says["/list.crl"] = lambda: says
    pauses = []
    for failures in (1, 2, 3):
        make_due(wanted)
        fetch_answers()
        row = row_of(wanted)
        assert row is not None
        assert (row.failures, row.last_error, row.claimed_until) == (failures, error, None)
        pauses.append(row.next_try_at - utc_now())
    assert pauses == sorted(pauses)
    assert at_hand(wanted) == kept
    issuer.says.clear()
    make_due(wanted)
    fetch_answers()
    row = row_of(wanted)
    assert row is not None
    assert (row.failures, row.last_error) == (0, None)


def test_what_lies_inside_is_not_called(
    app: Flask, in_app: Flask, place: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["entitylocker"], "outgoing", Outgoing())
    with issuing("Inside") as inside:
        reached = Wanted("crl", f"http://127.0.0.1/{uuid7()}.crl"), Wanted("crl", f"{inside.base}/list.crl")
        note(place, *reached)
        fetch_answers()
    assert inside.asked == []
    rows = [row_of(each) for each in reached]
    assert [row and row.last_error for row in rows] == ["outgoing_not_public", "outgoing_address_refused port"]


def test_one_question_is_put_by_one_worker_at_a_time_and_one_url_too(app: Flask, issuer: Issuer, place: UUID) -> None:
    signers = [issuer.issue(f"Signer {number}", responder=True) for number in range(6)]
    questions = [ocsp_question(issuer, signer) for signer in signers]
    inside, most = 0, 0
    lock = threading.Lock()
    honest = issuer.respond

    def counting(request: bytes) -> bytes:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        answered = honest(request)
        threading.Event().wait(0.05)
        with lock:
            inside -= 1
        return answered

    issuer.respond = counting  # type: ignore[method-assign]
    with app.app_context():
        note(place, *questions)

    def work(_number: int) -> None:
        with app.app_context():
            fetch_answers()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with app.app_context():
        fetch_answers()
        assert len(at_hand(*questions)[1]) == 6
    assert most == 1
    assert len(issuer.asked) == 6


def test_a_worker_that_died_keeps_nobody_waiting_for_long(
    in_app: Flask, issuer: Issuer, place: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_CLAIMS", 10_000)
    wanted = Wanted("crl", f"{issuer.base}/list.crl")
    note(place, wanted)
    fetching.take_up(housekeeper())
    claims = []
    while (claim := fetching.claim_next(housekeeper())) is not None:
        claims.append(claim.key)
    assert key_of(wanted) in claims
    fetch_answers()
    assert issuer.asked == []
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        long_ago = utc_now() - timedelta(seconds=1)
        db.session.execute(
            update(RevocationAnswer).where(RevocationAnswer.key.in_(claims)).values(claimed_until=long_ago)
        )
    fetch_answers()
    assert issuer.asked == [("GET", "/list.crl")]


def test_one_document_and_one_organisation_may_have_only_so_much_asked(
    in_app: Flask, place: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def number_of_wants() -> int:
        with tenancy.transaction(Tenant(organisation_id=place)):
            return len(
                list(db.session.scalars(select(RevocationWant.key).where(RevocationWant.organisation_id == place)))
            )

    many = [Wanted("crl", f"http://10.0.0.1/{uuid7()}.crl") for _ in range(100)]
    subject_id = uuid7()
    note(place, *many, subject_id=subject_id)
    note(place, *many[50:], subject_id=subject_id)
    assert number_of_wants() == answers.MOST_OF_SUBJECT
    monkeypatch.setattr(answers, "MOST_PER_HOUR", answers.MOST_OF_SUBJECT + 3)
    for each in many[answers.MOST_OF_SUBJECT :][:10]:
        note(place, each)
    assert number_of_wants() == answers.MOST_OF_SUBJECT + 3
    known = many[0]
    fetching.take_up(housekeeper())
    note(place, known)
    assert number_of_wants() == answers.MOST_OF_SUBJECT + 4, "what is asked already costs nothing more"


def test_switched_off_nothing_is_remembered_and_nothing_fetched(
    app: Flask, in_app: Flask, issuer: Issuer, place: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = app.extensions["entitylocker"]
    wanted = Wanted("crl", f"{issuer.base}/list.crl")
    note(place, wanted)
    monkeypatch.setattr(room, "settings", replace(room.settings, revocation=False))
    assert note(place, Wanted("crl", f"{issuer.base}/other.crl")) is False
    fetch_answers()
    assert issuer.asked == []


def test_only_the_worker_writes_answers_and_nobody_sees_what_others_want(
    in_app: Flask, issuer: Issuer, place: UUID, member_actor: Callable[..., Actor]
) -> None:
    wanted = Wanted("crl", f"{issuer.base}/list.crl")
    note(place, wanted)
    fetch_answers()
    for role in (DatabaseRole.APP, DatabaseRole.OPERATOR):
        with pytest.raises(ProgrammingError), tenancy.transaction(Tenant(role)):
            db.session.execute(update(RevocationAnswer).values(failures=1))
    with tenancy.transaction(Tenant(organisation_id=uuid7())):
        assert list(db.session.scalars(select(RevocationWant.key))) == []
    reader = replace(member_actor(Role.READER), organisation_id=None, person_id=None)
    with pytest.raises(LockerError):
        fetching.list_waiting(reader, key_of(wanted))


def of_doctor(settings: Settings) -> Finding:
    return next(finding for finding in examine(settings) if finding.name == "revocation")


def test_doctor_says_whether_answers_come_in(in_app: Flask, settings: Settings, issuer: Issuer, place: UUID) -> None:
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(update(RevocationAnswer).values(failures=0, next_try_at=utc_now() + timedelta(days=1)))
    gone, there = Wanted("crl", f"{issuer.base}/gone.crl"), Wanted("crl", f"{issuer.base}/list.crl")
    note(place, gone, there)
    fetch_answers()
    finding = of_doctor(settings)
    assert finding.ok, "that one server of an issuer is gone is usual"
    assert "answers about revoked certificates are at hand" in finding.message
    assert f"{issuer.host} (outgoing_bad_answer status_404)" in finding.message
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        db.session.execute(update(RevocationAnswer).values(fetched_at=utc_now() - timedelta(days=3)))
    finding = of_doctor(settings)
    assert not finding.ok
    assert "ENTITYLOCKER_OUTGOING_ALLOW" in finding.advice


def test_doctor_knows_that_it_is_switched_off_and_a_mistyped_list(settings: Settings) -> None:
    assert "switched off" in of_doctor(replace(settings, revocation=False)).message
    mistyped = of_doctor(replace(settings, outgoing_allow="http://ca.inside/"))
    assert not mistyped.ok
    assert "ENTITYLOCKER_OUTGOING_ALLOW" in mistyped.message


def test_the_switch_and_the_list_are_settings(tmp_path: Path) -> None:
    environ = {"ENTITYLOCKER_REVOCATION": "off", "ENTITYLOCKER_OUTGOING_ALLOW": "ca.inside:8080"}
    read = load_settings(tmp_path, environ)
    assert (read.revocation, read.outgoing_allow) == (False, "ca.inside:8080")
    assert load_settings(tmp_path, {}).revocation is True
