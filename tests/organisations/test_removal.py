"""Removing a person ends everything that hangs on the membership, at once; what is the organisation's stays."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, decide
from entitylocker.config import Settings
from entitylocker.consents import service as consents
from entitylocker.delegations import service as delegations
from entitylocker.delegations.rules import Phase
from entitylocker.delegations.service import load_member
from entitylocker.errors import LockerError
from entitylocker.extensions import db
from entitylocker.organisations import service
from entitylocker.organisations.errors import InvitationEnded, ProposalEnded
from entitylocker.organisations.models import Membership
from entitylocker.organisations.role_changes import change_role
from entitylocker.portals import service as portals
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.storage.store import ObjectStore
from entitylocker.tenancy import Tenant
from entitylocker.vault import deposits, rules
from entitylocker.vault import service as vault
from entitylocker.vault.views import Details
from tests.factories import Member, Organisations, Person, csrf_token
from tests.oauth.world import PDF, World, make_world, new_key, portal_data
from tests.organisations.helpers import about, end_administrator, get, propose, vote
from tests.organisations.test_members import invite, redeem

PAGES = (
    "", "/people", "/details", "/documents", "/documents/due", "/bin", "/consents", "/delegations", "/activity",
    "/activity.csv", "/portals", "/trust", "/life", "/proposals", "/export",
)  # fmt: skip


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)


def remove(by: Member, gone: Member) -> None:
    """Remove a member, an administrator by the way that is for them."""
    if Role.ADMINISTRATOR in gone.actor.roles[:1]:
        end_administrator(by, gone=gone)
        return
    membership_id = gone.actor.membership_id
    assert membership_id is not None
    with by.app.test_request_context():
        service.end_membership(by.actor, membership_id)


def refused_at_commit(app: Flask, act: Callable[[], Any]) -> None:
    """An actor loaded before the removal does not get past the commit."""
    with app.test_request_context(), pytest.raises(LockerError) as refusal:
        act()
    assert refusal.value.code == "rights_changed"


def test_pages_and_api_in_open_sessions(world: World) -> None:
    administrator = world.giver
    member = world.organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    client, home = member.client(), f"/organisations/{administrator.organisation_id}"
    api = f"/api/v1{home}/documents"
    assert {client.get(f"{home}{tail}").status_code for tail in PAGES} == {200}
    assert client.get(api).status_code == 200
    remove(administrator, member)
    assert {client.get(f"{home}{tail}").status_code for tail in PAGES} == {404}
    assert client.get(api).status_code == 404
    assert client.get(f"{api}/{world.documents['PANCR']}/content").status_code == 404
    assert client.get("/account").status_code == 200, "the person stays signed in"
    with world.app.app_context():
        assert service.list_my_organisations(member.person_id) == []


def test_invitations_and_slips_that_they_issued(organisations: Organisations) -> None:
    administrator, guest, other = organisations.make(), organisations.person(), organisations.person()
    member = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    _, token = invite(member, guest.email)
    with administrator.app.test_request_context():
        slip = service.issue_slip(member.actor, service.ForWhom(guest_name="Asha Rao"), Role.READER).code
    remove(administrator, member)
    for person, key in ((guest, token), (other, slip)):
        with pytest.raises(InvitationEnded):
            redeem(person, key)


def test_invitations_to_them_that_they_never_used(organisations: Organisations) -> None:
    administrator, person, other = organisations.make(), organisations.person(), organisations.person()
    _, unused = invite(administrator, person.email, Role.RECORDS_OFFICER)
    _, another = invite(administrator, other.email)
    with administrator.app.test_request_context():
        code = service.issue_slip(administrator.actor, service.ForWhom(guest_name="Asha Rao"), Role.READER).code
    redeem(person, code)
    remove(administrator, Member(**vars(person), organisation_id=administrator.organisation_id))
    with pytest.raises(InvitationEnded):
        redeem(person, unused)
    redeem(other, another)


def test_roles_given_to_them_for_a_time_and_what_rests_on_those(organisations: Organisations) -> None:
    from tests.organisations.test_members import give_until_tomorrow

    administrator = organisations.make()
    deputy = organisations.add_member(Role.READER, administrator.organisation_id)
    third = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give_until_tomorrow(administrator, deputy, Role.ADMINISTRATOR)
    give_until_tomorrow(deputy, third, Role.SIGNATORY)
    assert decide(third.actor, Permission.CONSENT_REVOKE, third.actor.facts)
    remove(administrator, deputy)
    assert not decide(third.actor, Permission.CONSENT_REVOKE, third.actor.facts)
    with administrator.app.app_context():
        found = delegations.list_delegations(administrator.actor)
    assert {line.phase for line in found} == {Phase.ENDED}


def test_attack_13_grants_do_not_survive_removal_and_return(organisations: Organisations) -> None:
    """PyPI 2026: what was granted within an organisation survived that its holder was removed."""
    from tests.organisations.test_members import give_until_tomorrow

    administrator = organisations.make()
    member = organisations.add_member(Role.RECORDS_OFFICER, administrator.organisation_id)
    give_until_tomorrow(administrator, member, Role.ADMINISTRATOR)
    held = member.actor
    assert decide(held, Permission.MEMBER_INVITE, held.facts)
    remove(administrator, member)
    with administrator.app.app_context():
        assert load_member(member.person_id, member.session_id, member.organisation_id) is None
    refused_at_commit(administrator.app, lambda: service.invite_member(held, "late@example.in", Role.READER))
    person = Person(member.app, member.person_id, member.name, member.email, member.token, member.session_id)
    redeem(person, invite(administrator, member.email, Role.MEMBER)[1])
    back = member.actor
    assert back.roles == (Role.MEMBER,), "who comes back has what they are given now"
    assert not decide(back, Permission.MEMBER_INVITE, back.facts)
    assert not decide(back, Permission.DOCUMENT_DEPOSIT, replace(back.facts, folder_path="/"))


def test_a_smaller_role_ends_what_the_larger_one_did(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.RECORDS_OFFICER, administrator.organisation_id)
    held = member.actor
    assert held.membership_id is not None
    with administrator.app.test_request_context():
        change_role(administrator.actor, held.membership_id, Role.READER)
    refused_at_commit(administrator.app, lambda: deposit(held))


def deposit(actor: Actor) -> None:
    deposits.deposit(actor, deposits.Upload("paper.pdf", io.BytesIO(PDF)), Details(title="Paper"))


def test_an_upload_that_is_just_coming_in(world: World, object_store: ObjectStore) -> None:
    """What was admitted before is refused at its end, and its bytes are not kept."""
    member = world.organisations.add_member(Role.RECORDS_OFFICER, world.giver.organisation_id)

    class Interrupted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece and load() is not None:
                remove(world.giver, member)
            return piece

    def load() -> Actor | None:
        with world.app.app_context():
            return load_member(member.person_id, member.session_id, member.organisation_id)

    before = set(keys(object_store, world.giver.organisation_id))
    with world.app.test_request_context():
        actor = member.actor
        with pytest.raises(LockerError) as refusal:
            deposits.deposit(actor, deposits.Upload("late.pdf", Interrupted(PDF)), Details(title="Late"))
    assert refusal.value.code == "rights_changed"
    assert set(keys(object_store, world.giver.organisation_id)) == before
    assert "Late" not in get(world.giver, "/documents").text


def keys(store: ObjectStore, organisation_id: UUID) -> list[str]:
    prefix = rules.object_key(organisation_id, UUID(int=0)).split("/")[0]
    return [item.key for item in store.list_keys() if item.key.startswith(prefix)]


def test_a_document_request_that_they_had_opened(world: World) -> None:
    member = world.organisations.add_member(Role.SIGNATORY, world.giver.organisation_id)
    pushed, client = world.program.pushed(), member.client()
    assert "Allow access" in world.page(pushed, member).text
    remove(world.giver, member)
    data = {
        "csrf_token": csrf_token(client), "client_id": world.program.client_id, "request_uri": pushed,
        "organisation_id": str(world.giver.organisation_id), "documents": [str(world.documents["PANCR"])],
        "decision": "allow",
    }  # fmt: skip
    assert client.post("/oauth/authorize", data=data).status_code == 404
    with world.app.app_context():
        assert consents.list_consents(world.giver.actor) == []
    assert world.answer(pushed).status_code == 303, "the request waits for somebody who may answer it"


def test_a_consent_that_they_gave_stays_the_organisations(world: World) -> None:
    member = world.organisations.add_member(Role.SIGNATORY, world.giver.organisation_id)
    tokens = world.tokens(who=member)
    remove(world.giver, member)
    path = f"/api/v1/consents/{tokens['consent_id']}"
    assert world.program.get(path, tokens["access_token"]).status_code == 200
    with world.app.test_request_context():
        consents.revoke_consent(world.giver.actor, UUID(tokens["consent_id"]))
    assert world.program.get(path, tokens["access_token"]).status_code == 401


def test_attack_21_a_removed_collaborator_keeps_no_share(world: World) -> None:
    """Nextcloud 2026: who was removed went on reading through the share they had been given or had made."""
    from tests.organisations.test_members import give_until_tomorrow

    administrator, document = world.giver, world.documents["PANCR"]
    member = world.organisations.add_member(Role.SIGNATORY, administrator.organisation_id)
    give_until_tomorrow(administrator, member, Role.RECORDS_OFFICER)
    with world.app.test_request_context():
        page = sharing.issue_check_page(member.actor, document, Choices()).page
        held = member.actor
    assert page is not None
    client, content = member.client(), f"/organisations/{administrator.organisation_id}/documents/{document}/content"
    assert client.get(content).status_code == 200
    remove(administrator, member)
    assert client.get(content).status_code == 404
    assert client.get(f"/api/v1{content}").status_code == 404
    refused_at_commit(world.app, lambda: vault.open_content(held, document))
    refused_at_commit(world.app, lambda: sharing.renew_code(held, document))
    shown = world.app.test_client().get(f"/check/{page.code}")
    assert shown.status_code == 200, "the check page is the organisation's: it shows no document, and anybody may look"
    assert document.hex not in shown.text.replace("-", "")


def test_a_portal_that_they_registered_stays_and_they_do_not(world: World) -> None:
    keeper = world.keeper
    member = world.organisations.add_member(Role.ADMINISTRATOR, keeper.organisation_id)
    with world.app.test_request_context():
        portal = portals.register_portal(member.actor, portal_data(new_key()))
        held = member.actor
    remove(keeper, member)
    refused_at_commit(world.app, lambda: portals.register_portal(held, portal_data(new_key())))
    assert member.client().get(f"/organisations/{keeper.organisation_id}/portals/{portal.id}").status_code == 404
    with world.app.app_context():
        assert portal.id in {each.id for each in portals.list_portals(keeper.actor)}


def test_proposals_and_votes(organisations: Organisations) -> None:
    one = organisations.make()
    two, three, four = (organisations.add_member(Role.ADMINISTRATOR, one.organisation_id) for _ in range(3))
    theirs = propose(four, about(one))
    voted = propose(two, about(three))
    held = four.actor
    vote(four, voted, yes=False)
    proposal_id = propose(one, about(four))
    vote(two, proposal_id)
    with pytest.raises(ProposalEnded):
        vote(two, theirs)
    refused_at_commit_or_unseen(one.app, lambda: service.vote(held, voted, yes=False))
    with one.app.app_context():
        (left,) = service.list_proposals(one.actor).open
    assert (left.id, left.yes, left.needed) == (voted, 1, 2)


def refused_at_commit_or_unseen(app: Flask, act: Callable[[], Any]) -> None:
    """An administrator of before: no vote any more, whichever look comes first."""
    with app.test_request_context(), pytest.raises(LockerError) as refusal:
        act()
    assert refusal.value.code in ("rights_changed", "no_vote_here")


def test_a_seat_in_a_unit_that_rests_on_the_membership(organisations: Organisations) -> None:
    """Whoever administers a unit from above loses it with the membership above, on the very next read."""
    from tests.units.world import enter, give_branch, open_unit

    parent = organisations.make(name="State of Tests")
    unit_id = open_unit(parent, "Office")
    member = organisations.add_member(Role.MEMBER, parent.organisation_id)
    give_branch(parent, member, unit_id)
    enter(member, unit_id)
    client = member.client()
    assert client.get(f"/organisations/{unit_id}").status_code == 200
    remove(parent, member)
    assert client.get(f"/organisations/{unit_id}").status_code == 404


def test_a_seat_as_an_agency_that_rests_on_the_membership(organisations: Organisations) -> None:
    """Whoever acts for a department as a member of its agency stops with the membership in the agency."""
    from tests.units.world import authorise, enter, name_agent

    department, agency = organisations.department(), organisations.make(name="Empanelled Agency")
    member = organisations.add_member(Role.MEMBER, agency.organisation_id)
    name_agent(agency, authorise(department, agency, Role.RECORDS_OFFICER), member)
    enter(member, department.organisation_id)
    client, home = member.client(), f"/organisations/{department.organisation_id}"
    assert client.get(f"{home}/documents").status_code == 200
    remove(agency, member)
    assert client.get(f"{home}/documents").status_code == 404
    with agency.app.app_context():
        assert service.list_my_organisations(member.person_id) == []


def test_branches_that_they_gave_go_on_and_they_are_out(organisations: Organisations) -> None:
    """What was given in the organisation's name to somebody else is the organisation's, as a consent is."""
    from tests.units.world import enter, give_branch, open_unit

    parent = organisations.make(name="State of Tests")
    giver = organisations.add_member(Role.ADMINISTRATOR, parent.organisation_id)
    deputy = organisations.add_member(Role.MEMBER, parent.organisation_id)
    unit_id = open_unit(parent, "Office")
    give_branch(giver, deputy, unit_id)
    give_branch(parent, giver, unit_id)
    for member in (giver, deputy):
        enter(member, unit_id)
    remove(parent, giver)
    assert giver.client().get(f"/organisations/{unit_id}").status_code == 404
    assert deputy.client().get(f"/organisations/{unit_id}").status_code == 200


def test_tokens_of_the_directory_that_they_issued(organisations: Organisations) -> None:
    from entitylocker.federation import tokens

    administrator = organisations.make()
    member = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    with administrator.app.test_request_context():
        issued = tokens.issue_token(member.actor, "People")
    ask = administrator.app.test_client()
    headers = {"Authorization": f"Bearer {issued.token}"}
    assert ask.get("/scim/v2/Users", headers=headers).status_code == 200
    remove(administrator, member)
    assert ask.get("/scim/v2/Users", headers=headers).status_code == 401


def test_what_they_lent_and_showed_of_themselves(organisations: Organisations) -> None:
    """A person's own papers go with the person, and the key of what was lent with them."""
    from entitylocker.citizen.models import Lending, ShownProof
    from tests.citizen import rows

    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    place, membership_id = administrator.organisation_id, member.actor.membership_id
    assert membership_id is not None
    rows.put_link(member.app, member)
    rows.put_proof(member.app, member)
    rows.put_shown(member.app, member, place, membership_id)
    lending_id = rows.put_lending(member.app, member, place, membership_id)
    assert get(administrator, "/lent").status_code == 200
    remove(administrator, member)
    with administrator.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        lending = db.session.scalars(select(Lending).where(Lending.id == lending_id)).one()
        assert lending.ended_at is not None
        assert lending.wrapped_key is None, "nobody opens it any more"
        assert db.session.scalars(select(ShownProof).where(ShownProof.membership_id == membership_id)).all() == []


def test_the_trail_says_which_invitations_ended_with_whom(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    guest = organisations.person()
    invite(member, guest.email)
    remove(administrator, member)
    page = get(administrator, "/activity").text
    assert "took an invitation back" in page
    assert guest.email in page


def test_leaving_ends_the_same(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    guest = organisations.person()
    _, token = invite(member, guest.email)
    held = member.actor
    with administrator.app.test_request_context():
        service.leave_organisation(member.actor)
    with pytest.raises(InvitationEnded):
        redeem(guest, token)
    refused_at_commit(administrator.app, lambda: deposit(held))
    place = Tenant(organisation_id=administrator.organisation_id)
    with administrator.app.app_context(), tenancy.transaction(place):
        rows = db.session.scalars(select(Membership).where(Membership.ended_at.is_(None))).all()
    assert [row.id for row in rows] == [administrator.actor.membership_id]
