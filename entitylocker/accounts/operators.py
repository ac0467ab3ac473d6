"""Operators of the installation: made by command, found when they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Means, Permission, require
from entitylocker.accounts.models import Operator
from entitylocker.accounts.people import add_person, find_person, find_person_id
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case, use_case

COMMAND_ACTOR = Actor(kind=ActorKind.OPERATOR, means=Means.COMMAND, name="entitylocker operator")


@dataclass(frozen=True)
class AddedOperator:
    """`existed`: there was an account of that address already; it keeps its name and password."""

    person_id: UUID
    existed: bool


@open_use_case("for commands, run by whoever keeps the installation; no page leads here")
def add_operator(*, name: str, email: str, password: str) -> AddedOperator:
    """Make somebody an operator, with an account if there is none of that address. Safe to repeat.

    Raises UnfitPassword.
    """
    with tenancy.transaction(Tenant()):
        person_id = find_person_id(email)
    existed = person_id is not None
    if person_id is None:
        person_id = add_person(name=name, email=email, password=password)
    person = find_person(person_id)
    if person is None:
        raise NotFound
    _put_operator(COMMAND_ACTOR, person_id, person.name, person.email)
    return AddedOperator(person_id, existed)


@use_case(Permission.OPERATOR_APPROVE)
def _put_operator(actor: Actor, person_id: UUID, name: str, email: str) -> None:
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    statement = (
        insert(Operator)
        .values(id=uuid7(), person_id=person_id, name=name, email=email)
        .on_conflict_do_nothing(index_elements=[Operator.person_id], index_where=text("ended_at IS NULL"))
    )
    if db.session.execute(statement.returning(Operator.id)).scalar() is not None:
        record(actor, EventTag.OPERATOR_ADD, Subject("person", person_id, name))


@open_use_case("for commands, run by whoever keeps the installation; no page leads here")
def end_operator(email: str) -> bool:
    """Let the person with that address be an operator no more; False if they are none. The account itself stays."""
    with tenancy.transaction(Tenant()):
        person_id = find_person_id(email)
    return person_id is not None and _end_operator(COMMAND_ACTOR, person_id)


@use_case(Permission.OPERATOR_APPROVE)
def _end_operator(actor: Actor, person_id: UUID) -> bool:
    require(actor, Permission.OPERATOR_APPROVE, actor.facts)
    current = (Operator.person_id == person_id, Operator.ended_at.is_(None))
    name = db.session.execute(
        update(Operator).where(*current).values(ended_at=utc_now()).returning(Operator.name)
    ).scalar()
    if name is not None:
        record(actor, EventTag.OPERATOR_END, Subject("person", person_id, name))
    return name is not None


@open_use_case("who is an operator is only known after looking")
def find_operator(person_id: UUID, session_id: UUID | None) -> Actor | None:
    """The operator that a person is, or None."""
    with tenancy.transaction(Tenant(DatabaseRole.OPERATOR, person_id=person_id)):
        row = db.session.scalar(select(Operator).where(Operator.person_id == person_id, Operator.ended_at.is_(None)))
    if row is None:
        return None
    return Actor(
        kind=ActorKind.OPERATOR,
        means=Means.SESSION,
        name=row.name,
        person_id=person_id,
        session_id=session_id,
    )
