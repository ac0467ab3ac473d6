"""An organisation's name: changed at once while stated-only, confirmed by the operator once verified."""

from __future__ import annotations

import io
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.organisations import service
from entitylocker.organisations.errors import (
    AlreadyDecided,
    LetterNotPdf,
    NameChangePending,
    NameLetterMissing,
    RenamedMeanwhile,
    SameName,
)
from entitylocker.organisations.events import OrganisationRenamed
from entitylocker.storage.store import ObjectStore
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, csrf_token
from tests.organisations.identity import LETTER, events_of, letter, mails_to, post, words_of

NEW = "Sahyadri Foods Limited"


def ask(member: Member, name: str = NEW, **more: object) -> bool:
    facts = {"reason": "Order of the registrar of 3 November", "letter": letter(), **more}
    with member.app.test_request_context():
        return service.change_name(member.actor, name=name, **facts)  # type: ignore[arg-type]


def pending_id(organisations: Organisations, member: Member) -> UUID:
    with organisations.app.test_request_context():
        waiting = service.list_pending_names(organisations.operator())
    return next(change.id for change in waiting if change.organisation_id == member.organisation_id)


def name_of(member: Member) -> str:
    return member.actor.organisation_name


def test_a_stated_only_organisation_has_its_new_name_at_once(app: Flask, organisations: Organisations) -> None:
    member = organisations.make(verified=False)
    old = name_of(member)
    assert ask(member, letter=None) is True
    assert name_of(member) == NEW
    with app.test_request_context():
        details = service.get_details(member.actor)
    assert [change.old_name for change in details.formerly] == [old]
    last = events_of(app, member.organisation_id)[-1]
    assert (last.tag, last.subject_name, last.data["before"]) == ("organisation:rename", NEW, old)
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    assert "Formerly" in page
    assert old in page


def test_a_verified_one_waits_for_the_operator(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = organisations.make()
    old = name_of(member)
    heard: list[OrganisationRenamed] = []
    monkeypatch.setitem(tenancy._reactions, OrganisationRenamed, [heard.append])
    assert ask(member) is False
    assert name_of(member) == old
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    assert "A new name waits for the operator" in page
    change = pending_id(organisations, member)
    operator = organisations.operator()
    with app.test_request_context():
        assert b"".join(service.open_name_letter(operator, change).pieces) == LETTER
        service.confirm_name(operator, change)
        with pytest.raises(AlreadyDecided):
            service.refuse_name(operator, change, "changed my mind")
    assert name_of(member) == NEW
    assert member.actor.organisation_verified
    assert [(each.before, each.after) for each in heard] == [(old, NEW)]
    last = events_of(app, member.organisation_id)[-1]
    assert (last.tag, last.actor_kind, last.subject_name) == ("organisation:rename", "operator", NEW)
    assert "confirmed the new name" in words_of(mails_to(member)[0])


def test_a_refused_name_changes_nothing_and_says_why(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    old = name_of(member)
    ask(member)
    with app.test_request_context():
        service.refuse_name(
            organisations.operator(), pending_id(organisations, member), "The order is of another house."
        )
    assert name_of(member) == old
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    assert "The order is of another house." in page
    assert "The order is of another house." in words_of(mails_to(member)[0])
    assert ask(member) is False, "it can be asked for again"


def test_a_pending_change_is_withdrawn_and_is_then_nothing_to_confirm(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    ask(member)
    change = pending_id(organisations, member)
    with pytest.raises(NameChangePending):
        ask(member, "Yet another name")
    assert post(member, f"/organisations/{member.organisation_id}/name/withdraw").status_code == 303
    assert post(member, f"/organisations/{member.organisation_id}/name/withdraw").status_code == 404
    with app.test_request_context(), pytest.raises(AlreadyDecided):
        service.confirm_name(organisations.operator(), change)
    assert name_of(member) != NEW
    assert [event.tag for event in events_of(app, member.organisation_id)][-2:] == [
        "name_change:ask",
        "name_change:withdraw",
    ]


def test_a_verified_organisation_needs_a_letter_that_is_a_pdf(
    app: Flask, organisations: Organisations, object_store: ObjectStore
) -> None:
    member = organisations.make()
    with pytest.raises(NameLetterMissing) as missing:
        ask(member, letter=None)
    assert missing.value.field == "letter"
    with pytest.raises(LetterNotPdf):
        ask(member, letter=letter(b"MZ a program"))
    with pytest.raises(SameName):
        ask(member, name_of(member))
    with app.test_request_context():
        assert service.get_details(member.actor).name_changes == []
    ask(member)
    with app.test_request_context():
        (change,) = service.get_details(member.actor).name_changes
    assert change.letter_object is not None
    stored = b"".join(object_store.get_range(change.letter_object, 0, object_store.stat(change.letter_object).size))
    assert b"an order of the state" not in stored


def test_only_who_manages_the_organisation_changes_its_name(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make(verified=False)
    for role in (Role.SIGNATORY, Role.RECORDS_OFFICER, Role.READER, Role.AUDITOR, Role.MEMBER):
        member = organisations.add_member(role, administrator.organisation_id)
        with pytest.raises(PermissionDenied):
            ask(member)
        assert post(member, f"/organisations/{member.organisation_id}/name", name=NEW, reason="x").status_code == 403
    assert name_of(administrator) != NEW
    with app.test_request_context(), pytest.raises(NotFound):
        service.confirm_name(administrator.actor, administrator.organisation_id)


def test_neither_role_of_the_database_confirms_what_was_not_asked(app: Flask, organisations: Organisations) -> None:
    member = organisations.make()
    ask(member)
    change = pending_id(organisations, member)
    app_role, operator_role = Tenant(organisation_id=member.organisation_id), Tenant(DatabaseRole.OPERATOR)
    for tenant, statement in (
        (app_role, "UPDATE name_changes SET state = 'done'"),
        (app_role, "UPDATE name_changes SET new_name = 'Reserve Bank'"),
        (app_role, f"SELECT claim_name_change('{change}')"),
        (operator_role, "UPDATE name_changes SET new_name = 'Reserve Bank'"),
        (operator_role, "UPDATE organisations SET name = 'Reserve Bank'"),
    ):
        with app.app_context(), pytest.raises(DBAPIError), tenancy.transaction(tenant):
            db.session.execute(text(statement))
    assert name_of(member) not in (NEW, "Reserve Bank")


def test_the_name_is_changed_by_form(organisations: Organisations) -> None:
    member = organisations.make()
    client, path = member.client(), f"/organisations/{member.organisation_id}/name"
    assert "Order or certificate" in client.get(path).get_data(as_text=True)
    form = {"csrf_token": csrf_token(client), "name": NEW, "reason": "order"}
    assert client.post(path, data=form).status_code == 422
    answer = client.post(path, data={**form, "letter": (io.BytesIO(LETTER), "order.pdf")})
    assert answer.status_code == 303
    assert NEW in client.get(answer.location).get_data(as_text=True)


def test_another_organisations_changes_are_behind_the_wall(app: Flask, organisations: Organisations) -> None:
    one, other = organisations.make(verified=False), organisations.make(verified=False)
    ask(other, letter=None)
    for table in ("name_changes", "role_changes", "directors"):
        with app.app_context(), tenancy.transaction(Tenant(organisation_id=one.organisation_id)):
            rows = db.session.scalars(text(f"SELECT t::text FROM {table} t")).all()
        assert not any(str(other.organisation_id) in row for row in rows), table


def test_the_operator_verifies_no_name_that_they_did_not_see(organisations: Organisations) -> None:
    """Renamed between the operator's look and the decision: nothing is decided."""
    member = organisations.make(verified=False, name="Acme Trading Company")
    operator = organisations.operator()
    with organisations.app.test_request_context():
        waiting = next(
            each
            for each in service.list_pending_identifiers(operator)
            if each.organisation_id == member.organisation_id
        )
    ask(member, "Reserve Bank of Acme", letter=None)
    with organisations.app.test_request_context():
        with pytest.raises(RenamedMeanwhile):
            service.verify_identifier(operator, waiting.id, seen_name=waiting.organisation_name)
        service.verify_identifier(operator, waiting.id, seen_name="Reserve Bank of Acme")
    assert member.actor.organisation_verified
