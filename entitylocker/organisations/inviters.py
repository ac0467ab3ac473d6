"""Whether the one who issued an invitation may still let somebody in by it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text

from entitylocker.extensions import db
from entitylocker.organisations.models import Membership


def may_let_in(organisation_id: UUID, invited_by_id: UUID | None, person_id: UUID) -> bool:
    """Nobody lets themselves in, and nobody who acted here through another organisation does once that ended.

    `invited_by_id` None: a parent's officer invited before there was any member.
    """
    if invited_by_id is None:
        return True
    inviter = db.session.execute(
        select(Membership.person_id, Membership.source_kind, Membership.source_id).where(
            Membership.organisation_id == organisation_id, Membership.id == invited_by_id
        )
    ).first()
    if inviter is None or inviter.person_id == person_id:
        return False
    return inviter.source_kind is None or _stands(inviter.person_id, inviter.source_id)


def _stands(person_id: UUID, source_id: UUID) -> bool:
    statement = text("SELECT true FROM lookup_seats() WHERE person_id = :person AND source_id = :source")
    return db.session.execute(statement, {"person": person_id, "source": source_id}).first() is not None
