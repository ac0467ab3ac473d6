"""Opening units, finding them, joining and leaving; what stays apart."""

from __future__ import annotations

import io
import itertools
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.audit.models import Event
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.letters import Letter
from entitylocker.organisations.models import Organisation, OrganisationKeyRow, StatedIdentifier
from entitylocker.tenancy import Tenant
from entitylocker.units import service
from entitylocker.units.errors import (
    AskedAlready,
    CodeNotFree,
    CodeOutside,
    HasParent,
    NoSuchCode,
    RequestEnded,
    TooDeep,
    VouchedAlready,
    VouchingNeedsVerified,
    WouldCloseCircle,
    YourOwnCode,
)
from entitylocker.units.models import UnitLink
from entitylocker.vault.models import Folder
from tests.factories import Member, Organisations
from tests.units.world import hear

DEPARTMENT = OrganisationKind.GOVERNMENT_DEPARTMENT
PDF = b"%PDF-1.7\nan order\n%%EOF"


def letter() -> Letter:
    return Letter("order.pdf", io.BytesIO(PDF))


def open_unit(parent: Member, name: str = "Pune Division") -> UUID:
    with parent.app.test_request_context():
        return service.open_child(parent.actor, name=name, kind=DEPARTMENT, note="by order 7")


def join(parent: Member, child: Member) -> UUID:
    """Ask and say yes; the link."""
    with parent.app.test_request_context():
        code = service.renew_code(child.actor)
        link_id = service.ask_to_join(parent.actor, code=code, note="as agreed")
        service.join_parent(child.actor, link_id)
    return link_id


def in_organisation(app: Flask, organisation_id: UUID, query: Any) -> list[Any]:
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        return list(db.session.scalars(query))


def new_code_of(stem: str) -> str:
    """A department code that nobody has."""
    return f"{stem}-{uuid4().hex[:5].upper()}"


def tags(app: Flask, organisation_id: UUID) -> list[str]:
    hear(app, organisation_id)
    return in_organisation(app, organisation_id, select(Event.tag).order_by(Event.sequence))


def test_a_unit_is_an_organisation_of_its_own(app: Flask, organisations: Organisations) -> None:
    parent = organisations.make(name="State of Tests")
    unit_id = open_unit(parent)
    (row,) = in_organisation(app, unit_id, select(Organisation))
    assert (row.name, row.state, row.parent_id) == ("Pune Division", OrganisationState.DRAFT, parent.organisation_id)
    (root,) = in_organisation(app, unit_id, select(Folder))
    assert root.parent_id is None
    assert in_organisation(app, unit_id, select(OrganisationKeyRow.version)) == [1]
    assert tags(app, unit_id) == ["unit:open"]
    assert tags(app, parent.organisation_id)[-1] == "unit:open"
    with app.app_context():
        (unit,) = service.list_children(parent.actor)
    assert (unit.id, unit.name, unit.state, unit.verified, unit.members) == (
        unit_id, "Pune Division", OrganisationState.DRAFT, False, 0,
    )  # fmt: skip


def test_opening_can_be_repeated_in_any_spelling_and_at_the_same_time(app: Flask, organisations: Organisations) -> None:
    parent = organisations.make(name="State of Tests")
    first = open_unit(parent, "Dept. of Roads & Buildings")
    assert open_unit(parent, "Department of Roads and  Buildings") == first
    found: list[UUID] = []
    threads = [threading.Thread(target=lambda: found.append(open_unit(parent, "Treasury"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
    with app.app_context():
        assert len(service.list_children(parent.actor)) == 2
        assert service.find_child_by_name(parent.actor, "TREASURY") is not None
        assert service.find_child_by_name(parent.actor, "Forests") is None


def test_what_was_only_begun_is_made_to_its_end(app: Flask, organisations: Organisations) -> None:
    parent = organisations.make(name="State of Tests")
    with app.test_request_context():
        from entitylocker.units.opening import _reserve

        place = _reserve(parent.actor, "Begun only", DEPARTMENT, "")
        assert service.list_children(parent.actor) == []
        assert service.list_links(parent.actor) == []
    assert open_unit(parent, "begun only") == place.child_id
    with app.app_context():
        assert [unit.id for unit in service.list_children(parent.actor)] == [place.child_id]


def test_six_levels_and_not_more(app: Flask, organisations: Organisations) -> None:
    chain = [organisations.make(name=f"Level {number}") for number in range(1, 7)]
    for parent, child in itertools.pairwise(chain):
        join(parent, child)
    with pytest.raises(TooDeep):
        open_unit(chain[-1])
    lone = organisations.make(name="Lone")
    with pytest.raises(TooDeep):
        join(chain[-1], lone)
    with app.app_context():
        assert [above.name for above in service.list_above(chain[-1].actor)] == [f"Level {n}" for n in (5, 4, 3, 2, 1)]
        assert [unit.depth for unit in service.list_children(chain[0].actor)] == [1, 2, 3, 4, 5]
    # A tree is as deep as its deepest branch: two that are four levels deep do not fit into one another.
    other = [organisations.make(name=f"Other {number}") for number in range(2)]
    join(other[0], other[1])
    with pytest.raises(TooDeep):
        join(other[1], chain[0])


def test_no_circle_and_one_parent_only(organisations: Organisations) -> None:
    a, b, c = (organisations.make(name=name) for name in ("A", "B", "C"))
    join(a, b)
    join(b, c)
    with pytest.raises(WouldCloseCircle):
        join(c, a)
    with pytest.raises(HasParent):
        join(organisations.make(name="D"), c)


def test_two_moves_at_once_close_no_circle(app: Flask, organisations: Organisations) -> None:
    for _ in range(3):
        a, b = organisations.make(name="A"), organisations.make(name="B")
        with app.test_request_context():
            below_a = service.ask_to_join(a.actor, code=service.renew_code(b.actor))
            below_b = service.ask_to_join(b.actor, code=service.renew_code(a.actor))
        outcomes: list[str] = []

        def say_yes(child: Member, link_id: UUID, said: list[str], barrier: threading.Barrier) -> None:
            with child.app.test_request_context():
                actor = child.actor
                barrier.wait()
                try:
                    service.join_parent(actor, link_id)
                    said.append("joined")
                except LockerError as refusal:
                    said.append(refusal.code)

        barrier = threading.Barrier(2)
        threads = [
            threading.Thread(target=say_yes, args=(b, below_a, outcomes, barrier)),
            threading.Thread(target=say_yes, args=(a, below_b, outcomes, barrier)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["joined", "units_in_circle"]


def test_joining_takes_the_yes_of_the_child(app: Flask, organisations: Organisations) -> None:
    parent, child = organisations.make(name="Parent"), organisations.make(name="Child")
    clerk = organisations.add_member(Role.RECORDS_OFFICER, child.organisation_id)
    with app.test_request_context():
        with pytest.raises(NoSuchCode):
            service.ask_to_join(parent.actor, code="0000-0000-0000")
        with pytest.raises(YourOwnCode):
            service.ask_to_join(parent.actor, code=service.renew_code(parent.actor))
        code = service.renew_code(child.actor)
        link_id = service.ask_to_join(parent.actor, code=code)
        with pytest.raises(AskedAlready):
            service.ask_to_join(parent.actor, code=code)
        assert service.list_children(parent.actor) == []
        with pytest.raises(PermissionDenied):
            service.join_parent(clerk.actor, link_id)
        with pytest.raises(NotFound):
            service.join_parent(parent.actor, link_id)
        (asked,) = service.list_links(child.actor)
        assert (asked.name, asked.is_parent, asked.joined_at) == ("Parent", True, None)
        service.join_parent(child.actor, link_id)
        with pytest.raises(RequestEnded):
            service.join_parent(child.actor, link_id)
        (unit,) = service.list_children(parent.actor)
        assert unit.id == child.organisation_id
        # The old code leads nowhere once there is another.
        service.renew_code(child.actor)
        with pytest.raises(NoSuchCode):
            service.ask_to_join(organisations.make(name="Other").actor, code=code)
    assert {"unit:ask", "unit:join"} <= set(tags(app, parent.organisation_id))
    assert {"unit:ask", "unit:join"} <= set(tags(app, child.organisation_id))


def test_either_side_ends_it(app: Flask, organisations: Organisations) -> None:
    parent, child = organisations.make(name="Parent"), organisations.make(name="Child")
    with app.test_request_context():
        service.leave_parent(child.actor, join(parent, child))
        assert service.list_children(parent.actor) == []
        assert service.list_above(child.actor) == []
        service.end_unit(parent.actor, join(parent, child))
        assert service.list_children(parent.actor) == []
        link_id = join(parent, child)
        with pytest.raises(NotFound):
            service.end_unit(child.actor, link_id)
        with pytest.raises(NotFound):
            service.leave_parent(parent.actor, link_id)
        with pytest.raises(NotFound):
            service.leave_parent(organisations.make(name="Other").actor, link_id)
        assert [unit.id for unit in service.list_children(parent.actor)] == [child.organisation_id]
    assert tags(app, child.organisation_id).count("unit:leave") == 2
    assert tags(app, parent.organisation_id).count("unit:leave") == 2


def test_nobody_moves_an_organisation_past_the_functions(app: Flask, organisations: Organisations) -> None:
    parent, other = organisations.make(name="Parent"), organisations.make(name="Other")
    unit_id = open_unit(parent)
    statements = [
        (unit_id, "UPDATE organisations SET parent_id = NULL"),
        (unit_id, f"UPDATE organisations SET parent_id = '{other.organisation_id}'"),
        (other.organisation_id, f"UPDATE organisations SET parent_id = '{parent.organisation_id}'"),
        (parent.organisation_id, "UPDATE unit_links SET joined_at = NULL"),
        (parent.organisation_id, "DELETE FROM unit_links"),
        (
            parent.organisation_id,
            "INSERT INTO unit_links SELECT gen_random_uuid(), organisation_id, gen_random_uuid(), created_at, '', '',"
            " '', '', false, now(), NULL, NULL, NULL FROM unit_links",
        ),
        (
            unit_id,
            "UPDATE identifiers SET state = 'verified'",
        ),
    ]
    for organisation_id, statement in statements:
        with (
            app.app_context(),
            pytest.raises(ProgrammingError, match=r"row-level security|permission denied"),
            tenancy.transaction(Tenant(organisation_id=organisation_id)),
        ):
            db.session.execute(text(statement))
    # Another's link is no link of the stranger's.
    assert in_organisation(app, other.organisation_id, select(UnitLink.id)) == []
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=other.organisation_id)):
        link = in_organisation  # the function answers for the organisation of the transaction only
        assert link is not None
        assert db.session.scalar(text("SELECT claim_vouching_end(:child)"), {"child": unit_id}) is None


def test_a_verified_parent_vouches_and_takes_it_back(app: Flask, organisations: Organisations) -> None:
    parent = organisations.department(code=(code := new_code_of("PW")))
    unit_id, second = open_unit(parent), open_unit(parent, "Nashik Division")
    with app.test_request_context():
        word = service.vouch_for(parent.actor, unit_id, letter())
        service.vouch_for(parent.actor, second, letter())
        with pytest.raises(VouchedAlready):
            service.vouch_for(parent.actor, unit_id, letter())
        assert {unit.verified for unit in service.list_children(parent.actor)} == {True}
    (row,) = in_organisation(app, unit_id, select(StatedIdentifier))
    assert (row.id, row.state, row.method, row.vouched_by_id) == (word, "verified", "parent", parent.organisation_id)
    assert row.vouched_by_name == "Department of Public Works"
    assert row.value == f"{code}-01"
    with app.test_request_context():
        service.withdraw_vouching(parent.actor, unit_id)
        with pytest.raises(NotFound):
            service.withdraw_vouching(parent.actor, unit_id)
        by_name = {unit.name: unit.verified for unit in service.list_children(parent.actor)}
    assert by_name == {"Pune Division": False, "Nashik Division": True}
    assert tags(app, unit_id)[-2:] == ["unit:vouch", "unit:withdraw_vouching"]


def test_who_may_not_vouch(app: Flask, organisations: Organisations) -> None:
    unverified = organisations.department(name="Unverified", verified=False)
    own = organisations.department(name="Own", code=(code := new_code_of("OWN")))
    other = organisations.department(name="Other")
    unit_id, foreign = open_unit(own), open_unit(other)
    below_unverified = open_unit(unverified)
    clerk = organisations.add_member(Role.SIGNATORY, own.organisation_id)
    with app.test_request_context():
        with pytest.raises(VouchingNeedsVerified):
            service.vouch_for(unverified.actor, below_unverified, letter())
        with pytest.raises(NotFound):
            service.vouch_for(own.actor, foreign, letter())
        with pytest.raises(PermissionDenied):
            service.vouch_for(clerk.actor, unit_id, letter())
        service.vouch_for(own.actor, unit_id, letter(), code=f"{code}-roads-1")
        with pytest.raises(CodeNotFree):
            service.vouch_for(own.actor, open_unit(own, "Second"), letter(), code=f"{code}-ROADS-1")
        # Taken or not, the answer about codes elsewhere is one.
        for outside in (f"{code}-ROADS-1", code, f"{code}9-1", "NOBODY-1"):
            with pytest.raises(CodeOutside):
                service.vouch_for(other.actor, foreign, letter(), code=outside)
    # The function itself looks, whoever calls it.
    statement = text(
        "SELECT claim_vouching(gen_random_uuid(), :child, 'X-1', '', '', 'a', 'b', 1, 1, 'c', '\\x00', '\\x00')"
    )
    for place, child, answer in (
        (unverified.organisation_id, below_unverified, "not_verified"),
        (own.organisation_id, foreign, "gone"),
        (unit_id, unit_id, "not_verified"),
    ):
        with app.app_context(), tenancy.transaction(Tenant(organisation_id=place)):
            assert db.session.scalar(statement, {"child": child}) == answer


def test_what_was_vouched_for_ends_with_the_link(app: Flask, organisations: Organisations) -> None:
    parent, child = organisations.department(name="Parent"), organisations.department(name="Child", verified=False)
    link_id = join(parent, child)
    with app.test_request_context():
        service.vouch_for(parent.actor, child.organisation_id, letter())
        assert child.actor.organisation_verified
        service.leave_parent(child.actor, link_id)
        assert not child.actor.organisation_verified
