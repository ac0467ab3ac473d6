"""Registering an organisation: what is stated, what it gets, what it may not do before it is verified."""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from entitylocker import tenancy
from entitylocker.access import Permission, Role, decide
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind, InvalidIdentifier, OrganisationKind
from entitylocker.organisations import service
from entitylocker.organisations.errors import (
    AlreadyDecided,
    AlreadyStated,
    HeldByAnother,
    LetterMissing,
    LetterNotPdf,
    LetterTooLarge,
)
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.letters import Letter
from entitylocker.organisations.models import StatedIdentifier
from entitylocker.organisations.registration import register_organisation
from entitylocker.organisations.states import IdentifierState
from entitylocker.storage.store import ObjectStore
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, csrf_token, next_pan

LETTER = b"%PDF-1.7\n" + b"an order of the state, " * 2000


def letter(content: bytes = LETTER) -> Letter:
    return Letter("order.pdf", io.BytesIO(content))


def register(organisations: Organisations, **changes: Any) -> Member:
    founder = organisations.person()
    facts: dict[str, Any] = {
        "name": "Konkan Tools Private Limited",
        "kind": OrganisationKind.COMPANY,
        "identifier_kind": IdentifierKind.PAN,
        "identifier": next_pan(),
        **changes,
    }
    with organisations.app.test_request_context():
        organisation_id = register_organisation(founder.actor, **facts)
    return Member(**vars(founder), organisation_id=organisation_id)


def department(organisations: Organisations, **changes: Any) -> Member:
    facts = {
        "name": "Public Works Department",
        "kind": OrganisationKind.GOVERNMENT_DEPARTMENT,
        "identifier_kind": IdentifierKind.DEPARTMENT,
        "identifier": f"PWD-{uuid4().hex[:8].upper()}",
        "letter": letter(),
    }
    return register(organisations, **{**facts, **changes})


def test_a_registered_organisation_is_stated_and_its_founder_administers_it(
    app: Flask, organisations: Organisations
) -> None:
    founder = register(organisations)
    actor = founder.actor
    assert actor.roles == (Role.ADMINISTRATOR,)
    assert not actor.organisation_verified
    assert not decide(actor, Permission.CONSENT_GIVE, actor.facts)
    assert decide(actor, Permission.MEMBER_INVITE, actor.facts)
    with app.app_context():
        details = service.get_details(actor)
        assert [row.state for row in details.identifiers] == [IdentifierState.STATED]
        assert not details.verified
        assert open_key(founder.organisation_id).key_id == open_key(founder.organisation_id).key_id
        (mine,) = service.list_my_organisations(founder.person_id)
    assert (mine.organisation_id, mine.role, mine.verified) == (founder.organisation_id, Role.ADMINISTRATOR, False)


def test_each_organisation_has_a_key_of_its_own(app: Flask, organisations: Organisations) -> None:
    first, second = register(organisations), register(organisations)
    with app.app_context():
        assert open_key(first.organisation_id).key_id != open_key(second.organisation_id).key_id
        with pytest.raises(NotFound):
            open_key(uuid4())


def test_what_is_not_an_identifier_registers_nothing(organisations: Organisations) -> None:
    with pytest.raises(InvalidIdentifier) as wrong:
        register(organisations, identifier="AAACA00O1A")
    assert wrong.value.field == "identifier"


def test_a_department_needs_its_order_letter(organisations: Organisations) -> None:
    with pytest.raises(LetterMissing):
        department(organisations, letter=None)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"MZ this is a program", LetterNotPdf),
        (b"", LetterNotPdf),
        (b" " * 1024 + b"%PDF-1.7", LetterNotPdf),
        (b"%PDF-1.7" + b"\0" * (10 * 1024 * 1024), LetterTooLarge),
    ],
)
def test_a_letter_that_is_no_pdf_or_too_large_leaves_nothing(
    app: Flask, organisations: Organisations, object_store: ObjectStore, content: bytes, refusal: type[Exception]
) -> None:
    member = register(organisations, kind=OrganisationKind.GOVERNMENT_DEPARTMENT, identifier=government_pan())
    before = {found.key for found in object_store.list_keys("letters/")}
    with app.test_request_context(), pytest.raises(refusal):
        service.state_identifier(
            member.actor, kind=IdentifierKind.DEPARTMENT, typed=f"PWD-{uuid4().hex[:8]}", letter=letter(content)
        )
    fresh = [found for found in object_store.list_keys("letters/") if found.key not in before]
    assert not [found for found in fresh if found.size > len(LETTER) * 2], "other tests store small letters only"
    with app.app_context():
        assert len(service.get_details(member.actor).identifiers) == 1


def government_pan() -> str:
    pan = next_pan()
    return pan[:3] + "G" + pan[4:]


def test_the_letter_is_encrypted_and_only_the_operator_reads_it(
    app: Flask, organisations: Organisations, object_store: ObjectStore
) -> None:
    member = department(organisations)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        row = db.session.scalars(select(StatedIdentifier)).one()
    assert row.letter_object is not None
    stored = b"".join(object_store.get_range(row.letter_object, 0, object_store.stat(row.letter_object).size))
    assert b"an order of the state" not in stored
    with app.test_request_context():
        opened = service.open_letter(organisations.operator(), row.id)
        assert b"".join(opened.pieces) == LETTER
        assert (opened.name, opened.size) == ("order.pdf", len(LETTER))
        with pytest.raises(NotFound):
            service.open_letter(member.actor, row.id)


def test_the_operator_verifies_and_the_organisation_is_verified(app: Flask, organisations: Organisations) -> None:
    member = department(organisations)
    operator = organisations.operator()
    with app.test_request_context():
        (pending,) = [
            found
            for found in service.list_pending_identifiers(operator)
            if found.organisation_id == member.organisation_id
        ]
        assert (pending.organisation_name, pending.letter_name) == ("Public Works Department", "order.pdf")
        service.verify_identifier(operator, pending.id, "called the department")
        with pytest.raises(AlreadyDecided):
            service.refuse_identifier(operator, pending.id, "changed my mind")
        details = service.get_details(member.actor)
    assert member.actor.organisation_verified
    assert decide(member.actor, Permission.CONSENT_GIVE, member.actor.facts)
    (row,) = details.identifiers
    assert (row.state, row.method, row.decided_by_name) == (IdentifierState.VERIFIED, "operator", operator.name)
    assert row.decided_at is not None


def test_a_refused_organisation_reads_why_and_states_again(app: Flask, organisations: Organisations) -> None:
    member = register(organisations)
    operator = organisations.operator()
    with app.test_request_context():
        (row,) = service.get_details(member.actor).identifiers
        service.refuse_identifier(operator, row.id, "The register does not know it.")
        found = service.get_details(member.actor).identifiers[0]
        assert (found.state, found.note) == (IdentifierState.REFUSED, "The register does not know it.")
        service.state_identifier(member.actor, kind=IdentifierKind.PAN, typed=row.value)
        assert len(service.get_details(member.actor).identifiers) == 2
    assert not member.actor.organisation_verified


def test_a_second_claim_tells_nobody_and_only_one_is_verified(app: Flask, organisations: Organisations) -> None:
    pan = next_pan()
    first = register(organisations, identifier=pan)
    with app.test_request_context():
        organisations.verify(first.organisation_id)
    second = register(organisations, identifier=pan)
    operator = organisations.operator()
    with app.test_request_context():
        (pending,) = [
            found
            for found in service.list_pending_identifiers(operator)
            if found.organisation_id == second.organisation_id
        ]
        assert pending.contested
        with pytest.raises(HeldByAnother):
            service.verify_identifier(operator, pending.id)
        (row,) = service.get_details(second.actor).identifiers
    assert row.state == IdentifierState.STATED


def test_an_identifier_is_stated_once_and_agrees_with_the_others(app: Flask, organisations: Organisations) -> None:
    member = register(organisations, identifier=(pan := next_pan()))
    with app.test_request_context():
        with pytest.raises(AlreadyStated):
            service.state_identifier(member.actor, kind=IdentifierKind.PAN, typed=pan.lower())
        with pytest.raises(Exception, match="PAN"):
            service.state_identifier(member.actor, kind=IdentifierKind.PAN, typed=next_pan())


def test_no_member_and_no_sql_of_the_app_can_verify(app: Flask, organisations: Organisations) -> None:
    member = register(organisations)
    with app.test_request_context():
        (row,) = service.get_details(member.actor).identifiers
        with pytest.raises(NotFound):
            service.verify_identifier(member.actor, row.id)
    tenant = Tenant(organisation_id=member.organisation_id, person_id=member.person_id)
    forged = text(
        "INSERT INTO identifiers (id, created_at, organisation_id, kind, value, state, stated_by_name, stated_by_email)"
        " VALUES (gen_random_uuid(), now(), :organisation, 'pan', 'AAACA0001A', 'verified', '', '')"
    )
    for statement in (text("UPDATE identifiers SET state = 'verified'"), forged):
        with app.app_context(), pytest.raises(DBAPIError), tenancy.transaction(tenant):
            db.session.execute(statement, {"organisation": member.organisation_id})


def test_the_operator_writes_nothing_but_the_decision(app: Flask, organisations: Organisations) -> None:
    register(organisations)
    for statement in (
        "UPDATE identifiers SET value = 'X'",
        "UPDATE organisations SET name = 'X'",
        "DELETE FROM identifiers",
    ):
        with app.app_context(), pytest.raises(DBAPIError), tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
            db.session.execute(text(statement))


def test_registering_over_http_ends_on_the_overview(client: FlaskClient, organisations: Organisations) -> None:
    person = organisations.person()
    person.sign_in(client)
    assert client.get("/").location == "/organisations"
    assert client.get("/organisations").status_code == 200
    assert client.get("/organisations/new").status_code == 200
    wrong = {"csrf_token": csrf_token(client), "name": " ", "kind": "company", "identifier_kind": "pan"}
    assert client.post("/organisations/new", data=wrong).status_code == 422
    form = {**wrong, "name": "Konkan\u202e Tools\nLimited", "identifier": next_pan()}
    answer = client.post("/organisations/new", data=form)
    assert answer.status_code == 303
    assert client.get("/").location == answer.location
    page = client.get(answer.location).get_data(as_text=True)
    assert "Konkan Tools Limited" in page
    assert client.get(f"{answer.location}/details").status_code == 200


def test_a_letter_comes_by_form(client: FlaskClient, organisations: Organisations) -> None:
    organisations.person().sign_in(client)
    form = {
        "csrf_token": csrf_token(client),
        "name": "Public Works Department",
        "kind": "government_department",
        "identifier_kind": "department",
        "identifier": f"PWD-{uuid4().hex[:8].upper()}",
    }
    without = client.post("/organisations/new", data=form)
    assert without.status_code == 422
    assert "order letter" in without.get_data(as_text=True)
    answer = client.post("/organisations/new", data={**form, "letter": (io.BytesIO(LETTER), "order.pdf")})
    assert answer.status_code == 303
    assert "order.pdf" in client.get(f"{answer.location}/details").get_data(as_text=True)


def test_an_organisation_of_others_is_not_there(organisations: Organisations) -> None:
    stranger, member = organisations.person(), register(organisations)
    client = stranger.client()
    for tail in ("", "/details", "/people", "/delegations", "/delegations/new"):
        foreign = client.get(f"/organisations/{member.organisation_id}{tail}")
        absent = client.get(f"/organisations/{uuid4()}{tail}")
        assert (foreign.status_code, absent.status_code) == (404, 404)
        here = str(member.organisation_id)
        assert here not in foreign.get_data(as_text=True).replace(f"/organisations/{here}{tail}", "")
