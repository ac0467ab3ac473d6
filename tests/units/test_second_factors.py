"""Who has a second factor and who is asked for one: the members, and who acts here for another organisation."""

from __future__ import annotations

import pytest
from flask import Flask

from entitylocker.access import Role
from entitylocker.errors import PermissionDenied
from entitylocker.organisations.second_factor import (
    get_second_factor_rule,
    list_unready_members,
    require_second_factor,
)
from entitylocker.units import service
from tests.accounts.browsing import add_passkey
from tests.accounts.mailbox import mails_to
from tests.accounts.soft_keys import SoftKey
from tests.factories import Member, Organisations
from tests.units.world import authorise, enter, name_agent


@pytest.fixture
def department(organisations: Organisations) -> Member:
    return organisations.make(name="Department of Roads")


def test_the_administrator_sees_who_has_none(app: Flask, organisations: Organisations, department: Member) -> None:
    ready = organisations.add_member(Role.READER, department.organisation_id, name="Asha Ready")
    unready = organisations.add_member(Role.SIGNATORY, department.organisation_id, name="Bina Unready")
    add_passkey(ready.client(), SoftKey())
    page = department.client().get(f"/organisations/{department.organisation_id}/second-factor")
    shown = page.get_data(as_text=True)
    assert unready.email in shown and ready.email not in shown
    with app.test_request_context():
        rule, found = get_second_factor_rule(department.actor), list_unready_members(department.actor)
    assert (rule.members, rule.with_factor) == (3, 1)
    assert found.total == 2
    assert (found.shown[0].name, found.shown[0].role) == ("Bina Unready", Role.SIGNATORY)


def test_nobody_else_is_told_whose_password_is_enough(
    app: Flask, organisations: Organisations, department: Member
) -> None:
    reader = organisations.add_member(Role.READER, department.organisation_id)
    page = reader.client().get(f"/organisations/{department.organisation_id}/second-factor")
    assert page.status_code == 200
    assert department.email not in page.get_data(as_text=True)
    with app.test_request_context(), pytest.raises(PermissionDenied):
        list_unready_members(reader.actor)


@pytest.mark.parametrize("stands", [True, False])
def test_who_acts_for_an_agency_is_written_to_as_long_as_the_letter_stands(
    app: Flask, organisations: Organisations, department: Member, stands: bool
) -> None:
    agency = organisations.make(name="IT Cell")
    clerk = organisations.add_member(Role.MEMBER, agency.organisation_id, name="Meera Rao")
    letter_id = authorise(department, agency)
    name_agent(agency, letter_id, clerk)
    enter(clerk, department.organisation_id)
    with app.test_request_context():
        if not stands:
            service.end_authorisation(department.actor, letter_id)
        assert get_second_factor_rule(department.actor).members == 1, "the agency's people are its own members"
        require_second_factor(department.actor, has_own=True)
    asked = "second factor"
    assert len(mails_to(app, department.email, asked)) == 1
    assert len(mails_to(app, clerk.email, asked)) == (1 if stands else 0)
