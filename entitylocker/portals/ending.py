"""Portals end with the organisation that keeps them."""

from __future__ import annotations

from sqlalchemy import text

from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.organisations.events import OrganisationClosed


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: its registered portals ask for nothing any more, and stay ended if it is brought back.

    A keeper cannot write its portals, the operator decides about them: a function of the database ends one's own.
    """
    rows = db.session.execute(text("SELECT * FROM claim_portals_end(:who)"), {"who": event.actor.name})
    for row in rows.all():
        subject = Subject("portal", row.id, row.name)
        record(event.actor, EventTag.PORTAL_END, subject, client_id=row.client_id, because="closed")
