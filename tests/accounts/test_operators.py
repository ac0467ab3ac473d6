"""Operators: made by command, known to the operator's database role only."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import ActorKind, Means
from entitylocker.accounts.service import add_operator, end_operator, find_operator
from entitylocker.app import create_app
from entitylocker.cli.doctor import _operators
from entitylocker.config import Settings
from entitylocker.extensions import db
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


def test_operators_may_be_asked_for_a_second_factor(
    app: Flask, settings: Settings, organisations: Organisations
) -> None:
    person = organisations.person()
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    assert person.client().get("/operator").status_code == 200
    strict = create_app(replace(settings, operator_second_factor=True))
    client = person.sign_in(strict.test_client())
    answer = client.get("/operator")
    assert (answer.status_code, answer.location) == (303, "/account/security?next=/operator")
    add_passkey(client, SoftKey())
    assert client.get("/operator").status_code == 200


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
