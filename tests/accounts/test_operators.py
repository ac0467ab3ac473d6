"""Operators: made by command, known to the operator's database role only."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import ActorKind, Means
from entitylocker.accounts.service import add_operator, find_operator
from entitylocker.extensions import db
from entitylocker.tenancy import DatabaseRole, Tenant
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
