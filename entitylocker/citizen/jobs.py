"""Jobs: check what was lent, remove the bytes of what ended, keep the time, sweep what no row names."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.citizen import aftermath, checking, ending, rules
from entitylocker.citizen.models import Lending
from entitylocker.citizen.states import Ending
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import housekeeper, job_actor, task
from entitylocker.storage.errors import ObjectCorrupted, ObjectMissing
from entitylocker.storage.sweep import GRACE, orphans
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

PAUSES = (1.0, 4.0, 15.0)


@task(aftermath.CHECK_JOB)
def check_lending(organisation_id: str, lending_id: str) -> None:
    """Check a lent document; after the last failed try, write down that it could not be checked."""
    actor = job_actor(organisation_id)
    for pause in (*PAUSES, None):
        try:
            checking.check_lending(actor, UUID(lending_id))
            return
        except (ObjectMissing, ObjectCorrupted) as fault:
            log.error("lending %s cannot be read: %s", lending_id, fault)
            break
        except (LockerError, OSError) as fault:
            log.warning("lending %s was not checked: %s", lending_id, fault)
            if pause is not None:
                time.sleep(pause)
    checking.give_up_check(actor, UUID(lending_id))


@task(aftermath.CLEAR_JOB)
def clear_lending(organisation_id: str, lending_id: str) -> None:
    """Remove the bytes of a lending that ended. Its key is gone already: what is left in the store is noise."""
    engines().documents.delete(rules.object_key(UUID(organisation_id), UUID(lending_id)))


@task(aftermath.NOTE_JOB)
def note_ending(organisation_id: str, thing_id: str, kind: str) -> None:
    """What the end or change of a link ended in an organisation: into its trail, and the bytes away."""
    actor = job_actor(organisation_id)
    if kind == "lending":
        ending.note_unlinked(actor, UUID(thing_id))
        clear_lending(organisation_id, thing_id)
    else:
        because = aftermath.RENAMED if kind == aftermath.RENAMED else Ending.UNLINKED.value
        ending.note_hidden(actor, UUID(thing_id), because)


@task("citizen.keep_time", patient=True)
def keep_time() -> None:
    """End the lendings whose day is over, remind of those whose day comes near."""
    for organisation_id, lending_id, is_over in ending.list_due(housekeeper()):
        act = ending.end_by_time if is_over else ending.remind
        try:
            act(job_actor(organisation_id), lending_id)
        except NotFound:
            continue


@task("citizen.sweep", patient=True)
def sweep(grace_seconds: float = GRACE.total_seconds()) -> None:
    """Remove lent bytes that no open lending names."""
    store = engines().documents.objects
    older = GRACE if grace_seconds == GRACE.total_seconds() else type(GRACE)(seconds=grace_seconds)
    listed = list(store.list_keys(prefix=rules.PREFIX, older_than=older))
    for start in range(0, len(listed), 1000):
        batch = listed[start : start + 1000]
        known = known_keys(housekeeper(), [item.key for item in batch])
        for key in orphans(batch, known, now=utc_now(), grace=older):
            store.delete(key)


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def known_keys(actor: Actor, keys: list[str]) -> set[str]:
    """Those of `keys` that an open lending names."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    ids = [found for key in keys if (found := rules.lending_of(key)) is not None]
    rows = db.session.execute(
        select(Lending.organisation_id, Lending.id).where(Lending.id.in_(ids), Lending.ended_at.is_(None))
    )
    return {rules.object_key(organisation_id, lending_id) for organisation_id, lending_id in rows}
