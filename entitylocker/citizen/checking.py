"""Use cases of checking what was lent: the checker looks at it, as at any document; only the outcome is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.citizen.borrowing import reader_of
from entitylocker.citizen.models import Lending
from entitylocker.extensions import db, utc_now
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.storage.stream import RangeReader
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.trust.store import trust_for
from entitylocker.vault.papers import PieceReader
from entitylocker.web.engine_room import engines

_MOST_SIGNERS = 20


@dataclass(frozen=True)
class _Paper:
    """A lent document that waits for its check."""

    reader: RangeReader
    size: int
    trust: TrustStore


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def check_lending(actor: Actor, lending_id: UUID) -> None:
    """Check a lent document that waits for it. Raises StoreUnavailable, ObjectCorrupted, CheckerUnavailable."""
    paper = _begin(actor, lending_id)
    if paper is not None:
        report = engines().checker.check(
            cast(BinaryIO, PieceReader(paper.reader.iter())),
            paper.size,
            trust=paper.trust,
            at=utc_now(),
            revocation="if-known",
        )
        record_report(actor, lending_id, report)


@open_use_case("what it calls asks for the permission")
def give_up_check(actor: Actor, lending_id: UUID) -> None:
    """Write down that a check failed on our side, so that nobody waits for it."""
    record_report(actor, lending_id, Report(Verdict.NOT_CHECKABLE, utc_now(), reason=Reason.ERROR.value))


@use_case(Permission.DOCUMENT_CHECK)
def _begin(actor: Actor, lending_id: UUID) -> _Paper | None:
    require(actor, Permission.DOCUMENT_CHECK, actor.facts)
    row = _waiting(actor, lending_id)
    assert actor.organisation_id is not None
    return None if row is None else _Paper(reader_of(row), row.size, trust_for(actor.organisation_id))


@use_case(Permission.DOCUMENT_CHECK)
def record_report(actor: Actor, lending_id: UUID, report: Report) -> None:
    """Write down what a check found, unless the lending ended meanwhile."""
    require(actor, Permission.DOCUMENT_CHECK, actor.facts)
    row = _waiting(actor, lending_id)
    if row is not None:
        row.verdict, row.reason, row.checked_at = report.verdict.value, report.reason, report.checked_at
        row.signers = list(report.by_whom)[:_MOST_SIGNERS]


def _waiting(actor: Actor, lending_id: UUID) -> Lending | None:
    found = select(Lending).where(
        Lending.organisation_id == actor.organisation_id,
        Lending.id == lending_id,
        Lending.ended_at.is_(None),
        Lending.verdict == Verdict.CHECKING.value,
    )
    return db.session.scalars(found.with_for_update()).one_or_none()
