"""A directory's token stands by whoever issued it, and by the organisation; so do the ways in."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Actor, OrganisationState, Permission, Role
from entitylocker.access.roles import ROLE_PERMISSIONS
from entitylocker.accounts.models import PersonSession
from entitylocker.delegations.errors import RightsChanged
from entitylocker.delegations.service import load_member, recheck_rights
from entitylocker.extensions import db, utc_now
from entitylocker.federation import directory as directory_acts
from entitylocker.federation import providers, tokens
from entitylocker.federation.errors import DirectoryTokenEnded
from entitylocker.federation.models import DirectoryToken, DirectoryUser, IdentityProvider
from entitylocker.federation.tokens import find_directory
from entitylocker.notifications.models import OutboxMessage
from entitylocker.organisations import service
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.models import Membership
from entitylocker.organisations.service import Wish
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.vault.models import Folder
from entitylocker.vault.service import create_folder
from tests.factories import Member, Organisations, Person
from tests.federation.conftest import Directory, make_directory
from tests.federation.ways import Way
from tests.organisations.helpers import close, end_administrator, put_export

ENDED = "The directory of your organisation cannot change anything any more"


def mails_to(person: Person, subject: str) -> list[str]:
    """What was written to a person, the oldest first, without its line breaks."""
    with person.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        found = select(OutboxMessage.text).where(
            OutboxMessage.recipient == person.email, OutboxMessage.subject == subject
        )
        return [" ".join(text.split()) for text in db.session.scalars(found.order_by(OutboxMessage.id))]


def trail_of(member: Member) -> list[str]:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return list(db.session.scalars(text("SELECT tag FROM events ORDER BY sequence")))


def second_administrator(directory: Directory, organisations: Organisations) -> Member:
    return organisations.add_member(Role.ADMINISTRATOR, directory.administrator.organisation_id)


def membership_of(member: Member) -> UUID:
    found = member.actor.membership_id
    assert found is not None
    return found


def test_a_token_ends_with_the_membership_of_whoever_issued_it_and_the_others_hear_of_it(
    directory: Directory, organisations: Organisations
) -> None:
    maker = directory.administrator
    other = second_administrator(directory, organisations)
    third = organisations.add_member(Role.READER, maker.organisation_id)
    assert directory.ask("GET", "/Users").status_code == 200
    end_administrator(other, gone=maker)
    assert directory.ask("GET", "/Users").status_code == 401
    assert directory.ask("POST", "/Users", {"userName": "late@example.in"}).status_code == 401
    (mail,) = mails_to(other, ENDED)
    assert "Entra of the head office" in mail and maker.name in mail
    assert f"/organisations/{other.organisation_id}/directory" in mail
    assert mails_to(third, ENDED) == [] == mails_to(maker, ENDED)
    assert trail_of(other).count("directory_token:revoke") == 1


def test_a_token_ends_when_its_maker_leaves_by_themselves(directory: Directory, organisations: Organisations) -> None:
    other = second_administrator(directory, organisations)
    theirs = make_directory(directory.app, other)
    with directory.app.test_request_context():
        service.end_membership(other.actor, membership_of(other))
    assert theirs.ask("GET", "/Users").status_code == 401
    assert directory.ask("GET", "/Users").status_code == 200, "what another one issued stands"
    assert len(mails_to(directory.administrator, ENDED)) == 1


@pytest.mark.parametrize("lost", [{"role": "reader"}, {"ended_at": text("now()")}], ids=["role", "end"])
def test_what_nobody_told_of_counts_too(directory: Directory, lost: dict[str, object]) -> None:
    """Joined on each look: a right that went without an event takes the token along all the same."""
    place = directory.administrator.organisation_id
    with directory.app.app_context():
        membership = membership_of(directory.administrator)
        with tenancy.transaction(Tenant(organisation_id=place)):
            db.session.execute(update(Membership).where(Membership.id == membership).values(**lost))
    assert directory.ask("GET", "/Users").status_code == 401


def test_the_database_asks_for_the_role_that_holds_the_right() -> None:
    holding = {role for role, held in ROLE_PERMISSIONS.items() if Permission.DIRECTORY_MANAGE in held}
    assert {role.value for role in holding} == {"administrator"}


def test_what_a_directory_was_just_doing_does_not_stay_when_its_token_ends(directory: Directory) -> None:
    """Between the look at the token and the commit."""
    app, place = directory.app, directory.administrator.organisation_id
    with app.test_request_context():
        actor = find_directory(directory.token)
        assert actor is not None
        administrator = directory.administrator.actor
        tokens.revoke_token(administrator, tokens.list_tokens(administrator)[0].id)
        facts = directory_acts.UserFacts("half@example.in", "half@example.in", None, True, {})
        with pytest.raises(DirectoryTokenEnded), directory_acts.one_operation(actor):
            directory_acts.put_user(actor, facts)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        assert db.session.scalar(select(DirectoryUser.id).where(DirectoryUser.organisation_id == place)) is None


def test_the_page_says_whose_a_token_is_and_when_it_was_used(directory: Directory) -> None:
    path = f"/organisations/{directory.administrator.organisation_id}/directory"
    before = directory.administrator.client().get(path).get_data(as_text=True)
    assert "never used" in before and directory.administrator.name in before
    assert directory.ask("GET", "/Users").status_code == 200
    after = directory.administrator.client().get(path).get_data(as_text=True)
    assert "never used" not in after
    assert "ends when" in after, "it says by whom the token stands, so that another is made before they go"


def test_closing_ends_tokens_and_ways_in(way: Way) -> None:
    administrator = way.administrator
    theirs = make_directory(way.app, administrator)
    way.connect(administrator, "asha@corp")
    client, _ = way.sign_in("asha@corp")
    close(administrator)
    assert theirs.ask("GET", "/Users").status_code == 401
    assert client.get(f"/organisations/{administrator.organisation_id}").status_code == 303
    assert way.app.test_client().get(way.path).status_code == 404
    with way.app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        assert db.session.scalar(select(IdentityProvider.ended_at)) is not None
        assert db.session.scalar(select(DirectoryToken.revoked_at)) is not None
    tags = trail_of(administrator)
    assert "directory_token:revoke" in tags and "identity_provider:end" in tags
    assert mails_to(administrator, ENDED) == []


def came_by(way: Way) -> tuple[Actor, UUID]:
    """The administrator as they come by their own provider, and that provider."""
    way.connect(way.administrator, "asha@corp")
    way.sign_in("asha@corp")
    person_id = way.administrator.person_id
    with way.app.app_context():
        with tenancy.transaction(Tenant(person_id=person_id)):
            by_provider = select(PersonSession).where(PersonSession.provider_id.is_not(None))
            session = db.session.scalars(by_provider).one()
        actor = load_member(person_id, session.id, way.administrator.organisation_id)
    assert actor is not None and actor.limited_to is not None and session.provider_id is not None
    return actor, session.provider_id


def folders_of(member: Member) -> dict[str, UUID]:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return {folder.name: folder.id for folder in db.session.scalars(select(Folder))}


def test_what_came_by_a_provider_that_ended_meanwhile_writes_nothing(way: Way) -> None:
    """Between the look at the session and the commit."""
    held, provider_id = came_by(way)
    (root,) = folders_of(way.administrator).values()
    with way.app.app_context():
        create_folder(held, root, "In time")
        providers.end_provider(way.administrator.actor, provider_id)
        with pytest.raises(RightsChanged):
            create_folder(held, root, "Too late")
    assert "In time" in folders_of(way.administrator) and "Too late" not in folders_of(way.administrator)


def test_the_end_of_a_provider_waits_for_a_commit_that_has_looked(way: Way) -> None:
    held, provider_id = came_by(way)
    (root,) = folders_of(way.administrator).values()
    administrator, ended = way.administrator.actor, threading.Event()

    def end() -> None:
        with way.app.app_context():
            providers.end_provider(administrator, provider_id)
        ended.set()

    thread = threading.Thread(target=end)
    with way.app.app_context(), tenancy.transaction(tenancy.tenant_of(held), held) as running:
        create_folder(held, root, "In time")
        recheck_rights(running)
        thread.start()
        assert not ended.wait(0.3)
    thread.join(30)
    assert ended.is_set() and "In time" in folders_of(way.administrator)


def test_who_came_by_a_provider_may_end_it_and_is_out_then(way: Way) -> None:
    held, provider_id = came_by(way)
    (root,) = folders_of(way.administrator).values()
    with way.app.app_context():
        providers.end_provider(held, provider_id)
        assert providers.list_providers(way.administrator.actor) == []
        with pytest.raises(RightsChanged):
            create_folder(held, root, "Too late")


def test_who_came_by_a_provider_may_close_the_organisation_and_is_out_then(way: Way) -> None:
    held, _ = came_by(way)
    put_export(way.administrator)
    wish = Wish(ProposalKind.CLOSE, "for a test", name=held.organisation_name)
    with way.app.test_request_context():
        service.propose(replace(held, confirmed_at=utc_now()), wish)
        assert way.administrator.actor.organisation_state is OrganisationState.CLOSED


def test_an_organisation_that_was_reopened_sets_up_its_ways_anew(way: Way) -> None:
    theirs = make_directory(way.app, way.administrator)
    close(way.administrator)
    with way.app.test_request_context():
        service.reopen_organisation(way.administrator.actor)
    assert theirs.ask("GET", "/Users").status_code == 401
    assert way.app.test_client().get(way.path).status_code == 404
    with way.app.test_request_context():
        assert providers.list_providers(way.administrator.actor) == []


@pytest.mark.parametrize(
    "change", ["directory_tokens SET issued_by_id = id", "directory_tokens SET expires_at = now()",
               "identity_providers SET issuer = 'https://other.example'", "identity_providers SET slug = 'another'"],
)  # fmt: skip
def test_neither_whose_a_token_is_nor_where_a_way_leads_is_changed(directory: Directory, change: str) -> None:
    place = directory.administrator.organisation_id
    with (
        directory.app.app_context(),
        pytest.raises(ProgrammingError, match="permission denied"),
        tenancy.transaction(Tenant(organisation_id=place)),
    ):
        db.session.execute(text(f"UPDATE {change}"))


def test_a_token_of_nobody_opens_nothing(directory: Directory) -> None:
    """Issued before it was noted by whom."""
    place = directory.administrator.organisation_id
    assert json.loads(directory.ask("GET", "/Users").data)["totalResults"] == 0
    with directory.app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        db.session.add(
            DirectoryToken(
                organisation_id=place, name="Earlier", token_digest=tokens.digest_of("earlier"), issued_by_name="Asha",
                issued_by_id=None, expires_at=tokens.utc_now() + tokens.TOKEN_LIFETIME,
            )
        )  # fmt: skip
    with directory.app.app_context():
        assert find_directory("earlier") is None
