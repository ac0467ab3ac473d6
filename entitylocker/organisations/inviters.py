"""Whether the one who issued an invitation may still let somebody in by it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import exists, select, text

from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.rules import ANSWERING_ROLES
from entitylocker.organisations.states import InvitationWay


def may_let_in(row: Invitation, person_id: UUID) -> bool:
    """Whether the person of the running transaction may come in by an open invitation of its organisation.

    Nobody lets themselves in; nobody lets anybody in from another organisation once that ended; and whoever acts here
    through another one comes in only by mail, from a member of this one or its directory. A directory lets in nobody
    any more once the token ended with which it invited.
    """
    directory = row.directory_token_id is not None
    if row.invited_by_person_id == person_id or (directory and not _directory_stands(row)):
        return False
    if row.invited_by_id is None:
        is_own, stands = directory, directory or _stands_above(row)
    else:
        is_own, stands = _inviter(row, row.invited_by_id, person_id)
    return stands and ((is_own and row.way == InvitationWay.MAIL) or not sits_here(person_id))


def _inviter(row: Invitation, invited_by_id: UUID, person_id: UUID) -> tuple[bool, bool]:
    """Whether a member of the organisation itself invited, and whether they may let that person in."""
    inviter = db.session.execute(
        select(Membership.person_id, Membership.source_kind, Membership.source_id).where(
            Membership.organisation_id == row.organisation_id, Membership.id == invited_by_id
        )
    ).first()
    if inviter is None or inviter.person_id == person_id:
        return False, False
    is_own = inviter.source_kind is None
    if not is_own and row.role in ANSWERING_ROLES:
        return False, False
    return is_own, is_own or _stands(inviter.person_id, inviter.source_id)


def _stands(person_id: UUID, source_id: UUID) -> bool:
    statement = text("SELECT true FROM lookup_seats() WHERE person_id = :person AND source_id = :source")
    return db.session.execute(statement, {"person": person_id, "source": source_id}).first() is not None


def _directory_stands(row: Invitation) -> bool:
    statement = text("SELECT lookup_directory_stands(:token)")
    return bool(db.session.scalar(statement, {"token": row.directory_token_id}))


def _stands_above(row: Invitation) -> bool:
    """Whether the officer of an organisation above may still seat people from there.

    Who administers that one only as a branch lets in nobody who answers for this one: the right to have documents
    opened and consents given is not theirs, nor whose second account somebody is for them alone to say.
    """
    if row.through_organisation_id is None or row.invited_by_person_id is None:
        return False
    values = {"person": row.invited_by_person_id, "parent": row.through_organisation_id}
    found = db.session.scalar(text("SELECT lookup_issuer_above(:person, :parent)"), values)
    return found is not None and not (found == "branch" and row.role in ANSWERING_ROLES)


def has_administrator(organisation_id: UUID | None) -> bool:
    """Whether a member of the organisation itself administers it now, in the running transaction."""
    administers = exists().where(
        Membership.organisation_id == organisation_id,
        Membership.role == Role.ADMINISTRATOR.value,
        Membership.ended_at.is_(None),
        Membership.source_kind.is_(None),
    )
    return bool(db.session.scalar(select(administers)))


def sits_here(person_id: UUID) -> bool:
    """Whether the person may act here through another organisation today, entered or not."""
    statement = text("SELECT true FROM lookup_seats() WHERE person_id = :person")
    return db.session.execute(statement, {"person": person_id}).first() is not None
