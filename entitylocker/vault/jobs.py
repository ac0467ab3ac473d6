"""Jobs of the vault: check a version, sweep what no row names."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from uuid import UUID

from entitylocker.errors import LockerError
from entitylocker.jobs.queue import job_actor, task
from entitylocker.storage.errors import ObjectCorrupted, ObjectMissing
from entitylocker.storage.sweep import GRACE
from entitylocker.vault import checking, sweeping

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


@task("vault.sweep")
def sweep(grace_seconds: float = GRACE.total_seconds()) -> None:
    """Remove the bytes that no row names and end uploads left half-way; queue checks that were lost."""
    sweeping.sweep(sweeping.housekeeper(), timedelta(seconds=grace_seconds))
