"""Use cases of housekeeping: bytes that no row names, uploads left half-way, checks that were lost."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import job_actor
from entitylocker.signatures.verdicts import Verdict
from entitylocker.storage.store import ListedObject
from entitylocker.storage.sweep import orphans
from entitylocker.tenancy import DatabaseRole, open_use_case, use_case
from entitylocker.vault import checking, rules
from entitylocker.vault.models import Version
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

# A check takes seconds; one that has waited so long was lost with the worker that had begun it.
LOST_AFTER = timedelta(minutes=15)
_BATCH = 1000


@open_use_case("lists in use cases of the worker's role; the store is spoken to while no transaction is open")
def sweep(actor: Actor, grace: timedelta) -> int:
    """Remove objects older than `grace` that no row names, and uploads in parts that were never finished.

    Answers how many objects were removed. Can be repeated and may run twice at a time. Raises
    StoreUnavailable.
    """
    store = engines().documents.objects
    removed = 0
    for batch in _batches(item for item in store.list_keys(older_than=grace) if _version_id(item.key)):
        known = known_keys(actor, [item.key for item in batch])
        for key in orphans(batch, known, now=utc_now(), grace=grace):
            store.delete(key)
            removed += 1
    ended = store.abort_incomplete(older_than=grace)
    for organisation_id, version_id in list_lost_checks(actor):
        checking.queue_check(job_actor(organisation_id), version_id)
    log.info("swept: %s objects, %s unfinished uploads", removed, ended)
    return removed


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def known_keys(actor: Actor, keys: list[str]) -> set[str]:
    """Those of `keys` that a version names."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    ids = [version_id for key in keys if (version_id := _version_id(key)) is not None]
    found = db.session.execute(select(Version.organisation_id, Version.id).where(Version.id.in_(ids)))
    return {rules.object_key(organisation_id, version_id) for organisation_id, version_id in found}


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_lost_checks(actor: Actor) -> list[tuple[UUID, UUID]]:
    """Versions that have waited for their check for longer than any check takes: (organisation, version)."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    waiting = select(Version.organisation_id, Version.id).where(
        Version.verdict == Verdict.CHECKING.value, Version.created_at < utc_now() - LOST_AFTER
    )
    return [(organisation_id, version_id) for organisation_id, version_id in db.session.execute(waiting.limit(_BATCH))]


def _version_id(key: str) -> UUID | None:
    """The version an object key names, None for objects that are not the vault's."""
    organisation, _, version = key.partition("/")
    try:
        UUID(organisation)
        return UUID(version)
    except ValueError:
        return None


def _batches(items: Iterable[ListedObject]) -> Iterator[list[ListedObject]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
