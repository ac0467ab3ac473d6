"""The locker with its jobs, and a document in it, for tests of what happens by itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from flask import Flask
from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import job_actor
from entitylocker.jobs.worker import connection_facts
from entitylocker.notifications.models import OutboxMessage
from entitylocker.signatures.report import Report
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.trust.answer_models import RevocationAnswer
from entitylocker.trust.answer_rules import key_of
from entitylocker.trust.answers import wanted_by
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.vault import rechecking, service
from entitylocker.vault.deposits import Upload, deposit
from entitylocker.vault.events import VerdictChanged
from entitylocker.vault.models import Version
from entitylocker.vault.views import Details
from tests.factories import Member


@dataclass
class Paper:
    """A document in the locker, and how it stands. Each act has a context of its own, as each job has."""

    app: Flask
    member: Member
    document_id: UUID
    version_id: UUID

    @contextmanager
    def inside(self) -> Iterator[None]:
        place = self.member.organisation_id
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
            yield

    @property
    def version(self) -> Version:
        with self.inside():
            found = db.session.get(Version, self.version_id)
        assert found is not None
        return found

    @property
    def verdict(self) -> str:
        return self.version.verdict

    @property
    def report(self) -> Report:
        stored = self.version.report
        assert stored is not None
        return Report.from_json(stored)

    @property
    def keys(self) -> list[str]:
        """The answers that its last check missed."""
        return [key_of(one) for one in wanted_by(self.report)]

    def set(self, **values: Any) -> None:
        with self.inside():
            db.session.execute(update(Version).where(Version.id == self.version_id).values(**values))

    def recheck(self) -> None:
        """As if its day had come."""
        self.set(recheck_at=utc_now())
        self.recheck_if_due()

    def recheck_if_due(self) -> None:
        """What the job does for each version that is due; other tests leave many of them."""
        with self.app.app_context():
            rechecking.recheck(job_actor(self.member.organisation_id), self.version_id)

    def among(self, changes: list[VerdictChanged]) -> list[tuple[str, str, str]]:
        """What other rooms heard of this document."""
        return [(one.before, one.verdict, one.why) for one in changes if one.version_id == self.version_id]

    def events(self, tag: str = "verdict:changed") -> list[Event]:
        place = self.member.organisation_id
        with self.inside():
            found = select(Event).where(Event.organisation_id == place, Event.tag == tag).order_by(Event.sequence)
            return list(db.session.scalars(found))


@dataclass
class House:
    """The locker with its jobs."""

    app: Flask
    settings: Settings

    def put(self, member: Member, content: bytes, title: str = "Certificate", *, type_code: str | None = None) -> Paper:
        """Deposit a file and check it for the first time."""
        with self.app.test_request_context():
            done = deposit(member.actor, Upload("paper.pdf", io.BytesIO(content)), Details(title, type_code))
        self.do(service.check_version, str(member.organisation_id), done.version_id)
        return Paper(self.app, member, UUID(done.document_id), UUID(done.version_id))

    def do(self, job: Callable[..., Any], *arguments: Any) -> Any:
        """Run a job as the worker does."""
        with self.app.app_context():
            return job(*arguments)

    def ask(self, act: Callable[..., Any], *arguments: Any) -> Any:
        """Do something as within a request."""
        with self.app.test_request_context():
            return act(*arguments)

    def fetch_again(self, key: str) -> None:
        """As if the time had come to ask the issuer again."""
        with self.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            due = update(RevocationAnswer).where(RevocationAnswer.key == key)
            db.session.execute(due.values(next_try_at=utc_now()))
        self.do(fetch_answers)

    def mails_to(self, member: Member) -> list[OutboxMessage]:
        with self.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            sent = select(OutboxMessage).where(
                OutboxMessage.recipient == member.email, OutboxMessage.subject.contains("judged")
            )
            return list(db.session.scalars(sent))

    def waiting(self, name: str) -> list[tuple[dict[str, Any], int, bool | None]]:
        """Jobs of this name: arguments, priority, whether they begin later."""
        with psycopg.connect(**connection_facts(self.settings.database_worker_url)) as connection:
            return connection.execute(
                "SELECT args, priority, scheduled_at > now() FROM procrastinate_jobs WHERE task_name = %s", [name]
            ).fetchall()
