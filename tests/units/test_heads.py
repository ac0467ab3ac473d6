"""The first administrator of a unit comes from who administers above, by mail, and is the one who was written to."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.delegations.service import give_delegation
from entitylocker.errors import PermissionDenied
from entitylocker.extensions import db
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.errors import (
    AdministratorFromAbove,
    ForAnotherAddress,
    InvitationEnded,
    InvitesThemselves,
    MoreThanYouHold,
    RoleBeyondYours,
)
from entitylocker.organisations.models import Invitation, Organisation
from entitylocker.tenancy import Tenant
from entitylocker.units import service
from entitylocker.units.errors import AdministeredAlready, DraftsBelow, InviteFirst, SitsAbove
from entitylocker.units.rules import Phase
from tests.factories import Member, Organisations, Person
from tests.organisations.helpers import close
from tests.organisations.identity import events_of, mails_to, words_of
from tests.units.test_pages import post
from tests.units.world import acting, enter, give_branch, hear, open_unit, today


class Draft:
    """A state with a draft, which an officer of the state looks after; and a second account of that officer."""

    def __init__(self, app: Flask, organisations: Organisations) -> None:
        self.app = app
        self.state = organisations.department(name="State of Tests")
        self.unit_id = open_unit(self.state, "Department of Roads")
        self.officer = organisations.add_member(Role.MEMBER, self.state.organisation_id, name="Meera Rao")
        self.branch_id = give_branch(self.state, self.officer, self.unit_id)
        enter(self.officer, self.unit_id)
        self.second = organisations.person("Meera R.")

    @property
    def seat(self):  # type: ignore[no-untyped-def]
        found = acting(self.officer, self.unit_id)
        assert found is not None
        return found

    def invite(self, email: str, by: Member | None = None) -> None:
        with self.app.test_request_context():
            service.invite_first_administrator((by or self.state).actor, self.unit_id, email=email)

    def accept(self, person: Person) -> None:
        with self.app.test_request_context():
            (mine,) = organisations_service.list_my_invitations(person.person_id)
            organisations_service.accept_my_invitation(Person.actor.fget(person), mine.id)  # type: ignore[attr-defined]

    def state_of_unit(self) -> OrganisationState:
        with self.app.app_context():
            return next(u.state for u in service.list_children(self.state.actor) if u.id == self.unit_id)


@pytest.fixture
def draft(app: Flask, organisations: Organisations) -> Draft:
    return Draft(app, organisations)


def token_of(link: str) -> str:
    return urlsplit(link).path.rsplit("/", 1)[-1]


def test_attack_08_a_second_account_does_not_become_a_drafts_first_administrator_through_a_branch(draft: Draft) -> None:
    with draft.app.test_request_context():
        with pytest.raises(AdministratorFromAbove):
            organisations_service.invite_member(draft.seat, draft.second.email, Role.ADMINISTRATOR)
        with pytest.raises(AdministratorFromAbove):
            guest = organisations_service.ForWhom("Meera R.")
            organisations_service.issue_slip(draft.seat, guest, Role.ADMINISTRATOR, in_person=True)
        # Nor by the way round over another role.
        issued = organisations_service.invite_member(draft.seat, draft.second.email, Role.READER)
        organisations_service.redeem_invitation(draft.second.actor, token_of(issued.link))
        inside = acting(draft.second, draft.unit_id)
        assert inside is not None and inside.membership_id is not None
        with pytest.raises(RoleBeyondYours):
            organisations_service.change_role(draft.seat, inside.membership_id, Role.ADMINISTRATOR)
        # Nor from the page of the parent, where the officer is a plain member.
        with pytest.raises(PermissionDenied):
            service.invite_first_administrator(draft.officer.actor, draft.unit_id, email=draft.second.email)
        with pytest.raises(PermissionDenied):
            service.invite_first_administrator(draft.seat, draft.unit_id, email=draft.second.email)
    assert draft.state_of_unit() is OrganisationState.DRAFT


def test_an_older_invitation_of_a_branch_makes_no_administrator_either(draft: Draft) -> None:
    with draft.app.test_request_context():
        issued = organisations_service.invite_member(draft.seat, draft.second.email, Role.READER)
        with tenancy.transaction(Tenant(organisation_id=draft.unit_id)):
            db.session.execute(update(Invitation).where(Invitation.id == issued.id).values(role="administrator"))
        with pytest.raises(InvitationEnded):
            organisations_service.redeem_invitation(draft.second.actor, token_of(issued.link))
    assert draft.state_of_unit() is OrganisationState.DRAFT


def test_who_administers_above_invites_and_the_one_addressed_accepts(
    draft: Draft, organisations: Organisations
) -> None:
    head = organisations.person("Asha Head")
    draft.invite(head.email)
    (mail,) = [mail for mail in mails_to(head) if "/invitations/" in mail.text]
    link = next(word for word in mail.text.split() if "/invitations/" in word)
    with draft.app.test_request_context(), pytest.raises(ForAnotherAddress):
        organisations_service.redeem_invitation(draft.second.actor, token_of(link))
    draft.accept(head)
    assert draft.state_of_unit() is OrganisationState.ACTIVE
    seated = acting(head, draft.unit_id)
    assert seated is not None and seated.roles == (Role.ADMINISTRATOR,)
    with pytest.raises(AdministeredAlready):
        draft.invite(draft.second.email)
    hear(draft.app, draft.state.organisation_id)
    event = events_of(draft.app, draft.state.organisation_id)[-1]
    assert (event.tag, event.subject_name) == ("invitation:issue", "Department of Roads")
    assert f"invited {head.email} to be the first administrator" in words_of(mails_to(draft.state)[0])


def test_who_administers_above_for_a_time_invites_nobody(draft: Draft, organisations: Organisations) -> None:
    deputy = organisations.add_member(Role.MEMBER, draft.state.organisation_id)
    membership_id: UUID | None = deputy.actor.membership_id
    assert membership_id is not None
    with draft.app.test_request_context():
        give_delegation(
            draft.state.actor, membership_id=membership_id, role=Role.ADMINISTRATOR, folder_id=None,
            starts_on=today(), ends_on=None, reason="holidays",
        )  # fmt: skip
        with pytest.raises(MoreThanYouHold):
            service.invite_first_administrator(deputy.actor, draft.unit_id, email=draft.second.email)


def test_it_ends_with_the_right_of_whoever_invited(draft: Draft, organisations: Organisations) -> None:
    inviter = organisations.add_member(Role.ADMINISTRATOR, draft.state.organisation_id)
    head = organisations.person("Asha Head")
    draft.invite(head.email, by=inviter)
    with draft.app.test_request_context():
        organisations_service.leave_organisation(inviter.actor)
    with pytest.raises(InvitationEnded):
        draft.accept(head)


def test_whoever_could_never_accept_is_not_invited(draft: Draft, organisations: Organisations) -> None:
    with pytest.raises(InvitesThemselves) as own:
        draft.invite(draft.state.email.upper())
    with pytest.raises(SitsAbove) as sits:
        draft.invite(draft.officer.email)
    assert own.value.field == sits.value.field == "email"
    # Another administrator above may be, and so may the officer once their branch is taken back.
    draft.invite(organisations.add_member(Role.ADMINISTRATOR, draft.state.organisation_id).email)
    with draft.app.test_request_context():
        service.revoke_branch(draft.state.actor, draft.branch_id)
    draft.invite(draft.officer.email)
    draft.accept(draft.officer)
    assert draft.state_of_unit() is OrganisationState.ACTIVE


def test_the_page_invites(draft: Draft) -> None:
    client, here = draft.state.client(), f"/organisations/{draft.state.organisation_id}/units"
    assert f"{draft.unit_id}/administrator" in client.get(here).text
    page = f"{here}/{draft.unit_id}/administrator"
    assert "first administrator of Department of Roads" in client.get(page).text
    assert post(client, page, email="nonsense").status_code == 422
    assert post(client, page, email=draft.second.email).status_code == 303
    assert "The invitation is on its way" in client.get(here).text


def test_a_draft_that_somebody_came_into_is_not_let_go_without_an_administrator(draft: Draft) -> None:
    with draft.app.test_request_context():
        issued = organisations_service.invite_member(draft.seat, draft.second.email, Role.READER)
        organisations_service.redeem_invitation(draft.second.actor, token_of(issued.link))
        (link,) = service.list_links(draft.state.actor)
        with pytest.raises(InviteFirst):
            service.end_unit(draft.state.actor, link.id)
    assert draft.state_of_unit() is OrganisationState.DRAFT


def test_a_draft_that_is_let_go_is_closed_with_what_was_given_over_it(draft: Draft) -> None:
    with draft.app.test_request_context():
        (link,) = service.list_links(draft.state.actor)
        service.end_unit(draft.state.actor, link.id)
        assert service.list_children(draft.state.actor) == []
        assert [branch.phase for branch in service.list_branches(draft.state.actor)] == [Phase.ENDED]
    assert acting(draft.officer, draft.unit_id) is None
    with draft.app.app_context(), tenancy.transaction(Tenant(organisation_id=draft.unit_id)):
        assert db.session.scalar(select(Organisation.state)) == OrganisationState.CLOSED
    hear(draft.app, draft.unit_id)
    assert "organisation:close" in [event.tag for event in events_of(draft.app, draft.unit_id)]


def test_a_draft_with_units_of_its_own_is_not_let_go_either(draft: Draft) -> None:
    with draft.app.test_request_context():
        service.open_child(draft.seat, name="Pune Division", kind=OrganisationKind.GOVERNMENT_DEPARTMENT)
        (link,) = service.list_links(draft.state.actor)
        with pytest.raises(InviteFirst):
            service.end_unit(draft.state.actor, link.id)


def test_nobody_closes_an_organisation_above_drafts(draft: Draft) -> None:
    with pytest.raises(DraftsBelow) as refused:
        close(draft.state)
    assert "Department of Roads" in refused.value.text()
    with draft.app.test_request_context():
        (link,) = service.list_links(draft.state.actor)
        service.end_unit(draft.state.actor, link.id)
    close(draft.state)
    assert draft.state.actor.organisation_state is OrganisationState.CLOSED
