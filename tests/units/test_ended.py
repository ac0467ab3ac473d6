"""Closing an organisation ends what lies between it and others, on either side; suspending lets it sleep."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.tenancy import Tenant
from entitylocker.units import closing, service
from entitylocker.units.errors import RequestEnded
from entitylocker.units.models import BranchAdministration
from entitylocker.units.rules import Phase
from tests.factories import Member, Organisations
from tests.organisations.helpers import change, close, suspend
from tests.organisations.identity import events_of, mails_to, words_of
from tests.units.world import acting, authorise, enter, give_branch, hear, join, letter, name_agent


class Between:
    """A state above a department above a unit, and a firm that acts for the department; everything stands."""

    def __init__(self, app: Flask, organisations: Organisations) -> None:
        self.app = app
        self.state = organisations.department(name="State of Tests")
        self.department = organisations.department(name="Department of Roads", verified=False)
        self.unit = organisations.department(name="Pune Division", verified=False)
        self.firm = organisations.make(name="Firm")
        join(self.state, self.department)
        join(self.department, self.unit)
        with app.test_request_context():
            service.vouch_for(self.state.actor, self.department.organisation_id, letter())
            service.vouch_for(self.department.actor, self.unit.organisation_id, letter())
        self.officer = organisations.add_member(Role.MEMBER, self.state.organisation_id, name="Meera Rao")
        self.looks_after = organisations.add_member(Role.MEMBER, self.department.organisation_id, name="Asha Rao")
        give_branch(self.state, self.officer, self.department.organisation_id)
        give_branch(self.department, self.looks_after, self.unit.organisation_id)
        self.letter_id = authorise(self.department, self.firm, Role.READER)
        self.agent = organisations.add_member(Role.MEMBER, self.firm.organisation_id, name="Ravi Kumar")
        name_agent(self.firm, self.letter_id, self.agent)
        enter(self.officer, self.department.organisation_id)
        enter(self.looks_after, self.unit.organisation_id)
        enter(self.agent, self.department.organisation_id)
        with app.test_request_context():
            newcomer = organisations.make(name="Newcomer")
            service.ask_to_join(self.department.actor, code=service.renew_code(newcomer.actor))
        self.newcomer = newcomer

    def verified(self) -> list[bool]:
        return [member.actor.organisation_verified for member in (self.state, self.department, self.unit)]

    def heard(self, member: Member) -> tuple[list[str], str]:
        """Tags that other organisations caused, and the words of all mails."""
        hear(self.app, member.organisation_id)
        events = events_of(self.app, member.organisation_id)
        told = [event.tag for event in events if "by" in event.data]
        return told, " ".join(words_of(mail) for mail in mails_to(member))

    def standing_branches(self, member: Member) -> list[UUID]:
        standing = select(BranchAdministration.id).where(BranchAdministration.revoked_at.is_(None))
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
            return list(db.session.scalars(standing))


@pytest.fixture
def between(app: Flask, organisations: Organisations) -> Between:
    return Between(app, organisations)


def test_closing_the_one_in_the_middle_ends_both_sides(between: Between) -> None:
    assert between.verified() == [True, True, True]
    close(between.department)
    assert [between.state.actor.organisation_verified, between.unit.actor.organisation_verified] == [True, False]
    assert between.standing_branches(between.state) == [] and between.standing_branches(between.department) == []
    own = [event.tag for event in events_of(between.app, between.department.organisation_id)]
    assert own.count("unit:withdraw_vouching") == 2 and own.count("branch:revoke") == 2
    assert own.count("authorisation:end") == 1 and own.count("unit:leave") == 1
    told, said = between.heard(between.state)
    assert {"unit:withdraw_vouching", "branch:revoke"} <= set(told)
    assert "State of Tests no longer vouches for Department of Roads." in said
    assert "The administration of the branch Department of Roads has ended" in said
    assert "The reason: Department of Roads was closed." in said
    told, said = between.heard(between.unit)
    assert {"unit:withdraw_vouching", "branch:revoke"} <= set(told)
    assert "Department of Roads no longer vouches for Pune Division" in said
    told, said = between.heard(between.firm)
    assert "authorisation:end" in told and "was ended by Department of Roads" in said
    told, _ = between.heard(between.newcomer)
    assert told == ["unit:ask", "unit:leave"]
    for holder in (between.officer, between.looks_after):
        assert any("has ended" in words_of(mail) for mail in mails_to(holder)), "whoever held a branch is told"
    with between.app.test_request_context():
        (seen,) = service.list_authorisations(between.firm.actor)
        assert (seen.phase, seen.ended_by_name) == (Phase.ENDED, between.department.actor.name)
        assert [link for link in service.list_links(between.newcomer.actor) if link.ended_at is None] == []


def test_what_ended_with_the_closing_stays_ended(between: Between) -> None:
    close(between.department)
    with between.app.test_request_context():
        from entitylocker.organisations import service as organisations_service

        organisations_service.reopen_organisation(between.department.actor)
    assert between.verified() == [True, False, False]
    assert acting(between.officer, between.department.organisation_id) is None
    assert acting(between.agent, between.department.organisation_id) is None
    assert acting(between.looks_after, between.unit.organisation_id) is None
    with between.app.test_request_context():
        assert service.list_above(between.unit.actor)[0].name == "Department of Roads"


def test_what_somebody_ends_at_the_same_moment_stands_in_no_way(
    between: Between, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def over(*_: object, closed: bool) -> None:
        tried.append(closed)
        raise (NotFound if len(tried) == 1 else RequestEnded)

    monkeypatch.setattr(closing, "end_vouching", over)
    monkeypatch.setattr(closing, "end_row", over)
    close(between.department)
    assert tried == [True, True]
    assert between.department.actor.organisation_state is OrganisationState.CLOSED


def test_closing_the_agency_ends_its_letters(between: Between) -> None:
    close(between.firm)
    assert acting(between.agent, between.department.organisation_id) is None
    told, said = between.heard(between.department)
    assert "authorisation:end" in told and "was ended by Firm" in said
    with between.app.test_request_context():
        (seen,) = service.list_authorisations(between.department.actor)
        assert seen.phase is Phase.ENDED


def test_suspension_only_lets_it_sleep(between: Between) -> None:
    suspend(between.department)
    assert between.verified() == [True, True, True]
    assert acting(between.agent, between.department.organisation_id) is None
    assert acting(between.looks_after, between.unit.organisation_id) is None
    change(between.app, between.department.organisation_id, _organisation(), state="active", suspended_by=None)
    assert acting(between.agent, between.department.organisation_id) is not None
    assert acting(between.looks_after, between.unit.organisation_id) is not None


def _organisation():  # type: ignore[no-untyped-def]
    from entitylocker.organisations.models import Organisation

    return Organisation
