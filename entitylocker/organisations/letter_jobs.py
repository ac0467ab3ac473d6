"""The job that removes order letters which no row names: put before a commit that never came."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.extensions import Base, db, utc_now
from entitylocker.jobs.queue import housekeeper, task
from entitylocker.organisations.letters import PREFIX
from entitylocker.organisations.models import Lettered
from entitylocker.storage.sweep import GRACE, orphans
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

_BATCH = 1000


@task("organisations.sweep_letters", patient=True)
def sweep_letters(grace_seconds: float = GRACE.total_seconds()) -> None:
    """Remove letters older than the grace that no row names. Can be repeated and may run twice at a time."""
    grace = timedelta(seconds=grace_seconds)
    store = engines().documents.objects
    listed = list(store.list_keys(prefix=PREFIX, older_than=grace))
    for start in range(0, len(listed), _BATCH):
        batch = listed[start : start + _BATCH]
        named = list_named(housekeeper(), [item.key for item in batch])
        for key in orphans(batch, named, now=utc_now(), grace=grace):
            store.delete(key)
            log.info("swept letter %s", key)


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def list_named(actor: Actor, keys: list[str]) -> set[str]:
    """Those of `keys` that a row of any kind names as its letter."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    ids = [row_id for key in keys if (row_id := _row_id(key)) is not None]
    return {
        key
        for table in _lettered()
        for key in db.session.scalars(select(table.letter_object).where(table.id.in_(ids)))
        if key is not None
    }


def _lettered() -> list[Any]:
    """Every kind of row that may have a letter, of this room and of those above."""
    return [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Lettered)]


def _row_id(key: str) -> UUID | None:
    try:
        return UUID(key.removeprefix(PREFIX).partition("/")[0])
    except ValueError:
        return None
