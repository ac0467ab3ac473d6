"""The queue in PostgreSQL: a job is put in with the transaction that needs it, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import procrastinate

from entitylocker.access import Actor, ActorKind, Means
from entitylocker.extensions import db

Job = Callable[..., None]

_jobs: dict[str, Job] = {}
_names: dict[Job, str] = {}

# Only used to put jobs in, always on the connection of the running transaction; the worker opens its own.
_queue = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def task(name: str) -> Callable[[Job], Job]:
    """Register a job under `name` (`room.verb`). Arguments are strings and numbers: ids, never content."""

    def register(function: Job) -> Job:
        _jobs[name] = function
        _names[function] = name
        return function

    return register


def jobs() -> dict[str, Job]:
    """Every registered job by its name."""
    return dict(_jobs)


def defer(function: Job, **arguments: Any) -> None:
    """Queue `function` with the running transaction."""
    connection = db.session.connection().connection.driver_connection
    _queue.configure_task(_names[function], connection=connection).defer(**arguments)


def job_actor(organisation_id: UUID | str) -> Actor:
    """The actor of a job that works for one organisation."""
    return Actor(kind=ActorKind.JOB, means=Means.JOB, name="EntityLocker", organisation_id=UUID(str(organisation_id)))
