"""Administrators hear of a directory's token before it ends: twice, and not of one that has ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.app import HOURLY
from entitylocker.extensions import db, utc_now
from entitylocker.federation import reminding, tokens
from entitylocker.federation.models import DirectoryToken
from entitylocker.federation.rules import days_left
from entitylocker.jobs.queue import housekeeper
from entitylocker.jobs.worker import connection_facts
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Organisations
from tests.federation.conftest import Directory
from tests.federation.test_standing import mails_to

ENDS = "A token of your organisation’s directory ends soon"


def age(directory: Directory, left: timedelta, told: timedelta | None = None) -> None:
    """Let the organisation's tokens end in `left`, told of `told` ago. Their end is not the app's to change."""
    as_owner(directory, "expires_at = now() + %s::interval, reminded_at = now() - %s::interval", left, told)


def as_owner(directory: Directory, change: str, *values: Any) -> None:
    settings = directory.app.extensions["entitylocker"].settings
    with psycopg.connect(**connection_facts(settings.database_owner_url)) as connection:
        connection.execute("ALTER TABLE directory_tokens NO FORCE ROW LEVEL SECURITY")
        connection.execute(
            f"UPDATE directory_tokens SET {change} WHERE organisation_id = %s",
            [*values, directory.administrator.organisation_id],
        )
        connection.execute("ALTER TABLE directory_tokens FORCE ROW LEVEL SECURITY")


def token_of(directory: Directory) -> DirectoryToken:
    with directory.app.app_context():
        return tokens.list_tokens(directory.administrator.actor)[-1]


def tell(directory: Directory) -> None:
    """What the job does for each token that it finds."""
    place, app = directory.administrator.organisation_id, directory.app
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        ids = list(db.session.scalars(select(DirectoryToken.id)))
    for token_id in ids:
        with app.app_context():
            reminding.remind_of_token(str(place), str(token_id))


def queued(directory: Directory) -> int:
    """How many jobs the hourly job queues for the organisation's tokens."""
    settings, place = directory.app.extensions["entitylocker"].settings, directory.administrator.organisation_id
    with psycopg.connect(**connection_facts(settings.database_worker_url)) as connection:
        count = "SELECT count(*) FROM procrastinate_jobs WHERE args->>'organisation_id' = %s AND task_name = %s"
        asked = [str(place), "federation.remind_of_token"]
        before: Any = connection.execute(count, asked).fetchone()
        with directory.app.app_context():
            reminding.queue_due(housekeeper())
        after: Any = connection.execute(count, asked).fetchone()
    return int(after[0]) - int(before[0])


@pytest.mark.parametrize(
    ("left", "told", "mails"),
    [
        (timedelta(days=15), None, 0),
        (timedelta(days=14), None, 1),
        (timedelta(days=5), timedelta(days=9), 0),
        (timedelta(hours=23), timedelta(days=13), 1),
        (timedelta(hours=20), timedelta(hours=3), 0),
        (timedelta(hours=20), None, 1),
        (timedelta(seconds=-1), None, 0),
    ],
    ids=["not yet", "two weeks", "told once", "one day", "told twice", "told late", "ended"],
)
def test_administrators_are_told_two_weeks_and_one_day_before(
    directory: Directory, organisations: Organisations, left: timedelta, told: timedelta | None, mails: int
) -> None:
    reader = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    other = organisations.add_member(Role.ADMINISTRATOR, directory.administrator.organisation_id)
    age(directory, left, told)
    assert queued(directory) == mails
    tell(directory)
    tell(directory)
    for administrator in (directory.administrator, other):
        assert len(mails_to(administrator, ENDS)) == mails, "once"
    assert mails_to(reader, ENDS) == []
    assert queued(directory) == 0


def test_the_job_runs_by_itself() -> None:
    assert reminding.remind_of_tokens in HOURLY


def test_the_mail_says_which_token_ends_when_and_that_there_is_a_newer_one(directory: Directory) -> None:
    age(directory, timedelta(days=3))
    tell(directory)
    (first,) = mails_to(directory.administrator, ENDS)
    assert "Entra of the head office" in first and "newer token" not in first and "never used" in first
    assert f"/organisations/{directory.administrator.organisation_id}/directory" in first
    age(directory, timedelta(days=3))
    with directory.app.test_request_context():
        tokens.issue_token(directory.administrator.actor, "Entra of next year")
    tell(directory)
    assert "newer token, too: Entra of next year" in mails_to(directory.administrator, ENDS)[-1]


@pytest.mark.parametrize("how", ["revoked", "of nobody"])
def test_of_what_opens_nothing_any_more_nobody_is_told(directory: Directory, how: str) -> None:
    age(directory, timedelta(days=3))
    if how == "revoked":
        with directory.app.test_request_context():
            tokens.revoke_token(directory.administrator.actor, token_of(directory).id)
    else:
        as_owner(directory, "issued_by_id = NULL")
    assert queued(directory) == 0
    tell(directory)
    assert mails_to(directory.administrator, ENDS) == []


def test_the_page_says_how_many_days_are_left(directory: Directory) -> None:
    path = f"/organisations/{directory.administrator.organisation_id}/directory"
    left = days_left(token_of(directory).expires_at, utc_now())
    assert f"ends in {left} days" in directory.administrator.client().get(path).get_data(as_text=True)
    for ahead, words in ((timedelta(days=3), "ends in"), (timedelta(seconds=30), "ends")):
        age(directory, ahead)
        left = days_left(token_of(directory).expires_at, utc_now())
        page = directory.administrator.client().get(path).get_data(as_text=True)
        assert words in page and 'class="badge warn"' in page, left


def test_the_worker_finds_tokens_and_learns_nothing_else_of_them(app: Flask, directory: Directory) -> None:
    with app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        assert db.session.scalar(text("SELECT count(id) FROM directory_tokens")) >= 1
    for act in (
        select(DirectoryToken.token_digest),
        select(DirectoryToken.name),
        update(DirectoryToken).values(reminded_at=None),
    ):
        with (
            app.app_context(),
            pytest.raises(ProgrammingError, match="permission denied"),
            tenancy.transaction(Tenant(DatabaseRole.WORKER)),
        ):
            db.session.execute(act)
