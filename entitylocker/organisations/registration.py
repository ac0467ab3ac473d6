"""Registering an organisation, and finding the organisations one belongs to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from flask import url_for
from sqlalchemy import exists, select, text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, Role, require
from entitylocker.accounts.models import Person
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations.events import OrganisationRegistered
from entitylocker.organisations.identity import Claim, put_identifier, read_claim
from entitylocker.organisations.keys import make_key
from entitylocker.organisations.letters import Letter, StoredLetter, drop_letter, store_letter
from entitylocker.organisations.models import Membership, Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import Tenant, open_use_case, use_case
from entitylocker.web.shell import role_label


@dataclass(frozen=True)
class MyOrganisation:
    """An organisation one acts for, and as what.

    `source_kind`: None for one's own, else through what one acts there (branch, agency), and `source_name` whose.
    """

    organisation_id: UUID
    name: str
    role: Role
    verified: bool
    source_kind: str | None = None
    source_name: str | None = None

    @property
    def href(self) -> str:
        """Where its overview is."""
        return url_for("organisations.overview", organisation_id=self.organisation_id)

    @property
    def role_label(self) -> str:
        """The role in the reader's language."""
        return role_label(self.role)


@open_use_case("the organisation for which it runs does not exist before")
def register_organisation(
    actor: Actor,
    *,
    name: str,
    kind: OrganisationKind,
    identifier_kind: IdentifierKind,
    identifier: str,
    letter: Letter | None = None,
    valid_until: date | None = None,
) -> UUID:
    """Register an organisation with one stated identifier; `actor`, a person, becomes its administrator.

    Returns its id. Raises InvalidIdentifier, Disagreement, AlreadyOver, LetterMissing, LetterNotPdf, LetterTooLarge.
    """
    claim = read_claim(kind, identifier_kind, identifier, has_letter=letter is not None, valid_until=valid_until)
    stored = store_letter(claim.id, letter) if letter is not None else None
    founder = replace(actor, organisation_id=uuid7(), organisation_name=name)
    try:
        _register(founder, name, kind, claim, stored)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        drop_letter(stored)
        raise
    assert founder.organisation_id is not None
    return founder.organisation_id


@use_case(Permission.ORGANISATION_REGISTER)
def _register(founder: Actor, name: str, kind: OrganisationKind, claim: Claim, letter: StoredLetter | None) -> None:
    require(founder, Permission.ORGANISATION_REGISTER, founder.facts)
    organisation_id = founder.organisation_id
    person = get_own_person(founder)
    assert organisation_id is not None
    put_organisation(organisation_id, name, kind)
    db.session.add(new_membership(organisation_id, person, Role.ADMINISTRATOR))
    record(
        founder,
        EventTag.ORGANISATION_REGISTER,
        Subject("organisation", organisation_id, name),
        kind=kind.value,
    )
    put_identifier(founder, person, claim, letter)
    tenancy.publish(OrganisationRegistered(founder, organisation_id))


def put_organisation(
    organisation_id: UUID, name: str, kind: OrganisationKind, state: OrganisationState = OrganisationState.ACTIVE
) -> None:
    """Write a new organisation and its key down, in a running transaction of it; whoever does it publishes it."""
    db.session.add(Organisation(id=organisation_id, name=name, kind=kind.value, state=state.value))
    tenancy.flush()
    make_key(organisation_id)


def get_own_person(actor: Actor) -> Person:
    """The row of the acting person, in the running transaction. Raises NotFound."""
    person = db.session.scalar(select(Person).where(Person.id == actor.person_id))
    if person is None:
        raise NotFound
    return person


def new_membership(organisation_id: UUID, person: Person, role: Role) -> Membership:
    """A membership to be added, with copies of the person's name and address."""
    return Membership(
        id=uuid7(),
        organisation_id=organisation_id,
        person_id=person.id,
        person_name=person.name,
        person_email=person.email,
        role=role.value,
        rights_version=1,
    )


@open_use_case("which organisations a person belongs to is asked for no organisation")
def list_my_organisations(person_id: UUID) -> list[MyOrganisation]:
    """The organisations a person acts for now: those they belong to, then those entered through another, by name."""
    with tenancy.transaction(Tenant(person_id=person_id)):
        rows = db.session.execute(text("SELECT * FROM lookup_my_organisations()")).all()
    return [
        MyOrganisation(row.organisation_id, row.name, Role(row.role), row.verified, row.source_kind, row.source_name)
        for row in rows
    ]


class Standing(NamedTuple):
    """What every act for an organisation depends on."""

    name: str
    verified: bool
    state: OrganisationState
    second_factor: bool = False


def find_standing(organisation_id: UUID) -> Standing | None:
    """How an organisation stands, in the running transaction of it; None if there is none."""
    verified = exists().where(
        StatedIdentifier.organisation_id == Organisation.id,
        StatedIdentifier.state == IdentifierState.VERIFIED.value,
    )
    row = db.session.execute(
        select(Organisation.name, verified, Organisation.state, Organisation.second_factor_since.is_not(None)).where(
            Organisation.id == organisation_id
        )
    ).first()
    return None if row is None else Standing(row[0], row[1], OrganisationState(row[2]), row[3])
