"""No way back: not through a token that ended, nor through the hand of somebody removed, nor through a stale seat."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.federation import arrivals, connections, providers, tokens
from entitylocker.federation.errors import SlugTaken
from entitylocker.federation.models import DirectoryToken, FederatedIdentity
from entitylocker.federation.oidc import Claims
from entitylocker.organisations import service
from entitylocker.organisations.errors import InvitationEnded
from entitylocker.organisations.models import Membership
from entitylocker.tenancy import Tenant
from entitylocker.units import service as units
from tests.factories import Member, Organisations, Person
from tests.federation.conftest import Directory, make_directory
from tests.federation.test_membership import accept, invitations_to, role_of, set_role, tags_of
from tests.federation.test_own_sign_in import themselves
from tests.federation.test_reminding import age
from tests.federation.test_standing import second_administrator
from tests.federation.ways import Way, make_way
from tests.organisations.helpers import end_administrator
from tests.units.world import enter, give_branch, join


def open_to(directory: Directory, person: Person) -> list[str]:
    """The roles of the open invitations to somebody."""
    return [row.role for row in invitations_to(directory, person.email) if row.revoked_at is None]


def end_token(directory: Directory) -> None:
    with directory.app.test_request_context():
        administrator = directory.administrator.actor
        (token,) = tokens.list_tokens(administrator)
        tokens.revoke_token(administrator, token.id)


def set_row(member: Member, model: Any, **values: Any) -> None:
    """What happened to the rows of an organisation, without anybody being told."""
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        db.session.execute(update(model).where(model.organisation_id == member.organisation_id).values(**values))


def test_a_removed_administrator_does_not_come_back_through_their_token(
    directory: Directory, organisations: Organisations
) -> None:
    rogue = directory.administrator
    other = second_administrator(directory, organisations)
    second_account, came_in = organisations.person(), organisations.person()
    made, early = directory.bring(second_account.email), directory.bring(came_in.email)
    set_role(directory, directory.group("Signers", made["id"])["id"], Role.SIGNATORY)
    accept(directory, came_in)
    assert open_to(directory, second_account) == ["signatory"]
    end_administrator(other, gone=rogue)
    assert open_to(directory, second_account) == []
    with pytest.raises(InvitationEnded):
        accept(directory, second_account)
    assert role_of(directory, second_account) is None
    assert role_of(directory, came_in) == "member" and early["active"], "who came in is known to the others, and stays"


def test_what_a_token_invited_to_ends_with_the_token_and_an_event_each(
    directory: Directory, organisations: Organisations
) -> None:
    first, second = organisations.person(), organisations.person()
    by_hand = organisations.person()
    directory.bring(first.email)
    directory.bring(second.email)
    with directory.app.test_request_context():
        service.invite_member(directory.administrator.actor, by_hand.email, Role.READER)
    before = tags_of(directory).count("invitation:revoke")
    end_token(directory)
    assert open_to(directory, first) == open_to(directory, second) == []
    assert tags_of(directory).count("invitation:revoke") == before + 2
    with pytest.raises(InvitationEnded):
        accept(directory, first)
    accept(directory, by_hand)
    assert role_of(directory, by_hand) == "reader"


@pytest.mark.parametrize(
    "lost",
    [(Membership, {"role": "reader"}), (Membership, {"ended_at": text("now()")}),
     (DirectoryToken, {"revoked_at": text("now()")})],
    ids=["role", "end", "token"],
)  # fmt: skip
def test_what_nobody_told_of_lets_nobody_in(
    directory: Directory, organisations: Organisations, lost: tuple[Any, dict[str, Any]]
) -> None:
    """Joined where somebody comes in, as it is on each look at the token."""
    person = organisations.person()
    directory.bring(person.email)
    set_row(directory.administrator, lost[0], **lost[1])
    with pytest.raises(InvitationEnded):
        accept(directory, person)


def test_a_token_that_ended_by_its_time_is_not_distrusted(directory: Directory, organisations: Organisations) -> None:
    person = organisations.person()
    directory.bring(person.email)
    age(directory, timedelta(seconds=-1))
    assert directory.ask("GET", "/Users").status_code == 401
    accept(directory, person)
    assert role_of(directory, person) == "member"


def test_what_the_directory_says_again_with_a_newer_token_stands_by_that_one(
    directory: Directory, organisations: Organisations
) -> None:
    """So a token is replaced: a new one, the directory says everything once more, the old one ends."""
    person = organisations.person()
    made = directory.bring(person.email)
    other = second_administrator(directory, organisations)
    newer = make_directory(directory.app, other)
    name = {"op": "replace", "path": "displayName", "value": "M. Joshi"}
    assert newer.patch(f"/Users/{made['id']}", name).status_code in (200, 204)
    end_administrator(other, gone=directory.administrator)
    assert directory.ask("GET", "/Users").status_code == 401
    accept(newer, person)
    assert role_of(newer, person) == "member"


def test_what_a_group_was_let_mean_goes_with_whoever_said_so(
    directory: Directory, organisations: Organisations
) -> None:
    """The token is of somebody who stays."""
    rogue = second_administrator(directory, organisations)
    second_account = organisations.person()
    made = directory.bring(second_account.email)
    group = directory.group("Signers", made["id"])
    set_role(Directory(directory.app, rogue, directory.token), group["id"], Role.SIGNATORY)
    end_administrator(directory.administrator, gone=rogue)
    assert directory.ask("GET", "/Users").status_code == 200
    assert open_to(directory, second_account) == []


def test_what_an_administrator_sent_again_is_theirs(directory: Directory, organisations: Organisations) -> None:
    person = organisations.person()
    directory.bring(person.email)
    (row,) = invitations_to(directory, person.email)
    with directory.app.test_request_context():
        service.resend_mail(directory.administrator.actor, row.id)
    end_token(directory)
    accept(directory, person)
    assert role_of(directory, person) == "member"


def test_the_name_of_a_way_in_stays_with_its_organisation(way: Way, organisations: Organisations) -> None:
    """Bookmarks lead there: whoever had the name next would be shown the passwords of its people."""
    other = organisations.make(name="Somebody Else")
    with way.app.test_request_context():
        (provider,) = providers.list_providers(way.administrator.actor)
        providers.end_provider(way.administrator.actor, provider.id)
        asked = {"name": "Sign-in", "slug": way.slug, "issuer": way.provider, "client_id": "locker"}
        with pytest.raises(SlugTaken):
            providers.set_up_provider(other.actor, client_secret="another", **asked)
        assert providers.list_providers(other.actor) == []
        providers.set_up_provider(way.administrator.actor, client_secret="another", **asked)
        assert len(providers.list_providers(way.administrator.actor)) == 1


def test_a_seat_opens_no_own_sign_in(way: Way, provider: str, organisations: Organisations) -> None:
    """Rows of seats never end: whether their source stands is asked elsewhere."""
    parent, child = organisations.department(name="State"), organisations.department(name="Pune")
    officer = organisations.add_member(Role.MEMBER, parent.organisation_id, "Branch Officer")
    join(parent, child)
    branch = give_branch(parent, officer, child.organisation_id)
    enter(officer, child.organisation_id)
    theirs = make_way(way.app, child, provider)
    with way.app.test_request_context():
        found = providers.get_provider(theirs.slug)
        with tenancy.transaction(Tenant(person_id=officer.person_id)):
            db.session.add(
                FederatedIdentity(
                    person_id=officer.person_id, provider_id=found.id, organisation_id=child.organisation_id,
                    organisation_name="Pune", issuer=found.issuer, subject="officer", called="officer",
                )
            )  # fmt: skip
        for act in (lambda: None, lambda: units.revoke_branch(parent.actor, branch)):
            act()
            assert connections.list_connections(themselves(officer).actor) == []
            assert arrivals._find_connected(found, Claims(found.issuer, "officer", "")) is None
        assert [each.slug for each in connections.list_connections(themselves(child).actor)] == [theirs.slug]
