"""Tokens of directories that end soon: the administrators are told, twice, so that nobody is locked out unknowingly."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.extensions import db, utc_now
from entitylocker.federation.models import DirectoryToken
from entitylocker.federation.rules import TOLD_AGAIN_BEFORE, TOLD_BEFORE
from entitylocker.federation.standing import tell_of_directory
from entitylocker.jobs.queue import defer, housekeeper, job_actor, task
from entitylocker.tenancy import DatabaseRole, use_case


@task("federation.remind_of_tokens", patient=True)
def remind_of_tokens() -> None:
    """Queue a job for each token that ends soon and was not told of."""
    queue_due(housekeeper())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def queue_due(actor: Actor) -> None:
    """Find the tokens of which is to be told. A second job for one of them finds that it was done."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    due = select(DirectoryToken.organisation_id, DirectoryToken.id).where(_is_due(utc_now()))
    for row in db.session.execute(due).all():
        defer(remind_of_token, organisation_id=str(row.organisation_id), token_id=str(row.id))


@task("federation.remind_of_token", patient=True)
def remind_of_token(organisation_id: str, token_id: str) -> None:
    """Tell of one token."""
    remind(job_actor(organisation_id), UUID(token_id))


@use_case(Permission.HOUSEKEEPING)
def remind(actor: Actor, token_id: UUID) -> None:
    """Tell the administrators that a token ends soon, if it still stands and they were not told.

    That there is a newer token is said, too: which of them the directory uses is known to nobody here.
    """
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    assert actor.organisation_id is not None
    now = utc_now()
    mine = (DirectoryToken.organisation_id == actor.organisation_id, DirectoryToken.id == token_id)
    row = db.session.scalar(select(DirectoryToken).where(*mine, _is_due(now)).with_for_update(of=DirectoryToken))
    if row is None:
        return
    row.reminded_at = now
    tell_of_directory(
        actor.organisation_id, "directory_token_ends",
        name=row.name, until=row.expires_at, newer=_newer(row), used_at=row.last_used_at,
    )  # fmt: skip


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Fourteen days before its end, and once more a day before it. What opens nothing any more needs no end."""
    token = DirectoryToken
    untold = and_(token.reminded_at.is_(None), token.expires_at <= now + TOLD_BEFORE)
    told_once = and_(
        token.reminded_at <= token.expires_at - TOLD_AGAIN_BEFORE, token.expires_at <= now + TOLD_AGAIN_BEFORE
    )
    stands = (token.revoked_at.is_(None), token.issued_by_id.is_not(None), token.expires_at > now)
    return and_(*stands, or_(untold, told_once))


def _newer(row: DirectoryToken) -> str:
    """The name of the newest token that outlives `row`; empty: there is none."""
    newest = (
        select(DirectoryToken.name)
        .where(
            DirectoryToken.organisation_id == row.organisation_id,
            DirectoryToken.revoked_at.is_(None),
            DirectoryToken.issued_by_id.is_not(None),
            DirectoryToken.expires_at > row.expires_at,
        )
        .order_by(DirectoryToken.id.desc())
        .limit(1)
    )
    return db.session.scalar(newest) or ""
