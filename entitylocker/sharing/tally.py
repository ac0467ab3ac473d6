"""How often check pages are looked at: a number a day, nothing about who looked. All need a running transaction."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from entitylocker.extensions import db
from entitylocker.sharing.models import CheckPageViews
from entitylocker.sharing.views import ViewCounts
from entitylocker.vault.rules import today


def count_view(organisation_id: UUID, check_page_id: UUID) -> None:
    """Count one look."""
    one = insert(CheckPageViews).values(
        organisation_id=organisation_id, check_page_id=check_page_id, day=today(), views=1
    )
    keys = [CheckPageViews.organisation_id, CheckPageViews.check_page_id, CheckPageViews.day]
    db.session.execute(one.on_conflict_do_update(index_elements=keys, set_={"views": CheckPageViews.views + 1}))


def count_views(organisation_id: UUID, check_page_id: UUID) -> ViewCounts:
    """How often a page was looked at."""
    day = today()
    views = CheckPageViews.views
    sums = select(
        func.coalesce(func.sum(views).filter(CheckPageViews.day == day), 0),
        func.coalesce(func.sum(views).filter(CheckPageViews.day > day - timedelta(days=30)), 0),
        func.coalesce(func.sum(views), 0),
    ).where(CheckPageViews.organisation_id == organisation_id, CheckPageViews.check_page_id == check_page_id)
    found = db.session.execute(sums).one()
    return ViewCounts(*(int(number) for number in found))
