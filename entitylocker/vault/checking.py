"""Use cases of checking: the job's (read, ask the checker, keep the verdict), people's (again, unlock)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, jobs
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.storage.stream import RangeReader
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.trust.answers import hand_over, note_wanted
from entitylocker.trust.store import known_answers, outward_trust_for, trust_for
from entitylocker.vault import rows
from entitylocker.vault.errors import NotLocked, WrongPassword
from entitylocker.vault.keeping import keep
from entitylocker.vault.models import Version
from entitylocker.vault.papers import PieceReader
from entitylocker.web.engine_room import engines

CHECK_JOB = "vault.check_version"


@dataclass(frozen=True)
class Paper:
    """A version that is to be checked, and what the check relies on.

    `outward_trust`: what others rely on, where the organisation has roots of its own.
    """

    version_id: UUID
    reader: RangeReader
    size: int
    trust: TrustStore
    outward_trust: TrustStore | None


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def check(actor: Actor, version_id: UUID) -> None:
    """Check a version that waits for it and write down what was found; one that does not wait is left alone.

    Raises StoreUnavailable, ObjectCorrupted, or what the checker's client raises when it gets no answer.
    """
    paper = begin_check(actor, version_id)
    if paper is not None:
        report = ask_checker(paper)
        record_verdict(actor, version_id, report, ask_for_others(paper, report))


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def unlock(actor: Actor, document_id: UUID, password: str) -> Version:
    """Check a document that opens only with a password, once, with it. Only the report is kept.

    Raises NotFound, PermissionDenied, NotLocked, WrongPassword, StoreUnavailable.
    """
    paper = begin_unlock(actor, document_id)
    report = ask_checker(paper, password)
    if report.verdict is Verdict.NOT_CHECKABLE and report.reason == Reason.PASSWORD:
        raise WrongPassword(field="password")
    missed = report
    paper, report = _with_known_answers(paper, report, password)
    outward = ask_for_others(paper, report, password)
    return record_unlocked(actor, document_id, paper.version_id, report, outward, missed)


@use_case(Permission.DOCUMENT_CHECK)
def begin_check(actor: Actor, version_id: UUID) -> Paper | None:
    """The paper of a version that waits to be checked; None if it does not wait. Raises NotFound.

    A next check that is set from now on came up while this one ran: it does not know what changed.
    """
    version = _version(actor, version_id, locked=True)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict != Verdict.CHECKING.value:
        return None
    version.recheck_at = None
    return paper_of(version)


@use_case(Permission.DOCUMENT_CHECK)
def record_verdict(actor: Actor, version_id: UUID, report: Report, outward: Verdict | None = None) -> None:
    """Write down what a check found, unless another did meanwhile; `outward`: the word for others, where it differs.

    Raises NotFound.
    """
    version = _version(actor, version_id, locked=True)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict == Verdict.CHECKING.value:
        keep(actor, version, report, outward)


@use_case(Permission.DOCUMENT_CHECK)
def give_up(actor: Actor, version_id: UUID) -> None:
    """Write down that a check failed on our side, so that nobody waits for it. Raises NotFound."""
    version = _version(actor, version_id, locked=True)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict == Verdict.CHECKING.value:
        keep(actor, version, Report(Verdict.NOT_CHECKABLE, utc_now(), reason=Reason.ERROR.value), None)


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
    # As for a check: what is set from now on came up meanwhile.
    version.recheck_at = None
    return paper_of(version)


@use_case(Permission.DOCUMENT_EDIT)
def record_unlocked(
    actor: Actor, document_id: UUID, version_id: UUID, report: Report, outward: Verdict | None, missed: Report
) -> Version:
    """Write down what was found with the password, if that is still allowed. `missed`: says what was missing at first.

    Raises NotFound, PermissionDenied, NotLocked if somebody else did it meanwhile.
    """
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_EDIT, rows.facts_of_document(document))
    version = _version(actor, version_id, locked=True)
    if version.reason != Reason.PASSWORD.value:
        raise NotLocked
    record(
        actor,
        EventTag.DOCUMENT_UNLOCK,
        Subject("document", document.id, document.title),
        version=version.number,
    )
    keep(actor, version, report, outward, unlocked=True)
    if version.recheck_at is not None:
        # These answers were at hand and are missed no longer; when they are renewed, there may be news.
        note_wanted(version.organisation_id, version.id, missed)
    return version


def ask_checker(paper: Paper, password: str | None = None) -> Report:
    """What the checker says of the bytes. No transaction may be open. Raises what its client raises."""
    return _ask(paper, paper.trust, password)


def _with_known_answers(paper: Paper, report: Report, password: str) -> tuple[Paper, Report]:
    """Checked once more with the answers at hand that were missing: later there is no password to do it with."""
    known = known_answers(report)
    if not known.crls and not known.ocsps:
        return paper, report
    outward = paper.outward_trust.merged(known) if paper.outward_trust is not None else None
    paper = replace(paper, trust=paper.trust.merged(known), outward_trust=outward)
    again = ask_checker(paper, password)
    return (paper, again) if again.verdict is not Verdict.NOT_CHECKABLE else (paper, report)


def ask_for_others(paper: Paper, report: Report, password: str | None = None) -> Verdict | None:
    """The word for others, None where it is that of `report`: nobody vouches for oneself before others.

    No transaction may be open. Raises what the checker's client raises.
    """
    if paper.outward_trust is None or report.signed is False:
        return None
    outward = _ask(paper, paper.outward_trust, password).verdict
    return None if outward is report.verdict else outward


def paper_of(version: Version) -> Paper:
    """A version to be checked with all that is known now; in a running transaction of its organisation."""
    organisation_id = version.organisation_id
    crls, ocsps = hand_over(organisation_id, version.id)
    fetched = TrustStore(crls=crls, ocsps=ocsps)
    outward = outward_trust_for(organisation_id)
    return Paper(
        version.id,
        rows.reader_of(version),
        version.size,
        trust_for(organisation_id).merged(fetched),
        outward.merged(fetched) if outward is not None else None,
    )


def _ask(paper: Paper, trust: TrustStore, password: str | None) -> Report:
    return engines().checker.check(
        cast(BinaryIO, PieceReader(paper.reader.iter())),
        paper.size,
        trust=trust,
        at=datetime.now(UTC),
        password=password,
        revocation="if-known",
    )


def defer_check(version: Version) -> None:
    """Queue the check of a version with the running transaction. Queued twice, the second finds nothing to do."""
    defer(jobs()[CHECK_JOB], organisation_id=str(version.organisation_id), version_id=str(version.id))


def _version(actor: Actor, version_id: UUID, *, locked: bool = False) -> Version:
    found = select(Version).where(Version.organisation_id == actor.organisation_id, Version.id == version_id)
    version = db.session.scalars(found.with_for_update() if locked else found).one_or_none()
    if version is None:
        raise NotFound
    return version
