"""What is asked of issuers has an end, and nobody can have the locker ask or keep without measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.config import Settings
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, housekeeper
from entitylocker.jobs.worker import connection_facts
from entitylocker.signatures.report import Report, SignatureReport, Wanted
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust import answers, fetching
from entitylocker.trust.answer_models import RevocationAnswer, RevocationWant
from entitylocker.trust.answer_rules import key_of
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.vault.recheck_rules import has_expired
from tests.factories import Member
from tests.trust.issuers import Issuer, issuing

DAY = timedelta(days=1)


@pytest.fixture
def issuer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """An issuer that the locker may call."""
    with issuing(f"Issuer {uuid7()}") as made:
        monkeypatch.setattr(app.extensions["entitylocker"], "outgoing", made.outgoing())
        yield made


@pytest.fixture(autouse=True)
def alone(in_app: Flask) -> None:
    """What other tests left behind is neither due nor being asked, nor still to be taken up."""
    _quieten()
    while fetching.take_up(housekeeper()):
        _quieten()


def _quieten() -> None:
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        later = utc_now() + 30 * DAY
        quiet = update(RevocationAnswer).values(next_try_at=later, claimed_until=None, created_at=later - 60 * DAY)
        db.session.execute(quiet)


class Subject:
    """Something that is checked again and again."""

    def __init__(self, place: UUID) -> None:
        self.place, self.id = place, uuid7()

    def ask(self, *wanted: Wanted, reason: str | None = None) -> None:
        """A check that missed these."""
        signature = SignatureReport("Signature1", Verdict.VALID, reason=reason, wanted=wanted)
        report = Report(Verdict.VALID, utc_now(), signatures=(signature,))
        with tenancy.transaction(Tenant(organisation_id=self.place)):
            answers.forget_unasked(self.place, self.id, report, once=has_expired(report))
            answers.note_wanted(self.place, self.id, report)

    def forget(self) -> None:
        with tenancy.transaction(Tenant(organisation_id=self.place)):
            answers.forget_wanted(self.place, self.id)

    @property
    def keys(self) -> set[str]:
        with tenancy.transaction(Tenant(organisation_id=self.place)):
            mine = select(RevocationWant.key).where(RevocationWant.subject_id == self.id)
            return set(db.session.scalars(mine))


@pytest.fixture
def subject(make_organisation: Callable[..., Member]) -> Subject:
    return Subject(make_organisation(verified=False).organisation_id)


def change(wanted: Wanted, **values: Any) -> None:
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        mine = update(RevocationAnswer).where(RevocationAnswer.key == key_of(wanted))
        db.session.execute(mine.values(**values))


def fetch_again(wanted: Wanted) -> None:
    change(wanted, next_try_at=utc_now())
    fetch_answers()


def row_of(wanted: Wanted) -> RevocationAnswer | None:
    with tenancy.transaction(Tenant()):
        return db.session.get(RevocationAnswer, key_of(wanted))


def list_at(issuer: Issuer, name: str = "list") -> Wanted:
    """A question for a list; all of them are answered alike."""
    issuer.says[f"/{name}.crl"] = lambda: (200, issuer.list())
    return Wanted("crl", f"{issuer.base}/{name}.crl")


def test_a_question_is_forgotten_that_is_neither_asked_nor_answered_any_more(issuer: Issuer, subject: Subject) -> None:
    asked, answered, overdue = (list_at(issuer, name) for name in ("asked", "answered", "overdue"))
    del issuer.says["/asked.crl"]
    subject.ask(asked, answered, overdue)
    fetch_answers()
    subject.ask(asked)
    assert subject.keys == {key_of(asked), key_of(answered), key_of(overdue)}, "an answer at hand need not be asked for"
    change(overdue, next_update=utc_now() - DAY)
    subject.ask(asked)
    assert subject.keys == {key_of(asked), key_of(answered)}
    subject.ask()
    assert subject.keys == {key_of(answered)}
    subject.forget()
    assert subject.keys == set()
    asked_before = len(issuer.asked)
    fetch_again(answered)
    assert len(issuer.asked) == asked_before, "what nobody wants is not asked for"
    change(answered, next_try_at=utc_now() - 8 * DAY)
    fetch_answers()
    assert row_of(answered) is None


def test_what_is_large_and_wanted_by_nobody_goes_at_once(issuer: Issuer, subject: Subject) -> None:
    large, small = list_at(issuer, "large"), list_at(issuer, "small")
    subject.ask(large, small)
    fetch_answers()
    change(large, size=100_000)
    subject.forget()
    fetch_answers()
    assert (row_of(large), row_of(small) is None) == (None, False)


def test_after_many_failures_it_takes_a_check_that_asks_again(issuer: Issuer, subject: Subject) -> None:
    wanted = Wanted("crl", f"{issuer.base}/gone.crl")
    subject.ask(wanted)
    fetch_answers()
    change(wanted, failures=fetching.MOST_FAILURES)
    fetch_again(wanted)
    assert len(issuer.asked) == 1
    subject.ask(wanted)
    fetch_answers()
    assert len(issuer.asked) == 2
    fetch_again(wanted)
    assert len(issuer.asked) == 2, "once for each time it was asked for"


def test_one_answer_is_enough_where_the_certificates_have_expired(issuer: Issuer, subject: Subject) -> None:
    wanted = list_at(issuer)
    subject.ask(wanted, reason="expired")
    fetch_answers()
    subject.ask(reason="expired")
    fetch_again(wanted)
    assert issuer.asked == [("GET", "/list.crl")]
    assert subject.keys == {key_of(wanted)}, "it is handed over still"
    Subject(subject.place).ask(wanted)
    fetch_again(wanted)
    assert len(issuer.asked) == 2, "for others it is renewed"


def test_an_organisation_may_have_only_so_many_bytes_kept_for_it(
    issuer: Issuer, subject: Subject, make_organisation: Callable[..., Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = list_at(issuer, "first"), list_at(issuer, "second")
    monkeypatch.setattr(fetching, "MOST_BYTES_OF_ORGANISATION", len(issuer.list()) + 50)
    subject.ask(first)
    fetch_answers()
    subject.ask(second)
    fetch_answers()
    row = row_of(second)
    assert row is not None
    assert (row.size, row.failures) == (None, 1)
    fetch_again(first)
    kept = row_of(first)
    assert kept is not None
    assert (kept.failures, bool(kept.size)) == (0, True), "what is there can be renewed"
    Subject(make_organisation(verified=False).organisation_id).ask(second)
    fetch_again(second)
    row = row_of(second)
    assert row is not None
    assert row.size, "whom others ask for is kept for them"


def test_new_questions_of_all_organisations_together_have_a_limit(
    issuer: Issuer, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_PER_HOUR_IN_ALL", 2)
    questions = [list_at(issuer, f"list{number}") for number in range(4)]
    subject.ask(*questions)
    fetch_answers()
    assert len(issuer.asked) == 2


def test_slow_servers_keep_one_place_of_the_workers_at_most(issuer: Issuer, subject: Subject) -> None:
    one, other = Wanted("crl", f"{issuer.base}/a.crl"), Wanted("crl", "http://127.0.0.2/b.crl")
    subject.ask(one, other)
    fetching.take_up(housekeeper())
    claim = fetching.claim_next(housekeeper())
    assert claim is not None
    assert fetching.claim_next(housekeeper()) is None
    assert fetching.fetch_due(housekeeper(), 10) is False, "the job gives its place back at once"
    fetching.record_failure(housekeeper(), claim, "slow")
    assert fetching.claim_next(housekeeper()) is not None


def test_what_is_asked_for_meanwhile_is_not_left_to_the_next_job(app: Flask, issuer: Issuer, subject: Subject) -> None:
    first, second = list_at(issuer, "first"), list_at(issuer, "second")
    honest = issuer.says["/first.crl"]

    def asking_more() -> tuple[int, bytes]:
        with app.app_context():
            subject.ask(second)
        return honest()

    issuer.says["/first.crl"] = asking_more
    subject.ask(first)
    fetch_answers()
    assert issuer.asked == [("GET", "/first.crl"), ("GET", "/second.crl")]


def test_a_job_that_waits_already_is_not_put_in_once_more(settings: Settings, subject: Subject) -> None:
    def waiting() -> int:
        with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
            count = (
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'trust.fetch_answers' AND status = 'todo'"
            )
            return int(connection.execute(count).fetchall()[0][0])

    with tenancy.transaction(Tenant(organisation_id=subject.place)):
        defer(fetch_answers)
    before = waiting()
    for number in range(3):
        subject.ask(Wanted("crl", f"http://127.0.0.1/{uuid7()}{number}.crl"))
    assert waiting() == before
    assert len(subject.keys) == 1, "the transaction goes on: the last question replaced those before"


def test_two_transactions_that_put_in_the_same_do_not_wait_for_each_other(app: Flask, subject: Subject) -> None:
    def at_the_same_time() -> None:
        with app.app_context(), tenancy.transaction(Tenant(organisation_id=subject.place)):
            db.session.execute(text("SET LOCAL statement_timeout = '5s'"))
            defer(fetch_answers)

    with ThreadPoolExecutor(1) as other, tenancy.transaction(Tenant(organisation_id=subject.place)):
        defer(fetch_answers)
        other.submit(at_the_same_time).result(20)
