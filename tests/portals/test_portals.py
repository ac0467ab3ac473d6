"""Proposing a portal, and what the operator makes of it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import OPERATOR_LOG
from entitylocker.errors import InvalidInput, NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.portals import approval, service
from entitylocker.portals.errors import AlreadyDecided
from entitylocker.portals.lookup import find_portal
from entitylocker.portals.models import Portal, PortalState
from entitylocker.tenancy import Tenant
from entitylocker.vault.models import DocumentType
from tests.factories import Member, Organisations, Person, csrf_token
from tests.oauth.world import REDIRECT, new_key, portal_data, text_of


def propose(app: Flask, member: Member, **changes: Any) -> Portal:
    with app.test_request_context():
        return service.register_portal(member.actor, {**portal_data(new_key()), **changes})


def operator(organisations: Organisations) -> Person:
    """An operator with a browser."""
    from tests.factories import PASSWORD, add_operator

    person = organisations.person("Olivia Operator")
    with organisations.app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    return person


def test_a_portal_is_proposed_on_the_page(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    client = member.client()
    address = f"/organisations/{member.organisation_id}/portals/new"
    assert client.get(address).status_code == 200
    data = {**portal_data(new_key()), "csrf_token": csrf_token(client)}
    answer = client.post(address, data=data, follow_redirects=True)
    words = text_of(answer)
    for part in ("State e-Tender Portal", "Waiting for the operator", REDIRECT.split("?")[0]):
        assert part in words, part
    assert "State e-Tender Portal" in text_of(client.get(f"/organisations/{member.organisation_id}/portals"))


def test_the_key_set_may_come_as_a_file(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    client = member.client()
    data = portal_data(new_key())
    file = (io.BytesIO(data.pop("jwks").encode()), "jwks.json")
    answer = client.post(
        f"/organisations/{member.organisation_id}/portals/new",
        data={**data, "csrf_token": csrf_token(client), "jwks": "", "jwks_file": file},
    )
    assert answer.status_code == 303


def test_a_form_that_does_not_fit_says_where(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    client = member.client()
    private = json.dumps({"keys": [new_key().as_dict(private=True)]})
    for changes, words in (
        ({"jwks": private}, "private key"),
        ({"redirect_uris": "http://portal.example.in/"}, "must begin with https"),
        ({"document_types": ["NOSUCH"]}, "Choose the document types"),
        ({"document_types": []}, "Choose the document types"),
        ({"contact": "nobody"}, "Contact"),
        ({"homepage": "portal.example.in"}, "whole address"),
    ):
        data = {**portal_data(new_key()), **changes, "csrf_token": csrf_token(client)}
        answer = client.post(f"/organisations/{member.organisation_id}/portals/new", data=data)
        assert answer.status_code == 422, changes
        assert words in answer.text, changes


def test_client_ids_are_random_and_nothing_private_is_kept(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    first, second = propose(app, member), propose(app, member)
    assert first.client_id != second.client_id
    assert len(first.client_id) >= 32
    assert all("d" not in key for key in first.jwks["keys"])


def test_only_administrators_of_verified_organisations_propose(app: Flask, organisations: Organisations) -> None:
    stated = organisations.make(verified=False)
    with pytest.raises(PermissionDenied):
        propose(app, stated)
    organisations.make()
    for role in (Role.SIGNATORY, Role.READER, Role.AUDITOR):
        with pytest.raises(PermissionDenied):
            propose(app, organisations.add_member(role))


def test_a_proposed_portal_cannot_approve_itself(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    portal = propose(app, member)
    with app.test_request_context():
        for act in (lambda a: approval.approve_portal(a, portal.id), approval.list_for_approval):
            with pytest.raises((NotFound, PermissionDenied)):
                act(member.actor)
        tenant = Tenant(organisation_id=member.organisation_id)
        with pytest.raises(ProgrammingError), tenancy.transaction(tenant):
            db.session.execute(db.text("UPDATE portals SET state = 'approved'"))
        with pytest.raises(ProgrammingError), tenancy.transaction(tenant):
            db.session.add(Portal(**{**_columns(portal), "client_id": "other", "state": "approved"}))


def _columns(portal: Portal) -> dict[str, Any]:
    return {c.name: getattr(portal, c.name) for c in Portal.__table__.columns if c.name != "id"}


def test_the_operator_decides_and_the_keeper_reads_it(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    refused, kept = propose(app, member), propose(app, member)
    actor = organisations.operator()
    with app.test_request_context():
        approval.refuse_portal(actor, refused.id, "the name is another authority's")
        approval.approve_portal(actor, kept.id)
        approval.suspend_portal(actor, kept.id, "complaints")
        assert service.get_portal(member.actor, kept.id).reason == "complaints"
        approval.approve_portal(actor, kept.id)
        for act in (approval.refuse_portal, approval.suspend_portal):
            with pytest.raises(AlreadyDecided):
                act(actor, refused.id, "again")
        with pytest.raises(AlreadyDecided):
            approval.approve_portal(actor, refused.id)
    words = text_of(member.client().get(f"/organisations/{member.organisation_id}/portals/{refused.id}"))
    assert "did not approve" in words
    assert "the name is another authority" in words


def test_a_portal_is_found_in_whatever_state_and_asks_only_when_approved(
    app: Flask, organisations: Organisations
) -> None:
    member = organisations.make()
    portal = propose(app, member)
    actor = organisations.operator()
    with app.test_request_context():
        assert _found(portal.client_id) == (PortalState.PROPOSED, False)
        approval.approve_portal(actor, portal.id)
        assert _found(portal.client_id) == (PortalState.APPROVED, True)
        approval.suspend_portal(actor, portal.id, "for a test")
        assert _found(portal.client_id) == (PortalState.SUSPENDED, False)
        with tenancy.transaction(Tenant()):
            assert find_portal("nobody") is None


def _found(client_id: str) -> tuple[PortalState, bool]:
    with tenancy.transaction(Tenant()):
        found = find_portal(client_id)
    assert found is not None
    return found.state, found.may_ask


def test_portals_of_others_are_not_there(app: Flask, organisations: Organisations) -> None:
    portal = propose(app, organisations.make())
    stranger = organisations.make()
    with app.test_request_context():
        assert service.list_portals(stranger.actor) == []
        with pytest.raises(NotFound):
            service.get_portal(stranger.actor, portal.id)


def test_document_types_must_be_known(app: Flask, organisations: Organisations) -> None:
    with pytest.raises(InvalidInput):
        propose(app, organisations.make(), document_types=["PANCR", "NOSUCH"])


def test_the_operators_page_shows_what_waits_and_every_look_is_an_event(
    app: Flask, organisations: Organisations
) -> None:
    member = organisations.make(verified=False, name="Konkan Cold Chain LLP")
    keeper = organisations.make()
    portal = propose(app, keeper, name="Portal To Be Seen")
    client = operator(organisations).client()
    before = _looks(app)
    page = client.get("/operator")
    words = text_of(page)
    for part in ("Konkan Cold Chain LLP", "Portal To Be Seen", "No order letter was sent"):
        assert part in words, part
    assert _looks(app) > before
    data = {"csrf_token": csrf_token(client)}
    assert client.post(f"/operator/portals/{portal.id}/approve", data=data).status_code == 303
    assert client.post(f"/operator/portals/{portal.id}/suspend", data=data).status_code == 422
    assert (
        client.post(f"/operator/portals/{portal.id}/suspend", data={**data, "reason": "complaints"}).status_code == 303
    )
    assert _verify(page.text, member, client, data) == 303
    assert member.actor.organisation_verified


def _verify(page: str, member: Member, client: Any, data: dict[str, str]) -> int:
    """Press “Verify” in the row of the organisation."""
    row = page.split("Konkan Cold Chain LLP")[1].split('action="/operator/identifiers/')[1]
    return int(
        client.post(f"/operator/identifiers/{row.split('/')[0]}/verify", data={**data, "note": "seen"}).status_code
    )


def _looks(app: Flask) -> int:
    with app.app_context(), tenancy.transaction(Tenant(tenancy.DatabaseRole.OPERATOR)):
        count = "SELECT count(*) FROM events WHERE tag = 'operator:read' AND organisation_id = :log"
        return int(db.session.execute(db.text(count), {"log": OPERATOR_LOG}).scalar_one())


def test_the_operators_page_is_for_operators_only(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    assert member.client().get("/operator").status_code == 404
    assert app.test_client().get("/operator").status_code == 303
    client = member.client()
    answer = client.post(f"/operator/portals/{member.person_id}/approve", data={"csrf_token": csrf_token(client)})
    assert answer.status_code == 404


def test_the_operator_opens_no_vault(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    client = operator(organisations).client()
    for part in ("", "/documents", "/consents", "/portals", "/activity"):
        assert client.get(f"/organisations/{member.organisation_id}{part}").status_code == 404


def test_the_operator_reads_what_document_types_are_called_and_their_codes(
    app: Flask, organisations: Organisations
) -> None:
    portal = propose(app, organisations.make())
    with app.app_context(), tenancy.transaction(Tenant()):
        names = db.session.scalars(db.select(DocumentType).where(DocumentType.code.in_(portal.document_types)))
        labels = {found.code: found.label_en for found in names}
    page = text_of(operator(organisations).client().get("/operator"))
    for code in portal.document_types:
        assert f"{labels[code]} {code}" in page
