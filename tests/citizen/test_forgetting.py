"""Records of what ended long ago go, by a job; what is lent, and what a kept copy rests on, stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.app import HOURLY
from entitylocker.citizen.forgetting import forget
from entitylocker.citizen.models import EkycUse, Lending, LendingRead
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.citizen.lent import Lent

KEPT = timedelta(days=3 * 365 + 1)
DAY = timedelta(days=1)


def another(lent: Lent, ended_at: datetime, copied_at: datetime | None = None) -> UUID:
    """One more lending, opened once, which ended then."""
    row = lent.citizens.lend(lent.person, lent.link, lent.administrator)
    path = f"/organisations/{lent.place}/lent/{row.id}/content"
    assert lent.citizens.browser(lent.reader).get(path).status_code == 200
    changed = {"ended_at": ended_at, "ended_because": "withdrawn", "wrapped_key": None, "copied_at": copied_at}
    with lent.citizens.app.app_context(), tenancy.transaction(Tenant(organisation_id=lent.place)):
        db.session.execute(update(Lending).where(Lending.id == row.id).values(**changed))
    return row.id


def test_records_of_lendings_go_three_years_after_the_end_with_who_opened_them(lent: Lent) -> None:
    long_ago, not_yet = utc_now() - KEPT - DAY, utc_now() - KEPT + 2 * DAY
    gone = another(lent, long_ago)
    kept = {another(lent, not_yet), another(lent, long_ago, copied_at=long_ago), lent.row.id}
    assert lent.open().status_code == 200
    lent.citizens.do(forget)
    lent.citizens.do(forget)
    assert {row.id for row in lent.citizens.rows(lent.person, Lending)} == kept
    assert {row.lending_id for row in lent.citizens.rows(lent.person, LendingRead)} == kept
    assert lent.open().status_code == 200, "what is lent stays, whatever was swept"
    read = [event for event in lent.citizens.events(lent.place) if event.tag == "lending:read"]
    assert gone in {event.subject_id for event in read}, "the trail stays"


def test_digests_of_files_stay_as_long_as_any_installation_takes_the_file(app: Flask) -> None:
    person, files = uuid4(), {400 + 1: b"old" + uuid4().bytes, 399: b"new" + uuid4().bytes}
    with app.app_context():
        with tenancy.transaction(Tenant()):
            for days, digest in files.items():
                use = {"id": uuid7(), "created_at": utc_now() - days * DAY, "person_id": person}
                db.session.execute(EkycUse.__table__.insert().values(reference_digest=digest, **use))
        forget()
        with tenancy.transaction(Tenant()):
            found = [db.session.scalar(select(db.func.lookup_ekyc_use(digest))) for digest in files.values()]
    assert found == [None, person]


@pytest.mark.parametrize("role", [DatabaseRole.APP, DatabaseRole.OPERATOR, DatabaseRole.WORKER])
def test_nobody_forgets_in_any_other_way(lent: Lent, role: DatabaseRole) -> None:
    acts = ["DELETE FROM lendings", "DELETE FROM lending_reads", "DELETE FROM ekyc_uses"]
    if role is not DatabaseRole.WORKER:
        acts += ["SELECT sweep_ended_lendings()", "SELECT sweep_ekyc_uses()"]
    place = None if role is not DatabaseRole.APP else lent.place
    for act in acts:
        with (
            lent.citizens.app.app_context(),
            pytest.raises(ProgrammingError, match="permission denied"),
            tenancy.transaction(Tenant(role, organisation_id=place)),
        ):
            db.session.execute(text(act))


def test_the_job_runs_by_itself() -> None:
    assert forget in HOURLY
