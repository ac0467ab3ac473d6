"""Operators: made by command, known to the operator's database role only."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Actor, ActorKind, Means
from entitylocker.accounts.people import find_person
from entitylocker.accounts.service import add_operator, end_operator, end_session, find_operator
from entitylocker.app import create_app
from entitylocker.cli.doctor import _operators
from entitylocker.config import Settings
from entitylocker.delegations.errors import RightsChanged
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.service import list_pending_identifiers, verify_identifier
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.accounts.browsing import add_passkey
from tests.accounts.soft_keys import SoftKey
from tests.factories import PASSWORD, Organisations


def test_an_operator_is_made_once_and_keeps_the_account(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    with app.app_context():
        assert find_operator(person.person_id, person.session_id) is None
        first = add_operator(name="Other Name", email=person.email, password=PASSWORD)
        again = add_operator(name="Other Name", email=person.email, password=PASSWORD)
        actor = find_operator(person.person_id, person.session_id)
    assert (first.person_id, first.existed, again) == (person.person_id, True, first)
    assert actor is not None
    assert (actor.kind, actor.means, actor.name) == (ActorKind.OPERATOR, Means.SESSION, person.name)
    assert actor.organisation_id is None


def test_the_serving_role_cannot_make_an_operator(app: Flask, organisations: Organisations) -> None:
    person = organisations.person()
    statement = text("INSERT INTO operators (id, created_at, person_id, name, email) VALUES (:id, now(), :id, '', '')")
    with app.app_context():
        with pytest.raises(ProgrammingError), tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.execute(statement, {"id": person.person_id})
        with pytest.raises(ProgrammingError), tenancy.transaction(Tenant(person_id=person.person_id)):
            db.session.execute(text("SELECT * FROM operators"))


def test_the_operator_sees_no_person(app: Flask, organisations: Organisations) -> None:
    organisations.person()
    for table in ("persons", "sessions", "memberships", "organisation_keys", "invitations"):
        with app.app_context(), pytest.raises(ProgrammingError), tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
            db.session.execute(text(f"SELECT count(*) FROM {table}"))


def test_an_operator_ends_and_can_be_made_anew(app: Flask, organisations: Organisations) -> None:
    lost, anew = organisations.person(), organisations.person()
    with app.app_context():
        add_operator(name=lost.name, email=lost.email, password=PASSWORD)
        assert end_operator(lost.email)
        assert not end_operator(lost.email), "twice does no harm"
        assert not end_operator("nobody@example.in")
        assert find_operator(lost.person_id, lost.session_id) is None
        add_operator(name=anew.name, email=anew.email, password=PASSWORD)
        assert find_operator(anew.person_id, anew.session_id) is not None
    assert lost.client().get("/operator").status_code == 404


def test_operators_need_a_second_factor_unless_it_is_waived(
    app: Flask, settings: Settings, organisations: Organisations
) -> None:
    person = organisations.person()
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    assert person.client().get("/operator").status_code == 200
    asked_unless_waived = Settings(home=settings.home).operator_second_factor
    strict = create_app(replace(settings, operator_second_factor=asked_unless_waived))
    client = person.sign_in(strict.test_client())
    answer = client.get("/operator")
    assert (answer.status_code, answer.location) == (303, "/account/security?next=/operator")
    add_passkey(client, SoftKey())
    assert client.get("/operator").status_code == 200


def begin_approving(app: Flask, organisations: Organisations) -> tuple[Actor, UUID]:
    """An operator, and an identifier that waits for them."""
    with app.app_context():
        operator = organisations.operator()
        place = organisations.make(verified=False).organisation_id
        waiting = list_pending_identifiers(operator)
    return operator, next(row.id for row in waiting if row.organisation_id == place)


@pytest.mark.parametrize("what", ["session", "operator"])
def test_what_ends_while_an_operator_acts_is_noticed_at_the_commit(
    app: Flask, organisations: Organisations, what: str
) -> None:
    """Their session was found and their role, then one of them ends, then they would commit."""
    operator, identifier_id = begin_approving(app, organisations)
    assert operator.person_id is not None and operator.session_id is not None
    with app.app_context():
        person = find_person(operator.person_id)
        assert person is not None
        if what == "operator":
            end_operator(person.email)
        else:
            own = replace(operator, kind=ActorKind.PERSON)
            end_session(own, operator.session_id)
        with pytest.raises(RightsChanged):
            verify_identifier(replace(operator, confirmed_at=utc_now()), identifier_id)
        waiting = list_pending_identifiers(organisations.operator())
    assert identifier_id in {row.id for row in waiting}, "nothing was done"


def test_the_session_of_an_operator_is_locked_until_the_commit(app: Flask, organisations: Organisations) -> None:
    """Ending it elsewhere waits for the act that was looked at already, and comes after it."""
    operator, _identifier_id = begin_approving(app, organisations)
    ends = text("UPDATE sessions SET ended_at = now() WHERE id = :id")
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(operator), operator):
        db.session.execute(text("SELECT lookup_open_session(:id)"), {"id": operator.session_id})
        with db.engines[None].connect() as other, pytest.raises(OperationalError, match="lock timeout"):
            other.execute(text("SELECT set_config('app.person_id', :id, true)"), {"id": str(operator.person_id)})
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            other.execute(ends, {"id": operator.session_id})


def test_doctor_says_how_many_operators_have_a_password_alone(
    app: Flask, settings: Settings, organisations: Organisations
) -> None:
    person = organisations.person()
    real = replace(settings, demo=False)
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    before = _operators(real)
    assert not before.ok
    assert _operators(settings).ok, "a demo shows its passwords anyway"
    add_passkey(person.client(), SoftKey())
    count = [int(re.sub(r"\D", "", finding.message) or 0) for finding in (before, _operators(real))]
    assert count[0] - count[1] == 1
