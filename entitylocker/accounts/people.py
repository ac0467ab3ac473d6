"""The rows of people: found by address, made once their address is confirmed."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Means, Permission, require
from entitylocker.accounts.errors import AddressTaken
from entitylocker.accounts.models import Person
from entitylocker.accounts.passwords import check_new_password, hash_password
from entitylocker.accounts.rules import normalise_email
from entitylocker.audit.models import OPERATOR_LOG
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant, open_use_case, use_case


def find_person_id(email: str) -> UUID | None:
    """Whose address this is, in any running transaction."""
    return db.session.execute(text("SELECT lookup_person(:email)"), {"email": normalise_email(email)}).scalar()


def find_holder_id(email: str) -> UUID | None:
    """Whose address this is, or was until lately and may be again, in any running transaction."""
    held = text("SELECT lookup_held_address(:email)")
    return find_person_id(email) or db.session.execute(held, {"email": normalise_email(email)}).scalar()


def find_person(person_id: UUID) -> Person | None:
    """The row of a person, read as that person."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        return db.session.scalar(select(Person).where(Person.id == person_id))


def get_person(actor: Actor) -> Person:
    """The row of the acting person, in their running transaction. Raises NotFound."""
    person = db.session.scalar(select(Person).where(Person.id == actor.person_id))
    if person is None:
        raise NotFound
    return person


def tenant_of_person(person_id: UUID) -> Tenant:
    """For acts that belong to one person and leave their event in the installation's log."""
    return Tenant(organisation_id=OPERATOR_LOG, person_id=person_id)


def on_own_account(actor: Actor) -> Actor:
    """The person as themselves: what one does to one's own account stands in the installation's log."""
    return replace(actor, organisation_id=OPERATOR_LOG, membership_id=None)


def as_actor(person_id: UUID, name: str, means: Means = Means.SESSION) -> Actor:
    """A person as themselves, before there is a session."""
    return Actor(kind=ActorKind.PERSON, means=means, name=name, person_id=person_id)


def put_person(
    person_id: UUID,
    *,
    name: str,
    email: str,
    password_hash: str | None,
    language: str | None,
    means: Means = Means.SESSION,
) -> None:
    """Make a person's row in the running transaction of `tenant_of_person(person_id)`.

    Raises AddressTaken: callers that answer strangers turn it into something that tells nothing.
    """
    if find_holder_id(email) is not None:
        raise AddressTaken
    person = Person(
        id=person_id,
        name=name,
        email=email,
        email_normalised=normalise_email(email),
        password_hash=password_hash,
        language=language,
    )
    db.session.add(person)
    tenancy.flush()
    record(as_actor(person_id, name, means), EventTag.PERSON_SIGN_UP, Subject("person", person_id, name))


@open_use_case("for commands, run by whoever keeps the installation; no page leads here")
def add_person(*, name: str, email: str, password: str, language: str | None = None) -> UUID:
    """Make an account whose address needs no confirmation. Raises UnfitPassword, AddressTaken."""
    check_new_password(password, name=name, email=email)
    password_hash = hash_password(password)
    person_id = uuid7()
    with tenancy.transaction(tenant_of_person(person_id)):
        put_person(
            person_id,
            name=name,
            email=email,
            password_hash=password_hash,
            language=language,
            means=Means.COMMAND,
        )
    return person_id


@use_case(Permission.SESSION_OWN)
def set_language(actor: Actor, language: str) -> None:
    """Keep the language in which a person wants pages and mails: en or hi."""
    require(actor, Permission.SESSION_OWN, actor.facts)
    db.session.execute(update(Person).where(Person.id == actor.person_id).values(language=language))
