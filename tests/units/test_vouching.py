"""Who may mint verified departments, what rests on a voucher, and who lets a unit go."""

from __future__ import annotations

import itertools
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.jobs.queue import job_actor
from entitylocker.organisations import expiry, operator_life
from entitylocker.tenancy import Tenant
from entitylocker.units import service, sweeping
from entitylocker.units.errors import VouchingForDepartments, VouchingNeedsVerified
from tests.factories import Member, Organisations, next_pan
from tests.organisations.identity import events_of, in_days, put_last_day, rows_of
from tests.units.world import acting, enter, give_branch, join, letter, make_active, open_unit

CLAIM = text("SELECT claim_vouching(gen_random_uuid(), :child, :code, '', '', 'a', 'b', 1, 1, 'c', '\\x00', '\\x00')")


def claim(app: Flask, place: UUID, child: UUID, code: str) -> str:
    """The database function, called as the app's role might call it."""
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
        return str(db.session.scalar(CLAIM, {"child": child, "code": code}))


def vouched_chain(organisations: Organisations) -> list[Member]:
    """Three storeys: the top was verified by the operator, each vouches for the next."""
    top = organisations.department(name="Top", code=f"T-{uuid4().hex[:6].upper()}")
    chain = [top, *(organisations.department(name=name, verified=False) for name in ("Middle", "Lowest"))]
    for parent, child in itertools.pairwise(chain):
        join(parent, child)
        with parent.app.test_request_context():
            service.vouch_for(parent.actor, child.organisation_id, letter())
    return chain


def verified(members: list[Member]) -> list[bool]:
    return [member.actor.organisation_verified for member in members]


def test_a_verified_company_mints_no_departments(app: Flask, organisations: Organisations) -> None:
    company = organisations.make(name="Company")
    unit_id = open_unit(company)
    with app.test_request_context(), pytest.raises(VouchingNeedsVerified):
        service.vouch_for(company.actor, unit_id, letter(), code="PWD-MH-01")
    assert claim(app, company.organisation_id, unit_id, "PWD-MH-01") == "not_verified"


def test_a_department_verified_by_another_identifier_does_not_vouch(app: Flask, organisations: Organisations) -> None:
    department = organisations.make(
        name="Has a TAN", kind=OrganisationKind.GOVERNMENT_DEPARTMENT, identifier_kind=IdentifierKind.PAN,
        identifier=next_pan()[:3] + "G" + next_pan()[4:],
    )  # fmt: skip
    unit_id = open_unit(department)
    with app.test_request_context(), pytest.raises(VouchingNeedsVerified):
        service.vouch_for(department.actor, unit_id, letter())
    assert claim(app, department.organisation_id, unit_id, "PWD-MH-01") == "not_verified"


def test_only_departments_are_vouched_for_and_with_codes_below(app: Flask, organisations: Organisations) -> None:
    parent = organisations.department(code=(code := f"P-{uuid4().hex[:6].upper()}"))
    unit_id, place = open_unit(parent), parent.organisation_id
    with app.test_request_context():
        company = service.open_child(parent.actor, name="A Board", kind=OrganisationKind.COMPANY)
        with pytest.raises(VouchingForDepartments):
            service.vouch_for(parent.actor, company, letter())
    assert claim(app, place, company, f"{code}-01") == "no_department"
    for outside in ("PWD-MH", code, f"{code}-", f"{code}1-01"):
        assert claim(app, place, unit_id, outside) == "outside"
    assert claim(app, place, unit_id, f"{code}-01") == "vouched"


def test_what_a_voucher_vouched_for_expires_with_its_own_code(app: Flask, organisations: Organisations) -> None:
    chain = vouched_chain(organisations)
    assert verified(chain) == [True, True, True]
    put_last_day(app, rows_of(chain[0])[0].id, in_days(-1))
    with app.app_context():
        assert expiry.expire_due(job_actor(chain[0].organisation_id)) == 1
    assert verified(chain) == [False, False, False]


def test_the_holders_below_read_it_in_their_trail(app: Flask, organisations: Organisations) -> None:
    member = organisations.department(verified=False)
    (row,) = rows_of(member)
    with app.app_context():
        sweeping.tell_swept(str(member.organisation_id), str(row.id), row.value)
    assert "identifier:expire" in [event.tag for event in events_of(app, member.organisation_id)]


def test_leaving_ends_what_the_unit_vouched_for_too(app: Flask, organisations: Organisations) -> None:
    chain = vouched_chain(organisations)
    with app.test_request_context():
        (link,) = [link for link in service.list_links(chain[1].actor) if link.is_parent]
        service.leave_parent(chain[1].actor, link.id)
    assert verified(chain) == [True, False, False]


def test_vouching_withdrawn_ends_what_rests_on_it(app: Flask, organisations: Organisations) -> None:
    chain = vouched_chain(organisations)
    with app.test_request_context():
        service.withdraw_vouching(chain[0].actor, chain[1].organisation_id)
    assert verified(chain) == [True, False, False]


def test_what_stands_is_not_swept_whoever_asks(app: Flask, organisations: Organisations) -> None:
    chain = vouched_chain(organisations)
    stranger = organisations.make()
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=stranger.organisation_id)):
        for member in chain:
            values = {"voucher": member.organisation_id}
            assert db.session.execute(text("SELECT * FROM sweep_vouched(:voucher)"), values).all() == []
    assert verified(chain) == [True, True, True]


def test_a_branch_administrator_lets_no_unit_go_but_an_empty_draft(app: Flask, organisations: Organisations) -> None:
    top = organisations.department(name="Top")
    middle = organisations.department(name="Middle", verified=False)
    lowest = organisations.department(name="Lowest", verified=False)
    join(top, middle)
    link_id = join(middle, lowest)
    helper = organisations.add_member(Role.MEMBER, top.organisation_id)
    give_branch(top, helper, middle.organisation_id)
    enter(helper, middle.organisation_id)
    seat = acting(helper, middle.organisation_id)
    assert seat is not None
    with app.test_request_context():
        with pytest.raises(PermissionDenied):
            service.end_unit(seat, link_id)
        draft = service.open_child(seat, name="Opened by mistake", kind=OrganisationKind.GOVERNMENT_DEPARTMENT)
        (link,) = [link for link in service.list_links(middle.actor) if link.other_id == draft]
        service.end_unit(seat, link.id)
        service.end_unit(middle.actor, link_id)
        assert service.list_children(middle.actor) == []


def test_nobody_enters_what_is_suspended(app: Flask, organisations: Organisations) -> None:
    top = organisations.department(name="Top")
    unit_id = open_unit(top)
    make_active(organisations, top, unit_id)
    helper = organisations.add_member(Role.MEMBER, top.organisation_id)
    give_branch(top, helper, unit_id)
    with app.test_request_context():
        operator_life.suspend_by_operator(organisations.operator(), unit_id, "for a test")
    with pytest.raises(NotFound):
        enter(helper, unit_id)
    with app.test_request_context():
        operator_life.lift_by_operator(organisations.operator(), unit_id, "for a test")
    enter(helper, unit_id)


def test_a_draft_that_was_suspended_is_a_draft_again(app: Flask, organisations: Organisations) -> None:
    top = organisations.department(name="Top")
    unit_id = open_unit(top)
    with app.test_request_context():
        operator = organisations.operator()
        operator_life.suspend_by_operator(operator, unit_id, "for a test")
        operator_life.lift_by_operator(operator, unit_id, "for a test")
        (unit,) = service.list_children(top.actor)
    assert unit.state == "draft"
