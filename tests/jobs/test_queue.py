"""Jobs are put in with their transaction or not at all, and the worker runs them."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask, current_app

from entitylocker import tenancy
from entitylocker.config import Settings
from entitylocker.jobs.queue import defer, task
from entitylocker.jobs.worker import build_queue, connection_facts
from entitylocker.tenancy import Tenant

_seen: list[tuple[str, str]] = []


@task("tests.note")
def note(word: str) -> None:
    """What the worker ran, and in which application."""
    _seen.append((word, current_app.name))


def waiting(settings: Settings, word: str) -> int:
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        found: Any = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'tests.note' AND args->>'word' = %s", [word]
        ).fetchone()
    return int(found[0])


def test_a_job_is_put_in_with_its_transaction(in_app: Flask, settings: Settings) -> None:
    kept, lost = uuid4().hex, uuid4().hex
    with tenancy.transaction(Tenant()):
        defer(note, word=kept)
        assert waiting(settings, kept) == 0
    with pytest.raises(ZeroDivisionError), tenancy.transaction(Tenant()):
        defer(note, word=lost)
        raise ZeroDivisionError
    assert (waiting(settings, kept), waiting(settings, lost)) == (1, 0)


def test_the_worker_runs_a_job_inside_the_application(app: Flask, settings: Settings) -> None:
    word = uuid4().hex
    with app.app_context(), tenancy.transaction(Tenant()):
        defer(note, word=word)

    async def work() -> None:
        queue = build_queue(app, settings.database_worker_url, [])
        async with queue.open_async():
            await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    asyncio.run(work())
    assert (word, "entitylocker") in _seen
    assert waiting(settings, word) == 0


@task("tests.patient", patient=True)
def patient() -> None:
    """Work that may wait."""


@task("tests.later", wait_seconds=120)
def later() -> None:
    """Work that does for many acts what would be much for each."""


def test_patient_work_waits_behind_everything_else_and_later_work_for_its_time(
    in_app: Flask, settings: Settings
) -> None:
    with tenancy.transaction(Tenant()):
        defer(patient)
        defer(later)
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        found = connection.execute(
            "SELECT task_name, priority < 0, scheduled_at BETWEEN now() + interval '1 minute' AND now() + interval "
            "'2 minutes' FROM procrastinate_jobs WHERE task_name IN ('tests.patient', 'tests.later')"
        ).fetchall()
    assert set(found) == {("tests.patient", True, None), ("tests.later", False, True)}


def test_periodic_work_is_registered_with_its_priority(app: Flask, settings: Settings) -> None:
    queue = build_queue(app, settings.database_worker_url, [note], [patient])
    found = {
        (periodic.task.name, periodic.cron, periodic.task.priority)
        for periodic in queue.periodic_registry.periodic_tasks.values()
    }
    own = ("jobs.put_back", "17 * * * *", 0)
    assert found == {("tests.note", "17 * * * *", 0), ("tests.patient", "*/10 * * * *", -10), own}


@task("tests.only_one", once=True)
def only_one(word: str) -> None:
    """Work of which one waits at a time."""


def test_what_a_worker_that_died_had_in_its_hands_is_put_back(app: Flask, settings: Settings) -> None:
    died, alive, hopeless, single = (uuid4().hex for _ in range(4))
    with app.app_context(), tenancy.transaction(Tenant()):
        for word in (died, alive, hopeless):
            defer(note, word=word)
        defer(only_one, word=single)
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        (dead_id,), (living_id,) = (
            connection.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s * interval '1 s') RETURNING id",
                [age],
            ).fetchone()
            or (None,)
            for age in (130, 30)
        )
        for word, worker_id, attempts in (
            (died, dead_id, 0),
            (alive, living_id, 0),
            (hopeless, dead_id, 8),
            (single, dead_id, 0),
        ):
            connection.execute(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s, attempts = %s"
                " WHERE args->>'word' = %s",
                [worker_id, attempts, word],
            )
    with app.app_context(), tenancy.transaction(Tenant()):
        defer(only_one, word=uuid4().hex)

    async def put_back() -> None:
        queue = build_queue(app, settings.database_worker_url, [])
        async with queue.open_async():
            await queue.tasks["jobs.put_back"](timestamp=0)

    asyncio.run(put_back())
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        found = connection.execute(
            "SELECT args->>'word', status::text, attempts FROM procrastinate_jobs WHERE args->>'word' = ANY(%s)",
            [[died, alive, hopeless, single]],
        ).fetchall()
        connection.execute("DELETE FROM procrastinate_jobs WHERE args->>'word' = ANY(%s)", [[died, alive, hopeless]])
    assert set(found) == {(died, "todo", 1), (alive, "doing", 0), (hopeless, "failed", 9)}
