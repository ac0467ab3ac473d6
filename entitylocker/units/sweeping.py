"""A voucher that is verified no longer: what it vouched for below expires with it, and what rests on that in turn."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.jobs.queue import defer, job_actor, task
from entitylocker.organisations.events import IdentifierExpired
from entitylocker.organisations.expiry import Told, tell_holder
from entitylocker.tenancy import use_case


def on_identifier_expired(event: IdentifierExpired) -> None:
    """Let expire what rests on the identifier, in the transaction in which it ended."""
    sweep_below(event.organisation_id)


def sweep_below(voucher_id: UUID) -> int:
    """Expire what this organisation cannot vouch for any more, all the way down, in the running transaction.

    The database function looks itself whether the voucher's own code still stands. Each holder is told by a job of its
    own. Returns how many expired.
    """
    rows = db.session.execute(text("SELECT * FROM sweep_vouched(:voucher)"), {"voucher": voucher_id}).all()
    for row in rows:
        defer(tell_swept, organisation_id=str(row.place), identifier_id=str(row.word), value=row.code)
    return len(rows)


@task("units.tell_swept")
def tell_swept(organisation_id: str, identifier_id: str, value: str) -> None:
    """Write into the trail of an organisation, and to its administrators, that its voucher is verified no longer."""
    note_swept(job_actor(organisation_id), UUID(identifier_id), value)


@use_case(Permission.HOUSEKEEPING)
def note_swept(actor: Actor, identifier_id: UUID, value: str) -> None:
    """The event of `tell_swept`; the mails follow it."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    record(actor, EventTag.IDENTIFIER_EXPIRE, Subject("identifier", identifier_id, value), because="voucher")
    defer(
        tell_holder,
        organisation_id=str(actor.organisation_id),
        identifier_id=str(identifier_id),
        what=Told.ENDED.value,
    )
