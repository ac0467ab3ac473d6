"""Use cases of checking: the job's (read, ask the checker, keep the verdict), people's (again, unlock)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast
from uuid import UUID

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, jobs
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.storage.stream import RangeReader
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.vault import rows
from entitylocker.vault.errors import NotLocked, WrongPassword
from entitylocker.vault.events import VerdictReached
from entitylocker.vault.models import Document, Version
from entitylocker.vault.papers import PieceReader
from entitylocker.web.engine_room import engines

CHECK_JOB = "vault.check_version"


@dataclass(frozen=True)
class Paper:
    """A version that is to be checked."""

    version_id: UUID
    reader: RangeReader
    size: int


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def check(actor: Actor, version_id: UUID) -> None:
    """Check a version that waits for it and write down what was found; one that does not wait is left alone.

    Raises StoreUnavailable, ObjectCorrupted, or what the checker's client raises when it gets no answer.
    """
    paper = begin_check(actor, version_id)
    if paper is not None:
        record_verdict(actor, version_id, ask_checker(paper))


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def unlock(actor: Actor, document_id: UUID, password: str) -> Version:
    """Check a document that opens only with a password, once, with it. Only the report is kept.

    Raises NotFound, PermissionDenied, NotLocked, WrongPassword, StoreUnavailable.
    """
    paper = begin_unlock(actor, document_id)
    report = ask_checker(paper, password)
    if report.verdict is Verdict.NOT_CHECKABLE and report.reason == Reason.PASSWORD:
        raise WrongPassword(field="password")
    return record_unlocked(actor, document_id, paper.version_id, report)


@use_case(Permission.DOCUMENT_CHECK)
def begin_check(actor: Actor, version_id: UUID) -> Paper | None:
    """The paper of a version that waits to be checked; None if it does not wait. Raises NotFound."""
    version = _version(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict != Verdict.CHECKING.value:
        return None
    return Paper(version.id, rows.reader_of(version), version.size)


@use_case(Permission.DOCUMENT_CHECK)
def record_verdict(actor: Actor, version_id: UUID, report: Report) -> None:
    """Write down what a check found. Raises NotFound."""
    version = _version(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    _keep(actor, version, report)


@use_case(Permission.DOCUMENT_CHECK)
def give_up(actor: Actor, version_id: UUID) -> None:
    """Write down that a check failed on our side, so that nobody waits for it. Raises NotFound."""
    version = _version(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict == Verdict.CHECKING.value:
        _keep(actor, version, Report(Verdict.NOT_CHECKABLE, utc_now(), reason=Reason.ERROR.value))


@use_case(Permission.DOCUMENT_CHECK)
def queue_check(actor: Actor, version_id: UUID) -> None:
    """Queue the check of a version that still waits for it. Raises NotFound."""
    version = _version(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict == Verdict.CHECKING.value:
        defer_check(version)


@use_case(Permission.DOCUMENT_EDIT)
def check_again(actor: Actor, document_id: UUID) -> Version:
    """Have the current version of a document checked anew. Raises NotFound, PermissionDenied."""
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_EDIT, rows.facts_of_document(document))
    version = rows.version_row(actor, document)
    if version.verdict != Verdict.CHECKING.value:
        before, version.verdict, version.reason = version.verdict, Verdict.CHECKING.value, None
        subject = Subject("document", document.id, document.title)
        record(actor, EventTag.DOCUMENT_CHECK_AGAIN, subject, version=version.number, before=before)
        defer_check(version)
    return version


@use_case(Permission.DOCUMENT_EDIT)
def begin_unlock(actor: Actor, document_id: UUID) -> Paper:
    """The paper of a document that waits for its password. Raises NotFound, PermissionDenied, NotLocked."""
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_EDIT, rows.facts_of_document(document))
    version = rows.version_row(actor, document)
    if version.reason != Reason.PASSWORD.value:
        raise NotLocked
    return Paper(version.id, rows.reader_of(version), version.size)


@use_case(Permission.DOCUMENT_EDIT)
def record_unlocked(actor: Actor, document_id: UUID, version_id: UUID, report: Report) -> Version:
    """Write down what was found with the password, if that is still allowed.

    Raises NotFound, PermissionDenied.
    """
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_EDIT, rows.facts_of_document(document))
    version = _version(actor, version_id)
    record(
        actor,
        EventTag.DOCUMENT_UNLOCK,
        Subject("document", document.id, document.title),
        version=version.number,
    )
    _keep(actor, version, report)
    return version


def ask_checker(paper: Paper, password: str | None = None) -> Report:
    """What the checker says of the bytes. No transaction may be open. Raises what its client raises."""
    room = engines()
    return room.checker.check(
        cast(BinaryIO, PieceReader(paper.reader.iter())),
        paper.size,
        trust=room.trust,
        at=datetime.now(UTC),
        password=password,
        revocation="if-known",
    )


def defer_check(version: Version) -> None:
    """Queue the check of a version with the running transaction. Queued twice, the second finds nothing to do."""
    defer(jobs()[CHECK_JOB], organisation_id=str(version.organisation_id), version_id=str(version.id))


def _keep(actor: Actor, version: Version, report: Report) -> None:
    before = version.verdict
    version.verdict, version.reason = report.verdict.value, report.reason
    version.report, version.checked_at = report.to_json(), report.checked_at
    title = db.session.scalars(select(Document.title).where(Document.id == version.document_id)).one()
    subject = Subject("document", version.document_id, title)
    facts: dict[str, Any] = {
        "version": version.number,
        "verdict": version.verdict,
        "reason": version.reason,
        "sha256": version.sha256,
    }
    record(actor, EventTag.VERDICT_REACHED, subject, **facts)
    assert actor.organisation_id is not None
    tenancy.publish(
        VerdictReached(actor, actor.organisation_id, version.document_id, version.id, before, version.verdict)
    )


def _version(actor: Actor, version_id: UUID) -> Version:
    found = select(Version).where(Version.organisation_id == actor.organisation_id, Version.id == version_id)
    version = db.session.scalars(found).one_or_none()
    if version is None:
        raise NotFound
    return version
