"""Directors and designated partners by their numbers, as the organisation names them. They verify nothing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import IdentifierKind, OrganisationKind, parse_identifier
from entitylocker.organisations.errors import AlreadyNamed, NoDirectors
from entitylocker.organisations.identity_models import Director
from entitylocker.organisations.models import Organisation
from entitylocker.tenancy import use_case


@use_case(Permission.ORGANISATION_MANAGE)
def add_director(actor: Actor, *, din: str, name: str) -> UUID:
    """Name a director or designated partner of the actor's organisation; returns the id.

    Raises InvalidIdentifier, NoDirectors, AlreadyNamed.
    """
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    kind = db.session.scalar(select(Organisation.kind).where(Organisation.id == actor.organisation_id))
    if kind is None:
        raise NotFound
    if not OrganisationKind(kind).has_directors:
        raise NoDirectors(field="din")
    row = Director(
        id=uuid7(),
        organisation_id=actor.organisation_id,
        din=_read(din),
        name=name,
        added_by_name=actor.name,
    )
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise AlreadyNamed(field="din") from fault
    record(actor, EventTag.DIRECTOR_ADD, Subject("director", row.id, name), din=row.din)
    return row.id


def _read(typed: str) -> str:
    try:
        return parse_identifier(IdentifierKind.DIN, typed).value
    except LockerError as wrong:
        wrong.field = "din"
        raise


@use_case(Permission.ORGANISATION_MANAGE)
def end_director(actor: Actor, director_id: UUID) -> None:
    """Take a director off the list; the trail keeps who it was. Raises NotFound, also for one who is off it."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    row = db.session.scalar(
        select(Director)
        .where(
            Director.organisation_id == actor.organisation_id,
            Director.id == director_id,
            Director.ended_at.is_(None),
        )
        .with_for_update()
    )
    if row is None:
        raise NotFound
    row.ended_at, row.ended_by_name = utc_now(), actor.name
    record(actor, EventTag.DIRECTOR_END, Subject("director", row.id, row.name), din=row.din)


def list_directors(organisation_id: UUID) -> list[Director]:
    """The directors as named now, in the order in which they were; in a running transaction."""
    query = select(Director).where(Director.organisation_id == organisation_id, Director.ended_at.is_(None))
    return list(db.session.scalars(query.order_by(Director.id)))
