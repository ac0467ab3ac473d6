"""Jobs of the vault: check a version, check it again, tell of changes, sweep what no row names."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from uuid import UUID

from entitylocker.errors import LockerError
from entitylocker.jobs.queue import defer, housekeeper, job_actor, task
from entitylocker.storage.errors import ObjectCorrupted, ObjectMissing
from entitylocker.storage.sweep import GRACE
from entitylocker.tenancy import DatabaseRole, Tenant, transaction
from entitylocker.trust.events import AnswerArrived, TrustChanged
from entitylocker.vault import checking, keeping, rechecking, sweeping, telling

log = logging.getLogger(__name__)

# Seconds before the second, third and fourth try: the checker or the store may just be starting again.
PAUSES = (1.0, 4.0, 15.0)


@task(checking.CHECK_JOB)
def check_version(organisation_id: str, version_id: str) -> None:
    """Check a version and write down the verdict; after the last failed try, that it could not be checked."""
    actor = job_actor(organisation_id)
    for pause in (*PAUSES, None):
        try:
            checking.check(actor, UUID(version_id))
            return
        except (ObjectMissing, ObjectCorrupted) as fault:
            # Trying again does not bring bytes back.
            log.error("version %s cannot be read: %s", version_id, fault)
            break
        except (LockerError, OSError) as fault:
            log.warning("version %s was not checked: %s", version_id, fault)
            if pause is not None:
                time.sleep(pause)
    checking.give_up(actor, UUID(version_id))


# A job gives its place back soon: documents that were just deposited are checked in between.
RECHECK_SECONDS = 5.0
# Changes of so long go into one mail.
TELL_AFTER_SECONDS = 120


@task(keeping.RECHECK_JOB, patient=True)
def recheck_due() -> None:
    """Check again what is due; what is left then is for the next job."""
    if rechecking.recheck_due(housekeeper(), RECHECK_SECONDS):
        _defer_recheck()


@task("vault.recheck_waiting", patient=True)
def recheck_waiting(key: str) -> None:
    """An answer about revocation has come: have whatever waited for it checked again."""
    rechecking.bring_forward_waiting(housekeeper(), key)
    _defer_recheck()


@task("vault.recheck_all", patient=True)
def recheck_all(organisation_id: str) -> None:
    """Whom one trusts has changed: have everything signed checked again, of one organisation or (empty) of all."""
    rechecking.bring_all_forward(housekeeper(), UUID(organisation_id) if organisation_id else None)
    _defer_recheck()


@task(keeping.TELL_JOB, wait_seconds=TELL_AFTER_SECONDS)
def tell_changes(organisation_id: str) -> None:
    """Tell the organisation's people whose verdicts have changed since they were told last."""
    telling.tell_changes(job_actor(organisation_id))


def on_answer_arrived(event: AnswerArrived) -> None:
    """Reaction: queue the checks that waited for the answer."""
    defer(recheck_waiting, key=event.key)


def on_trust_changed(event: TrustChanged) -> None:
    """Reaction: queue checks of everything that the change may concern."""
    defer(recheck_all, organisation_id=str(event.organisation_id or ""))


def _defer_recheck() -> None:
    with transaction(Tenant(DatabaseRole.WORKER)):
        defer(recheck_due)


@task("vault.sweep")
def sweep(grace_seconds: float = GRACE.total_seconds()) -> None:
    """Remove the bytes that no row names and end uploads left half-way; queue checks that were lost."""
    sweeping.sweep(housekeeper(), timedelta(seconds=grace_seconds))
