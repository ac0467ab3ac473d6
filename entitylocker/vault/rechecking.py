"""Use cases of checking again, quietly: the verdict that is shown stays until there is another.

What is due is found in the worker's role; each version is then checked for its own organisation. A version that is
taken is put off first, so that no other worker takes it too, and one whose check fails is tried again an hour later.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, or_, select, update

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import job_actor
from entitylocker.signatures.client import CheckerUnavailable
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Reason, Verdict
from entitylocker.storage.errors import StoreUnavailable
from entitylocker.tenancy import DatabaseRole, open_use_case, use_case
from entitylocker.trust.answers import forget_wanted
from entitylocker.trust.fetching import list_waiting
from entitylocker.vault import checking, keeping
from entitylocker.vault.checking import Paper
from entitylocker.vault.models import Document, Version
from entitylocker.vault.recheck_rules import DAILY, WEEKLY, Why
from entitylocker.vault.rules import bin_opens

log = logging.getLogger(__name__)

_BATCH = 100
_PUT_OFF = timedelta(hours=1)
_SEVERAL = {"synchronize_session": False}


@dataclass(frozen=True)
class Seen:
    """How a version stood when it was taken: why it is checked again, when it last had been, until when put off."""

    why: Why
    checked_at: datetime | None
    put_off: datetime


@open_use_case("lists in a use case of the worker's role, checks each version for its organisation")
def recheck_due(actor: Actor, seconds: float) -> bool:
    """Check what is due, the longest waiting first, for about `seconds`. True: there was more than that.

    A fault of one version stops no other; when checker or store do not answer, nothing more is tried now.
    """
    until = time.monotonic() + seconds
    due = list_due_checks(actor)
    for organisation_id, version_id in due:
        try:
            recheck(job_actor(organisation_id), version_id)
        except (CheckerUnavailable, StoreUnavailable):
            log.warning("version %s was not checked again: checker or store do not answer", version_id)
            return False
        except (LockerError, OSError) as fault:
            log.error("version %s was not checked again: %s", version_id, fault)
        if time.monotonic() > until:
            return True
    return len(due) == _BATCH


@open_use_case("reads and records in use cases of their own; no transaction is open while the checker works")
def recheck(actor: Actor, version_id: UUID) -> None:
    """Check a version again if that is due, and write down what was found.

    Raises StoreUnavailable, ObjectCorrupted, ObjectMissing, or what the checker's client raises.
    """
    begun = begin_recheck(actor, version_id)
    if begun is not None:
        paper, seen = begun
        report = checking.ask_checker(paper)
        outward = checking.ask_for_others(paper, report)
        record_recheck(actor, version_id, report, outward, seen)


@use_case(Permission.DOCUMENT_CHECK)
def begin_recheck(actor: Actor, version_id: UUID) -> tuple[Paper, Seen] | None:
    """What is to be checked again, and how it stood; None if it is not due. Raises NotFound."""
    version = _locked(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    now = utc_now()
    if version.verdict == Verdict.CHECKING.value or version.recheck_at is None or version.recheck_at > now:
        return None
    binned_at = _binned_at(version)
    if binned_at is not None:
        _put_aside(version, binned_at, now)
        return None
    put_off = version.recheck_at = now + _PUT_OFF
    return checking.paper_of(version), Seen(Why(version.recheck_why or Why.SCHEDULE), version.checked_at, put_off)


@use_case(Permission.DOCUMENT_CHECK)
def record_recheck(actor: Actor, version_id: UUID, report: Report, outward: Verdict | None, seen: Seen) -> None:
    """Write down what was found, unless somebody else had it checked in the meantime. Raises NotFound."""
    version = _locked(actor, version_id)
    require(actor, Permission.DOCUMENT_CHECK, Facts(version.organisation_id, document_id=version.document_id))
    if version.verdict != Verdict.CHECKING.value and version.checked_at == seen.checked_at:
        keeping.keep_again(actor, version, report, outward, seen.why, seen.put_off)


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_due_checks(actor: Actor) -> list[tuple[UUID, UUID]]:
    """What is due to be checked again: (organisation, version), the longest waiting first, not all at once."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    due = (
        select(Version.organisation_id, Version.id)
        .where(Version.recheck_at <= utc_now(), Version.verdict != Verdict.CHECKING.value)
        .order_by(Version.recheck_at)
    )
    return list(db.session.execute(due.limit(_BATCH)).tuples())


@open_use_case("lists in a use case of the worker's role, brings forward in use cases of each organisation")
def bring_forward_waiting(actor: Actor, key: str) -> None:
    """An answer about revocation has come: versions that never had one are checked at once, others within a day."""
    waiting: dict[UUID, dict[bool, list[UUID]]] = defaultdict(lambda: {True: [], False: []})
    for organisation_id, version_id, served in list_waiting(actor, key):
        waiting[organisation_id][served].append(version_id)
    for organisation_id, versions in waiting.items():
        bring_forward(job_actor(organisation_id), versions[False], versions[True])


@use_case(Permission.DOCUMENT_CHECK)
def bring_forward(actor: Actor, at_once: list[UUID], in_a_day: list[UUID]) -> None:
    """Have versions checked again: some at once, some a day after their last check."""
    require(actor, Permission.DOCUMENT_CHECK, Facts(actor.organisation_id))
    now = utc_now()
    later = func.least(Version.recheck_at, func.greatest(now, Version.checked_at + DAILY))
    changed = update(Version).where(
        Version.organisation_id == actor.organisation_id,
        Version.id.in_(at_once + in_a_day),
        Version.recheck_at.is_not(None),
    )
    when = case((Version.id.in_(at_once), now), else_=later)
    # A change of trust is the stronger reason, and stays until it was looked at.
    why = case((Version.recheck_why == Why.TRUST.value, Why.TRUST.value), else_=Why.REVOCATION.value)
    db.session.execute(changed.values(recheck_at=when, recheck_why=why), execution_options=_SEVERAL)


@open_use_case("lists in a use case of the worker's role, brings forward in use cases of each organisation")
def bring_all_forward(actor: Actor, organisation_id: UUID | None) -> None:
    """Whom one trusts has changed: everything signed is checked again, of one organisation or (None) of all."""
    for each in [organisation_id] if organisation_id is not None else list_organisations(actor):
        bring_organisation_forward(job_actor(each))


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_organisations(actor: Actor) -> list[UUID]:
    """The organisations with any documents: what is checked for the first time just now is concerned, too."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    return list(db.session.scalars(select(Version.organisation_id).distinct()))


@use_case(Permission.DOCUMENT_CHECK)
def bring_organisation_forward(actor: Actor) -> None:
    """Have everything signed of the actor's organisation checked again, and what is being checked or unlocked now."""
    require(actor, Permission.DOCUMENT_CHECK, Facts(actor.organisation_id))
    concerned = or_(
        Version.recheck_at.is_not(None),
        Version.verdict == Verdict.CHECKING.value,
        Version.reason == Reason.PASSWORD.value,
    )
    mine = (Version.organisation_id == actor.organisation_id, concerned)
    changed = update(Version).where(*mine).values(recheck_at=utc_now(), recheck_why=Why.TRUST.value)
    db.session.execute(changed, execution_options=_SEVERAL)


def _locked(actor: Actor, version_id: UUID) -> Version:
    found = select(Version).where(Version.organisation_id == actor.organisation_id, Version.id == version_id)
    version = db.session.scalars(found.with_for_update()).one_or_none()
    if version is None:
        raise NotFound
    return version


def _binned_at(version: Version) -> datetime | None:
    found = select(Document.binned_at).where(
        Document.organisation_id == version.organisation_id, Document.id == version.document_id
    )
    return db.session.scalars(found).one()


def _put_aside(version: Version, binned_at: datetime, now: datetime) -> None:
    """What lies in the bin waits; what can no longer be taken out of it is not checked again, nor asked about."""
    version.recheck_at = now + WEEKLY
    if binned_at < bin_opens(now):
        version.recheck_at = None
        forget_wanted(version.organisation_id, version.id)
