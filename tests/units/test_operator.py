"""What the operator sees of vouchings, and ends."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from entitylocker.accounts.service import add_operator
from entitylocker.errors import NotFound
from entitylocker.units import service, vouchings
from entitylocker.units.errors import VouchingEnded
from tests.factories import PASSWORD, Organisations
from tests.organisations.identity import events_of, mails_to, words_of
from tests.units.test_pages import post
from tests.units.test_vouching import verified, vouched_chain
from tests.units.world import hear, letter, open_unit


def test_the_operator_ends_a_vouching_and_both_sides_read_why(app: Flask, organisations: Organisations) -> None:
    top, middle, lowest = chain = vouched_chain(organisations)
    operator = organisations.operator()
    with app.test_request_context():
        code = next(row.value for row in vouchings.list_vouchings(operator).vouchings if row.unit_name == "Middle")
        (found,) = [row for row in vouchings.list_vouchings(operator, named=code).vouchings if row.value == code]
        assert (found.unit_name, found.parent_name, found.stands) == ("Middle", "Top", True)
        assert found.letter_name == "order.pdf" and found.vouched_by_name == top.actor.name
        assert vouchings.end_vouching_by_operator(operator, found.id, "The letter is of another unit") == "Middle"
        with pytest.raises(VouchingEnded):
            vouchings.end_vouching_by_operator(operator, found.id, "again")
        with pytest.raises(NotFound):
            vouchings.end_vouching_by_operator(operator, uuid4(), "nothing")
        (found,) = [row for row in vouchings.list_vouchings(operator, named=code).vouchings if row.value == code]
        assert not found.stands and found.ended_at is not None
    assert verified(chain) == [True, False, False]
    for member in (top, middle):
        hear(app, member.organisation_id)
        event = events_of(app, member.organisation_id)[-1]
        assert (event.tag, event.data["reason"]) == ("unit:withdraw_vouching", "The letter is of another unit")
        assert event.actor_kind == "operator"
        said = words_of(mails_to(member)[0])
        assert "ended that Top vouches for Middle" in said and "The letter is of another unit" in said
    assert events_of(app)[-1].tag in ("operator:read", "unit:withdraw_vouching")
    del lowest


def test_an_operator_alone_ends_it(app: Flask, organisations: Organisations) -> None:
    top, *_ = vouched_chain(organisations)
    with app.test_request_context():
        row = vouchings.list_vouchings(organisations.operator()).vouchings[0]
        with pytest.raises(NotFound):
            vouchings.end_vouching_by_operator(top.actor, row.id, "mine")
        with pytest.raises(NotFound):
            vouchings.list_vouchings(top.actor)


def test_the_list_is_in_pages(app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vouchings, "PAGE", 2)
    top = organisations.department(name=(name := f"State {uuid4().hex[:8]}"))
    with app.test_request_context():
        for number in range(3):
            service.vouch_for(top.actor, open_unit(top, f"Division {number}"), letter())
        operator = organisations.operator()
        first = vouchings.list_vouchings(operator, named=name)
        assert [row.unit_name for row in first.vouchings] == ["Division 2", "Division 1"]
        rest = vouchings.list_vouchings(operator, named=name, before=first.before)
        assert ([row.unit_name for row in rest.vouchings], rest.before) == (["Division 0"], None)


def test_the_page_lists_searches_and_ends(app: Flask, organisations: Organisations) -> None:
    person = organisations.person("Olivia Operator")
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    name = f"Top {uuid4().hex[:8]}"
    top = organisations.department(name=name)
    unit_id = open_unit(top, "Pune Division")
    with app.test_request_context():
        word = service.vouch_for(top.actor, unit_id, letter())
    client = person.client()
    page = client.get(f"/operator/vouchings?q={name}").text
    assert "Pune Division" in page and f"/operator/identifiers/{word}/letter" in page
    assert "No vouching fits" in client.get("/operator/vouchings?q=zzzz").text
    assert client.get(f"/operator/identifiers/{word}/letter").status_code == 200
    assert post(client, f"/operator/vouchings/{word}/end", reason="").status_code == 422
    assert post(client, f"/operator/vouchings/{word}/end", reason="Wrong letter").status_code == 303
    assert f"/operator/vouchings/{word}/end" not in client.get(f"/operator/vouchings?q={name}").text
    assert top.client().get("/operator/vouchings").status_code == 404
