"""What is over is forgotten after its time, by a job; what is open stays, whoever asks for the sweep."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.accounts.factor_models import PasskeyChallenge, SignInTicket
from entitylocker.accounts.models import AddressChange, PasswordReset, PersonSession, SignUp
from entitylocker.accounts.service import load_session, sign_in
from entitylocker.accounts.sessions import Visit
from entitylocker.accounts.sweeping import sweep_accounts, sweep_sessions
from entitylocker.app import HOURLY
from entitylocker.audit.models import Event
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import housekeeper
from entitylocker.jobs.worker import connection_facts
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.web.rate_storage import Throttle
from tests.factories import PASSWORD, Organisations, Person

KEPT = timedelta(days=90)
HOUR = timedelta(hours=1)


def session_of(app: Flask, person: Person, **changed: Any) -> UUID:
    """One more session of that person, which then is made to look as it would after a while."""
    with app.app_context():
        found = load_session(sign_in(person.email, PASSWORD, Visit("203.0.113.9", "Firefox", b"a browser")))
        assert found is not None
        as_it_was = {"last_seen_at": utc_now(), **changed}
        with tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.execute(update(PersonSession).where(PersonSession.id == found.session_id).values(**as_it_was))
    return found.session_id


def sessions_of(app: Flask, person: Person) -> set[UUID]:
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        return set(db.session.scalars(select(PersonSession.id)))


def test_sessions_go_ninety_days_after_they_ended_or_ran_out(app: Flask, organisations: Organisations) -> None:
    person, now = organisations.person(), utc_now()
    settings = app.extensions["entitylocker"].settings
    lifetime, idle = (timedelta(seconds=n) for n in (settings.session_seconds, settings.session_idle_seconds))
    gone = {
        session_of(app, person, ended_at=now - KEPT - HOUR),
        session_of(app, person, created_at=now - KEPT - lifetime - HOUR),
        session_of(app, person, last_seen_at=now - KEPT - idle - HOUR),
    }
    kept = {
        person.session_id,
        session_of(app, person, ended_at=now - KEPT + HOUR),
        session_of(app, person, created_at=now - KEPT - lifetime + HOUR),
        session_of(app, person, last_seen_at=now - KEPT - idle + HOUR),
        session_of(app, person),
    }
    assert sessions_of(app, person) == gone | kept
    with app.app_context():
        sweep_accounts()
        sweep_accounts()
        assert load_session(person.token) is not None
    assert sessions_of(app, person) == kept


def test_a_persons_last_session_stays_so_that_they_hear_of_a_new_browser(
    app: Flask, organisations: Organisations
) -> None:
    person, long_ago = organisations.person(), utc_now() - timedelta(days=900)
    last = session_of(app, person, ended_at=long_ago, last_seen_at=long_ago, created_at=long_ago)
    with app.app_context():
        with tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.execute(update(PersonSession).values(ended_at=long_ago))
        sweep_sessions(housekeeper())
    assert sessions_of(app, person) == {last}


def test_nobody_sweeps_sooner_and_the_worker_in_no_other_way(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    two = {session_of(app, person), person.session_id}
    worker, own = Tenant(DatabaseRole.WORKER), Tenant(person_id=person.person_id)
    with app.app_context():
        with tenancy.transaction(worker):
            db.session.execute(text("SELECT sweep_sessions(-2000000000, -2000000000)"))
        for tenant, act in ((own, "SELECT sweep_sessions(0, 0)"), (worker, "DELETE FROM sessions")):
            with pytest.raises(ProgrammingError, match="permission denied"), tenancy.transaction(tenant):
                db.session.execute(text(act))
    assert sessions_of(app, person) == two


def doors(person: Person, expires_at: Any) -> list[Any]:
    """A row of each kind that is open until `expires_at`."""
    mine, digest = {"person_id": person.person_id, "expires_at": expires_at}, uuid4().bytes
    mail = f"{uuid4().hex}@example.in"
    return [
        SignUp(id=uuid7(), token_digest=digest, name="A", email=mail, password_hash="", expires_at=expires_at),
        SignInTicket(id=uuid7(), token_digest=digest, amr="pwd", epoch=0, **mine),
        PasskeyChallenge(id=uuid7(), challenge_digest=digest, browser_digest=b"", purpose="confirm", **mine),
        PasswordReset(id=uuid7(), token_digest=digest, **mine),
        AddressChange(
            id=uuid7(), token_digest=digest, old_email=mail, old_normalised=mail, new_email=mail, **mine
        ),
        Throttle(key=digest, hits=1, ends_at=expires_at),
    ]  # fmt: skip


def test_whatever_is_open_for_a_while_goes_when_that_is_over(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    over, still_open = doors(person, utc_now() - HOUR), doors(person, utc_now() + HOUR)
    with app.app_context():
        with tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.add_all([*over, *still_open])
        sweep_accounts()
        ended = {row.id for row in over if isinstance(row, (PasswordReset, AddressChange))}
        with tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
            told = set(db.session.scalars(select(Event.subject_id).where(Event.subject_id.in_(ended))))
    assert [is_there(app, row) for row in over] == [False] * len(over)
    assert [is_there(app, row) for row in still_open] == [True] * len(still_open)
    assert told == ended, "each link's end is an event"


def is_there(app: Flask, row: Any) -> bool:
    """Only the owner of the tables may look; the walls are taken down for that."""
    table, key = type(row).__table__, row.key if isinstance(row, Throttle) else row.id
    with psycopg.connect(**connection_facts(app.extensions["entitylocker"].settings.database_owner_url)) as connection:
        connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        column = next(iter(table.primary_key)).name
        found: Any = connection.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [key]).fetchone()
        connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    return bool(found[0])


def test_the_job_runs_by_itself() -> None:
    assert sweep_accounts in HOURLY
