"""The life of an organisation: what a suspension stops, what lifts it, what closing ends and what stays."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.accounts.service import add_operator
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.consents import service as consents
from entitylocker.errors import Conflict, LockerError, NotFound, PermissionDenied, StepUpRequired
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import housekeeper
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations import life_jobs, operator_life, service
from entitylocker.organisations.errors import (
    ExportFirst,
    InvitationAsleep,
    InvitationEnded,
    NameDiffers,
    NotActive,
    OperatorsWord,
    TooLateToUndo,
)
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.models import Invitation, Organisation, OrganisationKeyRow
from entitylocker.organisations.service import Wish
from entitylocker.portals import service as portals
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import Tenant
from entitylocker.vault import service as vault
from entitylocker.vault.deposits import Upload, admit_document, deposit, record_upload
from entitylocker.vault.views import Details
from tests.accounts.mailbox import link_in, mails_to
from tests.factories import PASSWORD, Member, Organisations, csrf_token
from tests.oauth.world import PDF, World, make_world, new_key, portal_data
from tests.organisations.helpers import (
    REASON,
    about,
    change,
    close,
    get,
    post,
    propose,
    put_export,
    suspend,
    vote,
)
from tests.organisations.test_members import give_until_tomorrow, invite, redeem

LIFT = Wish(ProposalKind.LIFT, REASON)


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)


def state_of(member: Member) -> OrganisationState:
    with member.app.app_context():
        return service.get_life(member.actor).state


def check_page_of(world: World) -> str:
    with world.app.test_request_context():
        page = sharing.issue_check_page(world.giver.actor, world.documents["PANCR"], Choices()).page
    assert page is not None
    return page.code


def fetch(world: World, tokens: dict[str, Any]) -> Any:
    path = f"/api/v1/consents/{tokens['consent_id']}/documents/{world.documents['PANCR']}/content"
    return world.program.get(path, tokens["access_token"])


def suspend_by_operator(world_or_app: Flask, organisations: Organisations, organisation_id: UUID) -> None:
    with world_or_app.test_request_context():
        operator_life.suspend_by_operator(organisations.operator(), organisation_id, REASON)


def lift_by_operator(app: Flask, organisations: Organisations, organisation_id: UUID) -> None:
    with app.test_request_context():
        operator_life.lift_by_operator(organisations.operator(), organisation_id, REASON)


def test_attack_06_a_suspension_holds_for_session_token_and_api(world: World, organisations: Organisations) -> None:
    """PyPI 2026: a ban that held for the session was bypassed by the API token."""
    tokens, code, waiting = world.tokens(), check_page_of(world), world.code()
    giver = world.giver
    assert fetch(world, tokens).status_code == 200
    assert world.app.test_client().get(f"/check/{code}").status_code == 200
    suspend(giver)
    # Session: everything is read, nothing is changed.
    document = world.documents["PANCR"]
    assert get(giver, f"/documents/{document}").status_code == 200
    assert get(giver, f"/documents/{document}/content").status_code == 200
    assert get(giver, "/activity").status_code == 200
    assert post(giver, f"/documents/{document}/bin").status_code == 403
    assert post(giver, "/invitations", email="x@example.in", role="reader").status_code == 403
    sent = post(giver, "/documents/upload", title="Late", file=(io.BytesIO(PDF), "late.pdf"))
    assert sent.status_code in (403, 404)
    # API with a session.
    client = giver.client()
    headers = {"X-CSRFToken": csrf_token(client)}
    api = f"/api/v1/organisations/{giver.organisation_id}/documents"
    refused = client.post(api, data={"file": (io.BytesIO(PDF), "late.pdf")}, headers=headers)
    assert (refused.status_code, refused.json["reason"]) == (403, "organisation_suspended")
    assert client.get(api).status_code == 200
    # Tokens, old and new ones, by every path.
    answer = fetch(world, tokens)
    assert (answer.status_code, answer.json["code"]) == (403, "organisation_not_active")
    assert world.program.get(f"/api/v1/consents/{tokens['consent_id']}", tokens["access_token"]).status_code == 403
    assert world.program.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert world.program.redeem(waiting).json["error"] == "invalid_grant"
    # The public.
    assert world.app.test_client().get(f"/check/{code}").status_code == 404
    # Awake again: what was not ended works again.
    propose(giver, LIFT)
    assert fetch(world, tokens).status_code == 200
    assert world.program.refresh(tokens["refresh_token"]).status_code == 200
    assert world.app.test_client().get(f"/check/{code}").status_code == 200
    assert post(giver, "/invitations", email="y@example.in", role="reader").status_code == 201


def test_portals_kept_by_a_suspended_organisation_get_nothing(world: World, organisations: Organisations) -> None:
    tokens, pushed = world.tokens(), world.program.pushed()
    suspend(world.keeper)
    answer = fetch(world, tokens)
    assert (answer.status_code, answer.json["code"]) == (403, "portal_suspended")
    assert world.program.push().json["error"] == "unauthorized_client"
    assert world.program.refresh(tokens["refresh_token"]).json["error"] == "unauthorized_client"
    assert world.page(pushed).status_code == 403, "a consent request of it ends, too"
    assert world.answer(pushed).status_code == 403
    propose(world.keeper, LIFT)
    assert fetch(world, tokens).status_code == 200


def test_a_suspended_organisation_gives_no_consent(world: World) -> None:
    pushed = world.program.pushed()
    suspend(world.giver)
    assert "suspended" in world.page(pushed).text
    assert world.answer(pushed).status_code == 403
    with world.app.app_context():
        assert consents.list_consents(world.giver.actor) == []


def test_a_suspension_stops_what_is_running(world: World) -> None:
    """An upload that began before is refused at its end; nothing of it is kept."""
    giver = world.giver
    with world.app.test_request_context():
        actor = giver.actor
        admission = admit_document(actor, None, Details(title="Late"), None)
        upload = Upload("late.pdf", io.BytesIO(PDF))
        from entitylocker.vault.deposits import _store

        stored = _store(actor, admission, upload)
        suspend(giver)
        with pytest.raises(LockerError) as refusal:
            record_upload(actor, admission, upload, stored)
        assert refusal.value.code == "rights_changed"
    assert "Late" not in get(giver, "/documents").text


def test_a_fetch_admitted_with_an_actor_of_before_is_refused(world: World) -> None:
    from entitylocker.consents.reading import admit_fetch
    from entitylocker.oauth.bearing import load_token

    tokens = world.tokens()
    with world.app.app_context():
        portal = load_token(tokens["access_token"])
        suspend(world.giver)
        with pytest.raises(LockerError) as refusal:
            admit_fetch(portal, UUID(tokens["consent_id"]), world.documents["PANCR"])
    assert refusal.value.code == "organisation_not_active"


def test_nobody_comes_in_by_an_invitation_while_it_is_suspended(organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, token = invite(administrator, guest.email)
    suspend(administrator)
    with pytest.raises(InvitationEnded):
        redeem(guest, token)
    propose(administrator, LIFT)
    assert redeem(guest, token) == administrator.organisation_id


def test_the_operators_suspension_is_lifted_by_the_operator_only(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    suspend_by_operator(app, organisations, administrator.organisation_id)
    assert state_of(administrator) is OrganisationState.SUSPENDED
    page = get(administrator, "/life").text
    assert REASON in page
    assert "Only the operator can lift" in page
    with pytest.raises(OperatorsWord):
        propose(administrator, LIFT)
    lift_by_operator(app, organisations, administrator.organisation_id)
    assert state_of(administrator) is OrganisationState.ACTIVE
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        events = db.session.scalars(select(Event).where(Event.actor_kind == "operator")).all()
    assert {"organisation:suspend", "organisation:lift"} <= {event.tag for event in events}


def test_a_proposal_made_before_does_not_lift_what_the_operator_suspended_since(
    app: Flask, organisations: Organisations
) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    suspend(first)
    proposal_id = propose(first, LIFT)
    suspend_by_operator(app, organisations, first.organisation_id)
    with pytest.raises(OperatorsWord):
        vote(second, proposal_id)
    assert state_of(first) is OrganisationState.SUSPENDED


def test_two_administrators_lift_together_and_one_alone_does_not(organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    suspend(first)
    proposal_id = propose(first, LIFT)
    assert state_of(first) is OrganisationState.SUSPENDED
    vote(second, proposal_id)
    assert state_of(first) is OrganisationState.ACTIVE


def test_in_suspension_a_lost_administrator_is_replaced(organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    third = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    suspend(first)
    vote(second, propose(first, about(third, ProposalKind.REPLACE, email="new.account@example.in")))
    with first.app.app_context():
        assert [i.email for i in service.list_invitations(first.actor)] == ["new.account@example.in"]
    assert state_of(first) is OrganisationState.SUSPENDED


def test_who_replaces_a_lost_account_comes_in_once_the_suspension_is_lifted(
    app: Flask, organisations: Organisations
) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    third = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    back = organisations.person("Third with another account")
    suspend(first)
    vote(second, propose(first, about(third, ProposalKind.REPLACE, email=back.email)))
    (mail,) = mails_to(app, back.email, "Invitation")
    assert "suspended at the moment" in mail.text
    token = link_in(mail).rsplit("/", 1)[-1]
    with pytest.raises(InvitationAsleep):
        redeem(back, token)
    page = back.client().get(f"/invitations/{token}")
    assert page.status_code == 409 and "works again once" in page.text
    # The operator looks into it for longer than an invitation lives.
    suspend_by_operator(app, organisations, first.organisation_id)
    change(app, first.organisation_id, Invitation, expires_at=utc_now() - timedelta(days=3))
    with pytest.raises(InvitationAsleep):
        redeem(back, token)
    with app.app_context():
        assert [i.email for i in service.list_invitations(first.actor)] == [back.email], "it can be taken back"
    lift_by_operator(app, organisations, first.organisation_id)
    with app.app_context():
        life_jobs.tell_life(str(first.organisation_id), "organisation:lift", "Olivia Operator", REASON)
        (row,) = service.list_invitations(first.actor)
    assert row.expires_at > utc_now() + timedelta(days=6)
    assert redeem(back, token) == first.organisation_id
    with app.app_context():
        assert [m.role for m in service.list_members(first.actor).members].count(Role.ADMINISTRATOR) == 3


def test_an_invitation_of_before_says_that_it_sleeps_and_ends_on_its_day(organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, token = invite(administrator, guest.email)
    suspend(administrator)
    with pytest.raises(InvitationAsleep):
        redeem(guest, token)
    change(organisations.app, administrator.organisation_id, Invitation, expires_at=utc_now() - timedelta(days=1))
    with pytest.raises(InvitationEnded) as refusal:
        redeem(guest, token)
    assert refusal.type is InvitationEnded


def test_who_administers_for_a_time_does_not_suspend(organisations: Organisations) -> None:
    """They have no vote in lifting it: one of them could stop an organisation that they cannot start again."""
    administrator = organisations.make()
    deputy = organisations.add_member(Role.READER, administrator.organisation_id)
    give_until_tomorrow(administrator, deputy, Role.ADMINISTRATOR)
    assert 'id="suspend"' in get(administrator, "/life").text
    assert 'id="suspend"' not in get(deputy, "/life").text
    assert post(deputy, "/suspend", reason=REASON).status_code == 403
    assert state_of(administrator) is OrganisationState.ACTIVE


def test_only_administrators_suspend_and_they_say_why(organisations: Organisations) -> None:
    administrator = organisations.make()
    signatory = organisations.add_member(Role.SIGNATORY, administrator.organisation_id)
    assert post(signatory, "/suspend", reason=REASON).status_code == 403
    assert post(administrator, "/suspend", reason="").status_code == 422
    assert post(administrator, "/suspend", reason=REASON).status_code == 303
    assert post(administrator, "/suspend", reason=REASON).status_code == 403
    assert get(signatory, "/life").status_code == 200


def test_acts_with_a_risk_ask_for_a_confirmation(organisations: Organisations) -> None:
    from dataclasses import replace

    stale = replace(organisations.make().actor, confirmed_at=utc_now() - timedelta(days=1))
    with organisations.app.test_request_context():
        for act in (
            lambda: service.suspend_organisation(stale, REASON),
            lambda: service.propose(stale, LIFT),
            lambda: service.reopen_organisation(stale),
        ):
            with pytest.raises(StepUpRequired):
                act()


def test_administrators_get_a_mail_when_the_state_changes(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    suspend_by_operator(app, organisations, administrator.organisation_id)
    with app.app_context():
        life_jobs.tell_life(str(administrator.organisation_id), "organisation:suspend", "Olivia Operator", REASON)
        (mail,) = [m for m in list_outbox(limit=100) if m.recipient == administrator.email and "state" in m.subject]
    assert REASON in mail.text
    assert "Olivia Operator" in mail.text


def test_closing_needs_an_export_and_the_name(world: World) -> None:
    giver = world.giver
    name = giver.actor.organisation_name
    with pytest.raises(ExportFirst):
        propose(giver, Wish(ProposalKind.CLOSE, REASON, name=name))
    put_export(giver, begun=timedelta(days=8))
    with pytest.raises(ExportFirst):
        propose(giver, Wish(ProposalKind.CLOSE, REASON, name=name))
    put_export(giver)
    with pytest.raises(NameDiffers):
        propose(giver, Wish(ProposalKind.CLOSE, REASON, name=name.upper()))
    world.deposit("GSTRC")
    with pytest.raises(ExportFirst):
        propose(giver, Wish(ProposalKind.CLOSE, REASON, name=name))
    assert post(giver, "/close", reason=REASON, name="other").status_code == 422


def test_closing_needs_the_votes_of_the_administrators(organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    close(first)
    assert state_of(first) is OrganisationState.ACTIVE
    with first.app.app_context():
        (proposal,) = service.list_proposals(second.actor).open
    vote(second, proposal.id)
    assert state_of(first) is OrganisationState.CLOSED


def test_closing_ends_what_was_given_to_others_and_undoing_brings_nothing_of_it_back(world: World) -> None:
    giver, organisations = world.giver, world.organisations
    tokens, code = world.tokens(), check_page_of(world)
    reader = organisations.add_member(Role.READER, giver.organisation_id)
    give_until_tomorrow(giver, reader, Role.RECORDS_OFFICER)
    guest = organisations.person()
    _, invitation = invite(giver, guest.email)
    close(giver)
    assert state_of(giver) is OrganisationState.CLOSED

    def ended() -> None:
        assert fetch(world, tokens).json["code"] == "consent_withdrawn"
        assert world.program.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
        assert world.app.test_client().get(f"/check/{code}").status_code == 404
        with pytest.raises(InvitationEnded):
            redeem(guest, invitation)
        assert len(reader.actor.roles) == 2, "kept for a while so that a refusal can say that it ended"
        assert all(grant.ends_at is not None for grant in reader.actor.grants if grant.delegation_id)

    ended()
    assert get(giver, f"/documents/{world.documents['PANCR']}").status_code == 404
    assert get(giver, "/activity").status_code == 200
    assert get(giver, "/activity.csv").status_code == 200
    assert get(giver, "/export").status_code == 200
    assert "can undo this" in get(giver, "/life").text
    assert get(giver, "").status_code == 200, "the overview is there for whoever comes by"
    assert post(giver, "/invitations", email="x@example.in", role="reader").status_code == 403
    assert post(reader, "/reopen").status_code == 403
    assert post(giver, "/reopen").status_code == 303
    assert state_of(giver) is OrganisationState.ACTIVE
    ended()
    assert get(giver, f"/documents/{world.documents['PANCR']}").status_code == 200
    assert {"organisation:close", "organisation:reopen", "consent:revoke", "check_page:revoke"} <= set(world.tags())


def test_after_thirty_days_the_key_is_destroyed_and_the_trail_stays(world: World) -> None:
    giver = world.giver
    close(giver)
    with world.app.app_context():
        change(world.app, giver.organisation_id, Organisation, state_at=utc_now() - timedelta(days=29))
        life_jobs.end_keys()
        assert has_key(giver), "not before the time"
        from entitylocker.jobs.queue import job_actor

        assert life_jobs.end_key(job_actor(giver.organisation_id)) is False, "nor by anybody who asks"
        change(world.app, giver.organisation_id, Organisation, state_at=utc_now() - timedelta(days=30, hours=2))
        assert giver.organisation_id in life_jobs.list_over(housekeeper())
        life_jobs.end_keys()
        assert not has_key(giver)
    assert not giver.actor.organisation_verified, "others may need its identifiers"
    assert "can no longer be read" in get(giver, "/life").text
    with world.app.test_request_context(), pytest.raises(TooLateToUndo):
        service.reopen_organisation(giver.actor)
    assert post(giver, "/reopen").status_code == 409
    assert "organisation:end_key" in get(giver, "/activity.csv").text
    # Even back in its old state no document opens again.
    change(world.app, giver.organisation_id, Organisation, state="active")
    with world.app.test_request_context(), pytest.raises(NotFound):
        vault.open_content(giver.actor, world.documents["PANCR"])


def reopen_by_operator(app: Flask, organisations: Organisations, organisation_id: UUID) -> None:
    with app.test_request_context():
        operator_life.reopen_by_operator(organisations.operator(), organisation_id, REASON)


def test_the_operator_brings_a_closed_organisation_back_suspended(app: Flask, organisations: Organisations) -> None:
    """A sole administrator's stolen account closes alone: somebody else must be able to stop that."""
    administrator = organisations.make()
    with pytest.raises(NotActive):
        reopen_by_operator(app, organisations, administrator.organisation_id)
    close(administrator)
    reopen_by_operator(app, organisations, administrator.organisation_id)
    assert state_of(administrator) is OrganisationState.SUSPENDED
    with pytest.raises(OperatorsWord):
        propose(administrator, LIFT)
    with app.app_context():
        life_jobs.end_keys()
        assert has_key(administrator)
    assert "organisation:reopen" in get(administrator, "/activity.csv").text
    lift_by_operator(app, organisations, administrator.organisation_id)
    assert state_of(administrator) is OrganisationState.ACTIVE


def test_the_operator_brings_nothing_back_after_thirty_days(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    close(administrator)
    change(app, administrator.organisation_id, Organisation, state_at=utc_now() - timedelta(days=30))
    with pytest.raises(TooLateToUndo):
        reopen_by_operator(app, organisations, administrator.organisation_id)


def test_the_operator_undoes_a_closing_on_the_page(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make(name="Closed By A Thief")
    close(administrator)
    client = operator_client(app, organisations)
    path = f"/operator/organisations/{administrator.organisation_id}/reopen"
    assert path in client.get("/operator/organisations?q=closed+by+a+thief").text
    assert client.post(path, data={"csrf_token": csrf_token(client), "reason": ""}).status_code == 422
    assert client.post(path, data={"csrf_token": csrf_token(client), "reason": REASON}).status_code == 303
    assert state_of(administrator) is OrganisationState.SUSPENDED


def has_key(member: Member) -> bool:
    with tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return db.session.get(OrganisationKeyRow, member.organisation_id) is not None


def test_a_draft_sets_itself_up_and_speaks_to_nobody_outside(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    change(app, administrator.organisation_id, Organisation, state="draft")
    with app.test_request_context():
        deposit(administrator.actor, Upload("paper.pdf", io.BytesIO(PDF)), Details(title="Paper"))
        service.invite_member(administrator.actor, "first@example.in", Role.READER)
        with pytest.raises(PermissionDenied) as refusal:
            portals.register_portal(administrator.actor, portal_data(new_key()))
    assert refusal.value.reason == "organisation_draft"


def operator_client(app: Flask, organisations: Organisations) -> FlaskClient:
    """A browser in which an operator is signed in."""
    person = organisations.person("Olivia Operator")
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    return person.client()


def test_the_operators_page_lists_suspends_and_lifts(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make(name="Kaveri Weavers Cooperative")
    client = operator_client(app, organisations)

    def act(what: str, reason: str) -> int:
        path = f"/operator/organisations/{administrator.organisation_id}/{what}"
        return client.post(path, data={"csrf_token": csrf_token(client), "reason": reason}).status_code

    assert "Kaveri Weavers" in client.get("/operator/organisations?q=kaveri").text
    assert "Kaveri Weavers" not in client.get("/operator/organisations?q=nobody+is+called+so").text
    assert act("suspend", "") == 422
    assert act("lift", REASON) == 409
    assert act("suspend", REASON) == 303
    assert act("suspend", REASON) == 409
    assert state_of(administrator) is OrganisationState.SUSPENDED
    assert act("lift", REASON) == 303
    assert state_of(administrator) is OrganisationState.ACTIVE
    assert administrator.client().get("/operator/organisations").status_code == 404


def test_the_database_role_of_the_operator_changes_nothing_else(app: Flask, organisations: Organisations) -> None:
    from sqlalchemy.exc import ProgrammingError

    administrator = organisations.make()
    with app.app_context(), pytest.raises(ProgrammingError), tenancy.transaction(Tenant(tenancy.DatabaseRole.OPERATOR)):
        db.session.execute(
            text("UPDATE organisations SET name = 'x' WHERE id = :id"), {"id": administrator.organisation_id}
        )


def test_a_conflict_is_said_in_words(organisations: Organisations) -> None:
    administrator = organisations.make()
    suspend(administrator)
    with administrator.app.test_request_context(), pytest.raises(PermissionDenied):
        service.suspend_organisation(administrator.actor, REASON)
    put_export(administrator)
    with pytest.raises(NotActive):
        propose(administrator, Wish(ProposalKind.CLOSE, REASON, name=administrator.actor.organisation_name))
    assert issubclass(NotActive, Conflict)


def test_nobody_acts_elsewhere_for_a_suspended_organisation(organisations: Organisations) -> None:
    """Whoever looks after a unit for the organisation above does not while that one is suspended."""
    from tests.units.world import enter, give_branch, open_unit

    parent = organisations.make(name="State of Tests")
    unit_id = open_unit(parent, "Office")
    member = organisations.add_member(Role.MEMBER, parent.organisation_id)
    give_branch(parent, member, unit_id)
    enter(member, unit_id)
    client = member.client()
    assert client.get(f"/organisations/{unit_id}/people").status_code == 200
    suspend(parent)
    assert client.get(f"/organisations/{unit_id}/people").status_code == 404
    propose(parent, LIFT)
    assert client.get(f"/organisations/{unit_id}/people").status_code == 200
