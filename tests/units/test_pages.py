"""The pages of units, branches and agencies as people use them: both sides, empty and full."""

from __future__ import annotations

import io
import re
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from entitylocker.access import Role
from entitylocker.units import service
from tests.factories import Member, Organisations, csrf_token
from tests.units.world import PDF, authorise, enter, give_branch, join, make_active, name_agent, open_unit, today


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client), **fields})


def at(member: Member, rest: str = "") -> str:
    return f"/organisations/{member.organisation_id}{rest}"


def paper() -> tuple[io.BytesIO, str]:
    return io.BytesIO(PDF), "order.pdf"


@pytest.fixture
def parent(organisations: Organisations) -> Member:
    return organisations.department(name="State of Tests")


def test_empty_pages_say_what_to_do(parent: Member) -> None:
    client = parent.client()
    for path, words in (
        ("/units", "There are no units yet"),
        ("/branches", "Nobody administers a branch at the moment"),
        ("/agencies", "No agency acts for you"),
        ("/agencies", "You act for no other organisation"),
    ):
        answer = client.get(at(parent, path))
        assert answer.status_code == 200
        assert words in answer.text
    for path in ("/units/new", "/units/ask", "/branches/new", "/agencies/offer", "/agencies/propose"):
        assert client.get(at(parent, path)).status_code == 200


def test_a_unit_is_opened_found_vouched_for_and_let_go(parent: Member) -> None:
    client = parent.client()
    fields = {"name": "Dept. of Roads & Buildings", "kind": "government_department", "note": "Order 7"}
    assert post(client, at(parent, "/units/new"), **fields).status_code == 303
    again = {**fields, "name": "DEPARTMENT OF ROADS AND BUILDINGS"}
    assert post(client, at(parent, "/units/new"), **again).status_code == 303
    page = client.get(at(parent, "/units"))
    assert page.text.count("Dept. of Roads &amp; Buildings</b>") == 1
    assert "This unit is there already" in page.text
    assert "No administrator yet" in page.text
    assert "roads" in client.get(at(parent, "/units?q=roads+and+build")).text.lower()
    assert "No unit has such a name" in client.get(at(parent, "/units?q=forests")).text
    unit_id = _unit_id(parent)
    assert post(client, at(parent, f"/units/{unit_id}/vouch")).status_code == 422
    answer = post(client, at(parent, f"/units/{unit_id}/vouch"), letter=paper())
    assert answer.status_code == 303
    assert "You vouch for it" in client.get(at(parent, "/units")).text
    assert post(client, at(parent, f"/units/{unit_id}/vouching/withdraw")).status_code == 303
    link = re.search(r"/units/links/([0-9a-f-]+)/end", client.get(at(parent, "/units")).text)
    assert link is not None
    assert post(client, at(parent, f"/units/links/{link[1]}/end")).status_code == 303
    assert "There are no units yet" in client.get(at(parent, "/units")).text


def _unit_id(parent: Member) -> UUID:
    with parent.app.app_context():
        return service.list_children(parent.actor)[0].id


def test_an_organisation_is_asked_and_says_yes(parent: Member, organisations: Organisations) -> None:
    child = organisations.make(name="Roads Department")
    theirs, ours = child.client(), parent.client()
    assert post(theirs, at(child, "/units/code"), back="units").status_code == 303
    with child.app.app_context():
        code = service.find_code(child.actor)
    assert code is not None and code in theirs.get(at(child, "/units")).text
    assert post(ours, at(parent, "/units/ask"), organisation_code="nonsense").status_code == 422
    assert post(ours, at(parent, "/units/ask"), organisation_code=code.lower(), note="as agreed").status_code == 303
    assert "Questions that wait for an answer" in ours.get(at(parent, "/units")).text
    assert "An organisation asks yours" in theirs.get(at(child)).text
    page = theirs.get(at(child, "/units")).text
    assert "as agreed" in page
    link = re.search(r"/units/links/([0-9a-f-]+)/join", page)
    assert link is not None
    above = re.search(r'name="above" value="([^"]+)"', page)
    assert above is not None and above[1] == str(parent.organisation_id)
    # What is said yes to is what was shown.
    assert post(theirs, at(child, f"/units/links/{link[1]}/join")).status_code == 409
    assert post(theirs, at(child, f"/units/links/{link[1]}/join"), above=above[1]).status_code == 303
    assert "Above your organisation" in theirs.get(at(child, "/units")).text
    assert "Roads Department" in ours.get(at(parent, "/units")).text


def test_a_branch_is_given_entered_and_shown_everywhere(parent: Member, organisations: Organisations) -> None:
    unit_id = open_unit(parent, "Pune Division")
    head = make_active(organisations, parent, unit_id)
    officer = organisations.add_member(Role.MEMBER, parent.organisation_id, name="Meera Rao")
    fields = {
        "membership_id": str(officer.actor.membership_id), "unit_id": str(unit_id), "starts_on": today().isoformat(),
        "reason": "brings people in",
    }  # fmt: skip
    assert post(parent.client(), at(parent, "/branches/new"), **fields).status_code == 303
    assert "Meera Rao" in parent.client().get(at(parent, "/branches")).text
    client = officer.client()
    mine = client.get("/organisations").text
    assert "Units that you administer" in mine and "Pune Division" in mine
    assert client.get(f"/organisations/{unit_id}").status_code == 404
    assert post(client, f"/units/{unit_id}/enter").status_code == 303
    page = client.get(f"/organisations/{unit_id}/people")
    assert page.status_code == 200
    assert "Branch administrator" in page.text and "for State of Tests" in page.text
    assert client.get(f"/organisations/{unit_id}/documents").status_code in (200, 403, 404)
    assert client.get(f"/organisations/{unit_id}/consents").status_code == 403
    shown = head.client().get(at(head, "/people")).text
    assert "Who acts here through another organisation" in shown and "administers from above" in shown
    assert "Meera Rao (State of Tests)" in head.client().get(at(head, "/activity")).text
    branch = re.search(r"/branches/([0-9a-f-]+)/revoke", parent.client().get(at(parent, "/branches")).text)
    assert branch is not None
    assert post(parent.client(), at(parent, f"/branches/{branch[1]}/revoke")).status_code == 303
    assert client.get(f"/organisations/{unit_id}/people").status_code == 404
    assert "Pune Division" not in client.get("/organisations").text


def test_a_letter_is_offered_accepted_used_and_ended(app: Flask, organisations: Organisations) -> None:
    department, agency = organisations.make(name="Department of Roads"), organisations.make(name="IT Cell")
    clerk = organisations.add_member(Role.MEMBER, agency.organisation_id, name="Meera Rao")
    ours, theirs = department.client(), agency.client()
    with app.test_request_context():
        code = service.renew_code(agency.actor)
    fields = {
        "organisation_code": code, "role": "records_officer", "starts_on": today().isoformat(), "ends_on": "2027-01-31",
        "reason": "work order 12",
    }  # fmt: skip
    assert post(ours, at(department, "/agencies/offer"), **fields).status_code == 422
    answer = post(ours, at(department, "/agencies/offer"), **fields, letter=paper())
    assert answer.status_code == 303
    letter_id = answer.headers["Location"].rsplit("/", 1)[-1]
    assert "A letter of authorisation waits for you" in theirs.get(at(agency)).text
    there = at(agency, f"/agencies/{letter_id}")
    assert "Accept" in theirs.get(there).text
    assert theirs.get(f"{there}/letter").data == PDF
    assert post(theirs, f"{there}/accept").status_code == 303
    assert post(theirs, f"{there}/agents", membership_id=str(clerk.actor.membership_id)).status_code == 303
    assert post(theirs, f"{there}/agents", membership_id=str(clerk.actor.membership_id)).status_code == 422
    here = at(department, f"/agencies/{letter_id}")
    assert "May act here" in ours.get(here).text
    client = clerk.client()
    assert "Departments that you act for" in client.get("/organisations").text
    assert post(client, f"/units/{department.organisation_id}/enter").status_code == 303
    page = client.get(at(department)).text
    assert "Records officer" in page and "for IT Cell" in page
    assert "Acts here" in ours.get(here).text
    assert "as an agency, by a letter" in ours.get(at(department, "/people")).text
    assert post(ours, f"{here}/end").status_code == 303
    assert client.get(at(department)).status_code == 404
    assert "Nobody acts by this letter today" in ours.get(here).text


def test_a_department_confirms_what_an_agency_proposed(organisations: Organisations) -> None:
    department, agency = organisations.make(name="Department of Roads"), organisations.make(name="IT Cell")
    with department.app.test_request_context():
        code = service.renew_code(department.actor)
    fields = {
        "organisation_code": code, "role": "reader", "starts_on": today().isoformat(), "ends_on": "2027-01-31",
        "reason": "audit",
    }  # fmt: skip
    answer = post(agency.client(), at(agency, "/agencies/propose"), **fields, letter=paper())
    here = at(department, f"/agencies/{answer.headers['Location'].rsplit('/', 1)[-1]}")
    client = department.client()
    assert "Confirm the letter" in client.get(here).text
    assert "Your yes is missing" in client.get(at(department, "/agencies")).text
    assert post(client, f"{here}/confirm", folder_id="not an id").status_code == 422
    assert post(client, f"{here}/confirm").status_code == 303
    assert "Current" in client.get(here).text


def test_the_switcher_groups_and_two_tabs_do_not_mix(app: Flask, organisations: Organisations) -> None:
    parent, agency = organisations.make(name="State of Tests"), organisations.make(name="IT Cell")
    department = organisations.make(name="Department of Roads")
    unit_id = open_unit(parent, "Pune Division")
    make_active(organisations, parent, unit_id)
    person = organisations.add_member(Role.MEMBER, parent.organisation_id, name="Meera Rao")
    letter_id = authorise(department, agency, Role.READER)
    with app.test_request_context():
        from urllib.parse import urlsplit

        from entitylocker.organisations import service as organisations_service
        from tests.factories import Person

        issued = organisations_service.invite_member(agency.actor, person.email, Role.MEMBER)
        guest = Person.actor.fget(person)  # type: ignore[attr-defined]
        organisations_service.redeem_invitation(guest, urlsplit(issued.link).path.rsplit("/", 1)[-1])
    name_agent(agency, letter_id, Member(**{**vars(person), "organisation_id": agency.organisation_id}))
    give_branch(parent, person, unit_id)
    for place in (unit_id, department.organisation_id):
        enter(person, place)
    client = person.client()
    unit, office = f"/organisations/{unit_id}", at(department)
    for _ in range(2):
        page, other = client.get(unit).text, client.get(office).text
        for text in (page, other):
            assert "Units that you administer" in text and "Departments that you act for" in text
        assert _acting(page) == "Pune Division" and "Branch administrator" in page
        assert _acting(other) == "Department of Roads"
    # What one capacity allows in its tab is nothing in the other.
    assert client.get(f"{unit}/people").status_code == 200
    assert client.get(f"{office}/people").status_code == 403
    assert client.get(f"{office}/documents").status_code == 200


def _acting(page: str) -> str:
    found = re.search(r"Acting for</?[^>]*>?: </span><b>([^<]+)</b>|Acting for: </span><b>([^<]+)</b>", page)
    assert found is not None
    return found[1] or found[2]


def test_who_joins_sees_it_above_and_can_leave(parent: Member, organisations: Organisations) -> None:
    child = organisations.make(name="Roads Department")
    link_id = join(parent, child)
    client = child.client()
    assert "State of Tests" in client.get(at(child, "/units")).text
    assert post(client, at(child, f"/units/links/{link_id}/leave")).status_code == 303
    assert "Above your organisation" not in client.get(at(child, "/units")).text
