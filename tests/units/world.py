"""A state with departments and an agency, and what happens between them: for the tests of this room."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Actor, Role
from entitylocker.delegations.service import load_member
from entitylocker.extensions import db, utc_now
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.letters import Letter
from entitylocker.organisations.registration import get_own_person, new_membership
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.units import service
from entitylocker.units.telling import tell_news
from entitylocker.web.formats import ZONE
from tests.factories import Member, Organisations, Person

DEPARTMENT = OrganisationKind.GOVERNMENT_DEPARTMENT
PDF = b"%PDF-1.7\nan order\n%%EOF"
DAY = timedelta(days=1)


def today() -> date:
    return datetime.now(ZONE).date()


def letter() -> Letter:
    return Letter("order.pdf", io.BytesIO(PDF))


def hear(app: Flask, organisation_id: UUID) -> None:
    """Let the worker tell an organisation its news. What was told already is told no second time."""
    waiting = text(
        "SELECT args->>'telling_id' FROM queue.procrastinate_jobs"
        " WHERE task_name = 'units.tell' AND args->>'organisation_id' = :place ORDER BY id"
    )
    with app.app_context():
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            found = list(db.session.scalars(waiting, {"place": str(organisation_id)}))
        for telling_id in found:
            tell_news(organisation_id=str(organisation_id), telling_id=telling_id)


def open_unit(parent: Member, name: str = "Pune Division") -> UUID:
    with parent.app.test_request_context():
        return service.open_child(parent.actor, name=name, kind=DEPARTMENT, note="by order 7")


def join(parent: Member, child: Member) -> UUID:
    """Ask and say yes; the link."""
    with parent.app.test_request_context():
        code = service.renew_code(child.actor)
        link_id = service.ask_to_join(parent.actor, code=code, note="as agreed")
        service.join_parent(child.actor, link_id)
    return link_id


def give_branch(parent: Member, receiver: Member, unit_id: UUID, **changes: Any) -> UUID:
    """A branch from today on, without end."""
    facts: dict[str, Any] = {"starts_on": today(), "ends_on": None, "reason": "looks after the division", **changes}
    membership_id = receiver.actor.membership_id
    assert membership_id is not None
    with parent.app.test_request_context():
        return service.give_branch(parent.actor, membership_id=membership_id, unit_id=unit_id, **facts)


def authorise(department: Member, agency: Member, role: Role = Role.RECORDS_OFFICER, **changes: Any) -> UUID:
    """A letter to which both said yes, from today on for thirty days."""
    facts: dict[str, Any] = {
        "role": role,
        "starts_on": today(),
        "ends_on": today() + 30 * DAY,
        "reason": "work order 12",
        **changes,
    }
    with department.app.test_request_context():
        code = service.renew_code(agency.actor)
        made = service.offer_authorisation(department.actor, code=code, terms=service.Terms(**facts), letter=letter())
        service.accept_authorisation(agency.actor, made)
    return made


def name_agent(agency: Member, authorisation_id: UUID, member: Member) -> UUID:
    membership_id = member.actor.membership_id
    assert membership_id is not None
    with agency.app.test_request_context():
        return service.name_agent(agency.actor, authorisation_id, membership_id)


def enter(person: Person, organisation_id: UUID) -> None:
    with person.app.test_request_context():
        service.enter(Person.actor.fget(person), organisation_id)  # type: ignore[attr-defined]


def acting(person: Person, organisation_id: UUID) -> Actor | None:
    """The person as they would act for that organisation now; None: not at all."""
    with person.app.app_context():
        found = load_member(person.person_id, person.session_id, organisation_id)
    return None if found is None else replace(found, confirmed_at=utc_now())


def make_active(organisations: Organisations, parent: Member, unit_id: UUID, name: str = "Unit Head") -> Member:
    """The first administrator of a unit that was opened, and the unit active: as redeeming an invitation makes it."""

    person = organisations.person(name)
    with parent.app.app_context(), tenancy.transaction(Tenant(organisation_id=unit_id, person_id=person.person_id)):
        db.session.add(new_membership(unit_id, get_own_person(person.actor), Role.ADMINISTRATOR))
        tenancy.flush()
        assert db.session.scalar(text("SELECT claim_state('active', '', :who)"), {"who": name})
    return Member(**vars(person), organisation_id=unit_id)
