"""The worker: takes jobs from the queue and runs them, one organisation at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import procrastinate
from flask import Flask
from procrastinate import PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy.engine import make_url

from entitylocker.jobs.queue import Job, jobs, manner_of

log = logging.getLogger(__name__)

_ATTEMPTS = 8
# A job that fails is tried again after 2, 4, 8, … seconds.
_RETRY = RetryStrategy(max_attempts=_ATTEMPTS, exponential_wait=2)
# What is done for others who may be away for long: after 4, 16, 64, … seconds, the last time after 18 hours.
_RETRY_FOR_A_DAY = RetryStrategy(max_attempts=_ATTEMPTS, exponential_wait=4)
# A worker says every ten seconds that it lives.
_DEAD_AFTER = 120.0
HOUSEKEEPING_CRON = "17 * * * *"
OFTEN_CRON = "*/10 * * * *"


def connection_facts(url: str) -> dict[str, Any]:
    """A SQLAlchemy address as psycopg's connection parameters, with the queue's schema in the search path."""
    address = make_url(url)
    facts = {
        "host": address.query.get("host", address.host),
        "port": address.port,
        "dbname": address.database,
        "user": address.username,
        "password": address.password,
        "options": "-c search_path=public,queue",
    }
    return {name: value for name, value in facts.items() if value is not None}


def build_queue(app: Flask, url: str, hourly: list[Job], often: Sequence[Job] = ()) -> procrastinate.App:
    """The queue with every registered job; those in `hourly` are also put in once an hour, `often` all ten minutes."""
    queue = procrastinate.App(connector=PsycopgConnector(kwargs=connection_facts(url), min_size=1, max_size=4))
    for name, function in jobs().items():
        manner = manner_of(function)
        retry = _RETRY_FOR_A_DAY if manner.persistent else _RETRY
        registered = queue.task(name=name, retry=retry, priority=manner.priority)(_in_context(app, function))
        for cron, periodic in ((HOUSEKEEPING_CRON, hourly), (OFTEN_CRON, often)):
            if function in periodic:
                queue.periodic(cron=cron)(registered)
    _put_back_hourly(queue)
    return queue


def _put_back_hourly(queue: procrastinate.App) -> None:
    """What a worker had in its hands when it died is put back; what it dies of again and again is given up."""

    @queue.periodic(cron=HOUSEKEEPING_CRON)
    @queue.task(name="jobs.put_back")
    async def put_back(timestamp: int) -> None:
        manager = queue.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER):
            log.warning("the worker of job %s (%s) died", job.id, job.task_name)
            if job.attempts >= _ATTEMPTS:
                await manager.finish_job(job, Status.FAILED, delete_job=False)
                continue
            try:
                await manager.retry_job(job)
            except UniqueViolation:
                # Another of those that are put in only once waits to begin and does the same.
                await manager.finish_job(job, Status.FAILED, delete_job=True)


def _in_context(app: Flask, function: Job) -> Callable[..., None]:
    def run(**arguments: Any) -> None:
        # The queue hands periodic jobs the time they were due; no job of ours asks for it.
        arguments.pop("timestamp", None)
        with app.app_context():
            function(**arguments)

    return run


def run_worker(app: Flask, url: str, hourly: list[Job], often: Sequence[Job] = (), *, at_once: int = 2) -> None:
    """Work until a signal comes. A job that is running then is finished first."""

    async def work() -> None:
        queue = build_queue(app, url, hourly, often)
        async with queue.open_async():
            await queue.run_worker_async(
                concurrency=at_once,
                delete_jobs="successful",
                shutdown_graceful_timeout=25,
                fetch_job_polling_interval=2,
            )

    asyncio.run(work())
