"""The queue in PostgreSQL: a job is put in with the transaction that needs it, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import procrastinate
from sqlalchemy import func, select

from entitylocker.access import Actor, ActorKind, Means
from entitylocker.extensions import db

Job = Callable[..., None]

_BEHIND_OTHERS = -10


@dataclass(frozen=True)
class Manner:
    """How a job is put in. `patient`: behind everything that people wait for. `wait_seconds`: not before that.

    `once`: not while another waits to begin. `persistent`: tried again for about a day.
    """

    name: str
    patient: bool = False
    wait_seconds: int = 0
    once: bool = False
    persistent: bool = False

    @property
    def priority(self) -> int:
        """For procrastinate: higher goes first, 0 is usual."""
        return _BEHIND_OTHERS if self.patient else 0


_jobs: dict[str, Job] = {}
_manners: dict[Job, Manner] = {}

# Only used to put jobs in, always on the connection of the running transaction; the worker opens its own.
_queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def task(
    name: str, *, patient: bool = False, wait_seconds: int = 0, once: bool = False, persistent: bool = False
) -> Callable[[Job], Job]:
    """Register a job under `name` (`room.verb`). Arguments are strings and numbers: ids, never content.

    `patient`: it waits behind all that are not. `wait_seconds`: it begins so long after it was put in, at the
    earliest, and so does for many acts what would be much for each. `once`: put in while another of the name waits
    to begin, it adds nothing; only for jobs that do all there is to do, whatever their arguments. `persistent`: what
    it needs may be away for hours; when it fails it is tried again for about a day, ever more seldom.
    """

    def register(function: Job) -> Job:
        _jobs[name] = function
        _manners[function] = Manner(name, patient, wait_seconds, once, persistent)
        return function

    return register


def jobs() -> dict[str, Job]:
    """Every registered job by its name."""
    return dict(_jobs)


def manner_of(function: Job) -> Manner:
    """How a registered job is put in."""
    return _manners[function]


def defer(function: Job, **arguments: Any) -> None:
    """Queue `function` with the running transaction."""
    manner = manner_of(function)
    if not manner.once or not _is_first(manner.name):
        _put_in(manner, None, arguments)
        return
    # One that waits already is an error of the database: it must not end the transaction.
    with contextlib.suppress(procrastinate.exceptions.AlreadyEnqueued), db.session.begin_nested():
        _put_in(manner, manner.name, arguments)


def _is_first(name: str) -> bool:
    """Whether no other transaction is just putting in the same: else this one would wait for its end, and they could
    wait for each other. Then both put one in.
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(number))))


def _put_in(manner: Manner, queueing_lock: str | None, arguments: dict[str, Any]) -> None:
    later = {"seconds": manner.wait_seconds} if manner.wait_seconds else None
    _queue.configure_task(
        manner.name,
        connection=db.session.connection().connection.driver_connection,
        priority=manner.priority,
        schedule_in=later,
        queueing_lock=queueing_lock,
    ).defer(**arguments)


def housekeeper() -> Actor:
    """The actor of jobs that work for the installation and for no organisation."""
    return Actor(kind=ActorKind.JOB, means=Means.JOB, name="EntityLocker")


def job_actor(organisation_id: UUID | str) -> Actor:
    """The actor of a job that works for one organisation."""
    return Actor(kind=ActorKind.JOB, means=Means.JOB, name="EntityLocker", organisation_id=UUID(str(organisation_id)))
