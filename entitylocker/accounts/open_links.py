"""Links in mails that somebody may still follow: for a new password, for another address. Each ends with an event."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from entitylocker.access import Actor
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.jobs.queue import housekeeper


def end_resets(actor: Actor, person_id: UUID, *, why: str) -> None:
    """End the links of that person, and every link whose time is over, each with an event, in a running transaction."""
    gone = db.session.execute(text("SELECT * FROM sweep_password_resets(:id)"), {"id": person_id})
    for row in gone:
        subject = Subject("password_reset", row.id)
        who = housekeeper() if row.expired else actor
        record(who, EventTag.PERSON_RESET_END, subject, why="expired" if row.expired else why)


def end_address_changes(actor: Actor, person_id: UUID, *, why: str) -> None:
    """End what that person asked for and has not confirmed, and what has expired, each with an event."""
    for row in db.session.execute(text("SELECT * FROM sweep_address_changes(:id)"), {"id": person_id}):
        what = "undo" if row.undone else "change"
        who = housekeeper() if row.expired else actor
        record(
            who, EventTag.PERSON_ADDRESS_END, Subject("address_change", row.id),
            what=what, why="expired" if row.expired else why,
        )  # fmt: skip
