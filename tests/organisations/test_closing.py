"""Closing an organisation ends everything that is open in it, each with an event; a new name stands everywhere."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.audit.models import Event
from entitylocker.config import Settings
from entitylocker.extensions import Base, db
from entitylocker.federation import tokens as directory
from entitylocker.federation.models import FederatedIdentity, IdentityProvider
from entitylocker.organisations import service
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.service import Wish
from entitylocker.portals import service as portals
from entitylocker.portals.lookup import find_portal
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import Tenant
from tests.citizen import rows as citizen_rows
from tests.factories import Member, Organisations
from tests.oauth.world import World, make_world, new_key, portal_data
from tests.organisations.helpers import REASON, about, get, post, propose, put_export, vote
from tests.organisations.identity import letter as paper
from tests.organisations.test_members import give_until_tomorrow, invite, slip
from tests.units.world import authorise, give_branch, join, make_active, name_agent, open_unit

WAITING = "redeemed_at IS NULL AND revoked_at IS NULL"
# What may be open: where, which of it is, and the event by which closing ends it.
OPEN = {
    "proposals": ("proposals WHERE ended_at IS NULL", "proposal:end"),
    "invitations": (f"invitations WHERE {WAITING} AND way = 'mail'", "invitation:revoke"),
    "slips": (f"invitations WHERE {WAITING} AND way = 'slip'", "invitation:revoke"),
    "a name that was asked for": ("name_changes WHERE state = 'pending'", "name_change:withdraw"),
    "portals": ("portals WHERE state <> 'ended'", "portal:end"),
    "consents": ("consents WHERE revoked_at IS NULL", "consent:revoke"),
    "check pages": ("check_pages WHERE ended_at IS NULL", "check_page:revoke"),
    "roles for a time": ("delegations WHERE revoked_at IS NULL", "delegation:revoke"),
    "tokens of directories": ("directory_tokens WHERE revoked_at IS NULL", "directory_token:revoke"),
    "own sign-ins": ("identity_providers WHERE ended_at IS NULL", "identity_provider:end"),
    "what people lent": ("lendings WHERE ended_at IS NULL", "lending:end"),
    "branches": ("branch_administrations WHERE revoked_at IS NULL", "branch:revoke"),
    "letters of agencies": ("authorisations WHERE ended_at IS NULL", "authorisation:end"),
}  # fmt: skip


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)


def put_provider(member: Member) -> IdentityProvider:
    row = IdentityProvider(
        id=uuid7(), organisation_id=member.organisation_id, name="Own", slug=f"way-{uuid7().hex[-12:]}", issuer="i",
        client_id="c", wrapped_key=b"", encrypted_secret=b"", set_up_by_name="Asha",
    )  # fmt: skip
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        db.session.add(row)
    return row


def open_everything(world: World, second: Member) -> str:
    """One of each; answers the client_id of the portal."""
    giver, place = world.giver, world.giver.organisation_id
    membership_id = second.actor.membership_id
    assert membership_id is not None
    propose(giver, about(second))
    invite(giver, f"{uuid7().hex}@example.in")
    slip(giver)
    world.tokens()
    give_until_tomorrow(giver, world.organisations.add_member(Role.READER, place), Role.RECORDS_OFFICER)
    put_provider(giver)
    citizen_rows.put_link(world.app, second)
    citizen_rows.put_lending(world.app, second, place, membership_id)
    give_branch(giver, giver, make_active(world.organisations, giver, open_unit(giver)).organisation_id)
    name_agent(world.keeper, authorise(giver, world.keeper, Role.READER), world.keeper)
    with world.app.test_request_context():
        service.change_name(giver.actor, name="Another Name Private Limited", reason="merged", letter=paper())
        sharing.issue_check_page(giver.actor, world.documents["PANCR"], Choices())
        directory.issue_token(giver.actor, "People")
        return portals.register_portal(giver.actor, portal_data(new_key())).client_id


def still_open(place: UUID) -> dict[str, int]:
    with tenancy.transaction(Tenant(organisation_id=place)):
        mine = {"place": place}
        return {
            name: db.session.scalar(text(f"SELECT count(*) FROM {rows} AND organisation_id = :place"), mine)
            for name, (rows, _) in OPEN.items()
        }


def tags_since(place: UUID, last: int) -> set[str]:
    with tenancy.transaction(Tenant(organisation_id=place)):
        return set(db.session.scalars(select(Event.tag).where(Event.sequence > last)))


def test_everything_that_is_open_ends_with_an_event(world: World) -> None:
    giver, place = world.giver, world.giver.organisation_id
    second = world.organisations.add_member(Role.ADMINISTRATOR, place)
    client_id = open_everything(world, second)
    with world.app.app_context():
        before = still_open(place)
    assert all(before.values()), before
    put_export(giver)
    closing = propose(giver, Wish(ProposalKind.CLOSE, REASON, name=giver.actor.organisation_name))
    with world.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        last = db.session.scalar(select(func.max(Event.sequence))) or 0
    vote(second, closing)
    assert giver.actor.organisation_state is OrganisationState.CLOSED
    with world.app.app_context():
        after = still_open(place)
        told = tags_since(place, last)
    assert not any(after.values()), after
    assert {tag for _, tag in OPEN.values()} | {"organisation:close"} <= told
    assert post(giver, "/reopen").status_code == 303
    with world.app.app_context(), tenancy.transaction(Tenant()):
        portal = find_portal(client_id)
    assert portal is not None
    assert (portal.state.value, portal.may_ask) == ("ended", False), "brought back, nothing of it goes on"
    assert "This portal has ended" in get(giver, f"/portals/{portal.id}").text


def test_the_operator_decides_nothing_about_a_portal_that_ended(world: World) -> None:
    from entitylocker.portals import approval
    from entitylocker.portals.errors import AlreadyDecided
    from tests.organisations.helpers import close

    with world.app.test_request_context():
        portal = portals.register_portal(world.giver.actor, portal_data(new_key()))
    close(world.giver)
    operator = world.organisations.operator()
    with world.app.test_request_context(), pytest.raises(AlreadyDecided):
        approval.approve_portal(operator, portal.id)


# Every column that holds the name of an organisation beside its own row, and what a new name does to it.
FOLLOWS = {
    "portals.organisation_name", "unit_links.organisation_name", "unit_links.child_name",
    "authorisations.organisation_name", "authorisations.agent_name", "identifiers.vouched_by_name",
    "lendings.organisation_name", "shown_proofs.organisation_name", "federated_identities.organisation_name",
}  # fmt: skip
# Records of what was agreed, under the names of that day.
STAYS = {"consents.organisation_name", "consents.keeper_name"}
NAMES = ("organisation_name", "child_name", "agent_name", "keeper_name", "vouched_by_name")


def test_every_place_with_a_name_says_what_a_new_name_does_to_it() -> None:
    places = {f"{t.name}.{c.name}" for t in Base.metadata.tables.values() for c in t.columns if c.name in NAMES}
    assert places - FOLLOWS - STAYS == set(), "say in 0021's list of copies or here what happens to these"
    assert places >= FOLLOWS | STAYS


def test_a_new_name_stands_wherever_the_name_is_shown(world: World) -> None:
    giver, keeper, place = world.giver, world.keeper, world.giver.organisation_id
    consent_id = world.tokens()["consent_id"]
    membership_id = giver.actor.membership_id
    assert membership_id is not None
    link = join(giver, keeper)
    letter = authorise(giver, keeper, Role.READER)
    citizen_rows.put_link(world.app, giver)
    citizen_rows.put_proof(world.app, giver)
    citizen_rows.put_shown(world.app, giver, place, membership_id)
    lending = citizen_rows.put_lending(world.app, giver, place, membership_id)
    provider = put_provider(giver)
    identity = FederatedIdentity(
        person_id=giver.person_id, provider_id=provider.id, organisation_id=place, organisation_name="old",
        issuer="i", subject="s", called="",
    )  # fmt: skip
    with world.app.test_request_context():
        portal = portals.register_portal(giver.actor, portal_data(new_key()))
        with tenancy.transaction(Tenant(person_id=giver.person_id)):
            db.session.add(identity)
        before = giver.actor.organisation_name
        service.change_name(giver.actor, name="New Name", reason="merged", letter=paper())
        (change,) = service.list_pending_names(world.organisations.operator())[-1:]
        service.confirm_name(world.organisations.operator(), change.id)

    def names(statement: str, tenant: Tenant, row: UUID) -> list[str]:
        with world.app.app_context(), tenancy.transaction(tenant):
            return list(db.session.execute(text(statement), {"row": row}).one())

    here, person = Tenant(organisation_id=place), Tenant(person_id=giver.person_id)
    assert names("SELECT organisation_name FROM portals WHERE id = :row", here, portal.id) == ["New Name"]
    assert names("SELECT organisation_name FROM unit_links WHERE id = :row", here, link) == ["New Name"]
    assert names("SELECT organisation_name FROM authorisations WHERE id = :row", here, letter) == ["New Name"]
    assert names("SELECT organisation_name FROM lendings WHERE id = :row", here, lending) == ["New Name"]
    assert names("SELECT organisation_name FROM shown_proofs WHERE organisation_id = :row", here, place) == ["New Name"]
    found = names("SELECT organisation_name FROM federated_identities WHERE provider_id = :row", person, provider.id)
    assert found == ["New Name"]
    kept = names("SELECT organisation_name FROM consents WHERE id = :row", here, UUID(consent_id))
    assert kept == [before], "what was agreed keeps the names of that day"


def test_nobody_gives_others_a_name_by_the_function_for_copies(world: World) -> None:
    """It takes the name from the organisation's own row, whoever calls it."""
    with world.app.app_context(), tenancy.transaction(Tenant(organisation_id=world.keeper.organisation_id)):
        db.session.execute(text("SELECT claim_names_follow(:place)"), {"place": world.giver.organisation_id})
        names = set(db.session.scalars(text("SELECT organisation_name FROM portals")))
    assert names == {world.keeper.actor.organisation_name}
