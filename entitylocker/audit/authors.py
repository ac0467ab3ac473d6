"""Who did something last, as the trail knows it: for what says no more of itself than a name."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from entitylocker.audit.models import Event
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db


def find_authors(organisation_id: UUID, tag: EventTag, subject_ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The person who did `tag` last to each of these, in the running transaction; whom nobody did it to is left out."""
    events = (
        select(Event.subject_id, Event.actor_id)
        .where(Event.organisation_id == organisation_id, Event.subject_id.in_(subject_ids), Event.tag == tag.value)
        .order_by(Event.sequence)
    )
    return {row.subject_id: row.actor_id for row in db.session.execute(events)}
