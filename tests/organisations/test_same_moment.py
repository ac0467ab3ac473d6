"""Two acts at the same moment: one order of locks; where they meet all the same, a friendly answer and another try."""

from __future__ import annotations

import asyncio
import html
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from psycopg.rows import dict_row
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.config import Settings
from entitylocker.consents import service as consents
from entitylocker.errors import SameMoment
from entitylocker.extensions import db
from entitylocker.jobs.queue import defer, task
from entitylocker.jobs.worker import build_queue, connection_facts
from entitylocker.organisations import service
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rights import lock_organisations
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations, csrf_token
from tests.oauth.world import World, make_world
from tests.organisations.helpers import post
from tests.organisations.test_members import invite

MANY = 400


def holding(member: Member) -> AbstractContextManager[Any]:
    """A transaction of the member's organisation."""
    return tenancy.transaction(Tenant(organisation_id=member.organisation_id))


def start_and_let_it_wait(settings: Settings, thread: threading.Thread) -> None:
    """Start the thread and go on as soon as it waits for a lock of this test's own transaction."""
    mine = db.session.scalar(text("SELECT pg_backend_pid()"))
    asked = "SELECT count(*) FROM pg_stat_activity a WHERE %s = ANY (pg_blocking_pids(a.pid))"
    with psycopg.connect(**connection_facts(settings.database_owner_url), autocommit=True) as look:
        thread.start()
        for _ in range(MANY):
            found: Any = look.execute(asked, [mine]).fetchone()
            if found[0]:
                return
            thread.join(0.01)
    raise AssertionError("nobody came to wait")


def run(act: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(act())
        except Exception as fault:
            found.append(fault)

    return threading.Thread(target=work), found


def meet(member: Member, settings: Settings, tail: str, **data: Any) -> Any:
    """Send a form that locks the organisation, while another transaction locks membership and organisation."""
    thread, found = run(lambda: post(member, tail, **data))
    with pytest.raises(ZeroDivisionError), member.app.app_context(), holding(member):
        db.session.execute(select(Membership.id).with_for_update())
        start_and_let_it_wait(settings, thread)
        lock_organisations(member.organisation_id)
        raise ZeroDivisionError
    thread.join(30)
    return found[0]


def state_of(member: Member) -> OrganisationState:
    return member.actor.organisation_state


def test_who_meets_another_act_is_asked_to_try_again_and_loses_nothing(
    organisations: Organisations, settings: Settings
) -> None:
    member = organisations.make()
    reason = 'Somebody lost a "telephone" <today>'
    answer = meet(member, settings, "/suspend", reason=reason)
    assert answer.status_code == 409, answer.text
    assert state_of(member) is OrganisationState.ACTIVE
    assert "at this very moment" in answer.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text))
    assert html.unescape(fields["reason"]) == reason
    (action,) = re.findall(r'<form method="post" action="(/organisations/[^"]+)"', answer.text)
    client = member.client()
    kept = {name: html.unescape(value) for name, value in fields.items()}
    again = client.post(html.unescape(action), data={**kept, "csrf_token": csrf_token(client)})
    assert (again.status_code, state_of(member)) == (303, OrganisationState.SUSPENDED)


def test_a_program_gets_a_problem_and_no_fault(app: Flask) -> None:
    from entitylocker.web.errors import answer

    with app.test_request_context("/api/v1/x", method="POST"):
        found = answer(SameMoment())
    assert (found.status_code, found.json["code"]) == (409, "same_moment")  # type: ignore[index]


@pytest.mark.parametrize("content", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_secrets_and_files_are_never_written_into_the_page(app: Flask, content: str) -> None:
    from entitylocker.web.errors import answer

    data = {"new_password": "kept to oneself", "name": "Asha"}
    with app.test_request_context("/account/password", method="POST", data=data, content_type=content):
        page = answer(SameMoment()).get_data(as_text=True)
    assert "kept to oneself" not in page
    assert "Asha" not in page


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)


def _consent(world: World) -> tuple[str, UUID, Callable[[], Any]]:
    consent_id = UUID(world.tokens()["consent_id"])
    return "consents", consent_id, lambda: consents.revoke_consent(world.giver.actor, consent_id)


def _invitation(world: World) -> tuple[str, UUID, Callable[[], Any]]:
    found, _ = invite(world.giver, f"{uuid7().hex}@example.in", Role.READER)
    return "invitations", found, lambda: service.revoke_invitation(world.giver.actor, found)


def _check_page(world: World) -> tuple[str, UUID, Callable[[], Any]]:
    document = world.documents["PANCR"]
    with world.app.test_request_context():
        sharing.issue_check_page(world.giver.actor, document, Choices())
    return "documents", document, lambda: sharing.renew_code(world.giver.actor, document)


@pytest.mark.parametrize("scene", [_consent, _invitation, _check_page], ids=["consent", "invitation", "check page"])
def test_an_act_locks_its_organisation_before_what_hangs_on_it(
    world: World, settings: Settings, scene: Callable[[World], tuple[str, UUID, Callable[[], Any]]]
) -> None:
    """Closing locks the organisation and then all of these: the other way round the two would wait for each other."""
    table, row, act = scene(world)

    def work() -> Any:
        with world.app.test_request_context():
            return act()

    thread, found = run(work)
    with world.app.app_context(), holding(world.giver):
        lock_organisations(world.giver.organisation_id)
        start_and_let_it_wait(settings, thread)
        statement = text(f"SELECT id FROM {table} WHERE id = :row FOR UPDATE NOWAIT")
        assert db.session.scalar(statement, {"row": row}) == row
    thread.join(30)
    assert not isinstance(found[0], Exception), found


def test_organisations_are_locked_by_id(organisations: Organisations, app: Flask) -> None:
    ids = sorted(organisations.make().organisation_id for _ in range(2))
    operator = Tenant(tenancy.DatabaseRole.OPERATOR)
    from entitylocker.organisations.operator_life import _SHOWN

    with app.app_context(), tenancy.transaction(operator):
        for wanted in (ids, ids[::-1]):
            assert list(lock_organisations(*wanted, None, columns=_SHOWN)) == ids


def test_nobody_waits_for_ever(app: Flask) -> None:
    """A lock that does not come within the time of the connection ends as a meeting, not as a fault."""
    with app.app_context():
        with tenancy.transaction(Tenant()):
            assert db.session.scalar(text("SHOW lock_timeout")) == "20s"
        with pytest.raises(SameMoment), tenancy.transaction(Tenant()):
            db.session.execute(text("DO $$ BEGIN RAISE lock_not_available; END $$"))


_tries: list[str] = []


@task("tests.meets")
def meets(word: str) -> None:
    """Meets somebody the first time."""
    _tries.append(word)
    if _tries.count(word) == 1:
        raise SameMoment


def test_a_job_that_meets_another_is_put_in_again(app: Flask, settings: Settings) -> None:
    word = uuid7().hex
    with app.app_context(), tenancy.transaction(Tenant()):
        defer(meets, word=word)

    async def work() -> None:
        queue = build_queue(app, settings.database_worker_url, [])
        async with queue.open_async():
            await queue.run_worker_async(wait=False, install_signal_handlers=False, delete_jobs="successful")

    asyncio.run(work())
    facts = connection_facts(settings.database_worker_url)
    with psycopg.connect(**facts, autocommit=True, row_factory=dict_row) as look:
        asked = "SELECT status, attempts FROM procrastinate_jobs WHERE task_name = 'tests.meets' AND args->>'word' = %s"
        row = look.execute(asked, [word]).fetchone()
    # Where much else was to be done, its turn has come again meanwhile.
    done = row is None and _tries.count(word) == 2
    assert done or row == {"status": "todo", "attempts": 1}
