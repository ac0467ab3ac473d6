"""Whom a unit that joined by itself is below: it says yes to that, is told when it changes, and may leave."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.onboarding.seating import seat_in
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.errors import InvitationEnded
from entitylocker.tenancy import Tenant
from entitylocker.units import service
from entitylocker.units.errors import AboveChanged, NotAgreed
from entitylocker.units.rules import Phase
from tests.factories import Member, Organisations
from tests.organisations.identity import events_of, mails_to, words_of
from tests.units.world import acting, enter, give_branch, hear, join, make_active, open_unit


class Country:
    """A department with a unit that joined it and one that it opened; then the department joins a state."""

    def __init__(self, app: Flask, organisations: Organisations) -> None:
        self.app = app
        self.state = organisations.make(name="State of Tests")
        self.department = organisations.make(name="Department of Roads")
        self.joined = organisations.make(name="Roads Corporation")
        self.opened = make_active(organisations, self.department, open_unit(self.department, "Pune Division"))
        self.joined_link = join(self.department, self.joined)
        self.link = join(self.state, self.department)
        self.officer = organisations.add_member(Role.MEMBER, self.state.organisation_id, name="Meera Rao")
        give_branch(self.state, self.officer, self.department.organisation_id)

    def reaches(self, unit: Member) -> bool:
        try:
            enter(self.officer, unit.organisation_id)
        except NotFound:
            assert acting(self.officer, unit.organisation_id) is None
            return False
        return acting(self.officer, unit.organisation_id) is not None

    def agree(self, unit: Member, seen: set[UUID] | None = None) -> None:
        with self.app.test_request_context():
            service.agree_to_above(unit.actor, seen=seen)

    def known(self) -> dict[str, bool]:
        """Which units of the state have agreed, as the state sees it."""
        with self.app.app_context():
            return {unit.name: unit.agreed for unit in service.list_children(self.state.actor)}


@pytest.fixture
def country(app: Flask, organisations: Organisations) -> Country:
    return Country(app, organisations)


def test_attack_15_a_new_grandparent_administers_nothing_in_a_unit_that_joined_before(country: Country) -> None:
    assert country.reaches(country.department)
    assert country.reaches(country.opened), "what the department opened belongs to it"
    assert not country.reaches(country.joined)
    assert country.known() == {"Department of Roads": True, "Pune Division": True, "Roads Corporation": False}
    with pytest.raises(NotAgreed):
        give_branch(country.state, country.officer, country.joined.organisation_id)
    country.agree(country.joined, {country.state.organisation_id, country.department.organisation_id})
    assert country.reaches(country.joined)
    assert set(country.known().values()) == {True}


def test_all_below_are_told_who_stands_above_now_and_when_that_ends(country: Country) -> None:
    for unit, words in ((country.joined, "unless you agree"), (country.opened, "opened from above")):
        hear(country.app, unit.organisation_id)
        (event,) = [found for found in events_of(country.app, unit.organisation_id) if found.tag == "unit:above"]
        assert (event.subject_name, event.data["unit"]) == ("State of Tests", "Department of Roads")
        assert event.actor_name == country.department.actor.name
        (mail,) = [found for found in mails_to(unit) if "stands above" in words_of(found)]
        assert "State of Tests stands above" in words_of(mail) and words in words_of(mail)
    with country.app.test_request_context():
        service.end_unit(country.state.actor, country.link)
    for unit in (country.joined, country.opened):
        hear(country.app, unit.organisation_id)
        assert "State of Tests no longer stands above" in words_of(mails_to(unit)[0])
    assert not country.reaches(country.opened)


def test_whoever_agreed_once_is_asked_again_when_somebody_else_stands_above(
    country: Country, organisations: Organisations
) -> None:
    country.agree(country.joined)
    union = organisations.make(name="Union of Tests")
    join(union, country.state)
    assert country.reaches(country.joined)
    with country.app.app_context():
        above = service.list_above(country.joined.actor)
        assert [(found.name, found.said) for found in above] == [
            ("Department of Roads", True), ("State of Tests", True), ("Union of Tests", False),
        ]  # fmt: skip
        # The department that joined the state by itself is asked, too; what it opened is not.
        assert [found.said for found in service.list_above(country.department.actor)] == [True, False]
        assert [found.said for found in service.list_above(country.opened.actor)] == [True, True, True]
    guest = organisations.add_member(Role.MEMBER, union.organisation_id)
    for unit in (country.department, country.opened, country.joined):
        with pytest.raises(NotAgreed):
            give_branch(union, guest, unit.organisation_id)
    give_branch(union, guest, country.state.organisation_id)
    country.agree(country.joined)
    with pytest.raises(NotFound):
        enter(guest, country.joined.organisation_id)
    country.agree(country.department)
    enter(guest, country.joined.organisation_id)
    enter(guest, country.opened.organisation_id)


def test_a_yes_to_one_grandparent_is_none_to_the_same_one_come_back(country: Country) -> None:
    country.agree(country.joined)
    with country.app.test_request_context():
        service.leave_parent(country.department.actor, country.link)
    join(country.state, country.department)
    assert not country.reaches(country.joined)


def test_attack_an_old_branch_does_not_wake_up_when_the_unit_comes_back(country: Country) -> None:
    unit = country.opened
    country.agree(country.joined)
    give_branch(country.state, country.officer, country.joined.organisation_id)
    assert country.reaches(country.department) and country.reaches(country.joined)
    with country.app.test_request_context():
        service.leave_parent(country.department.actor, country.link)
    link = join(country.state, country.department)
    country.agree(country.joined)
    for place in (country.department, country.joined, unit):
        assert acting(country.officer, place.organisation_id) is None
        assert not country.reaches(place)
    with country.app.test_request_context():
        assert {found.phase for found in service.list_branches(country.state.actor)} == {Phase.ENDED}
    hear(country.app, country.state.organisation_id)
    told = [words_of(mail) for mail in mails_to(country.officer)]
    for name in ("Department of Roads", "Roads Corporation"):
        assert any(f"The administration of the branch {name} has ended" in words for words in told)
    # Given anew it counts, and ends when the parent lets go as well.
    give_branch(country.state, country.officer, country.department.organisation_id)
    assert country.reaches(country.department)
    with country.app.test_request_context():
        service.end_unit(country.state.actor, link)
    join(country.state, country.department)
    assert not country.reaches(country.department)


def test_a_branch_within_what_leaves_goes_on(country: Country, organisations: Organisations) -> None:
    clerk = organisations.add_member(Role.MEMBER, country.department.organisation_id)
    give_branch(country.department, clerk, country.opened.organisation_id)
    with country.app.test_request_context():
        service.leave_parent(country.department.actor, country.link)
    enter(clerk, country.opened.organisation_id)
    assert acting(clerk, country.opened.organisation_id) is not None


def test_the_yes_is_to_what_was_shown(country: Country, organisations: Organisations) -> None:
    with pytest.raises(AboveChanged):
        country.agree(country.joined, {country.department.organisation_id})
    assert not country.reaches(country.joined), "nothing was agreed to"
    newcomer = organisations.make(name="Newcomer")
    with country.app.test_request_context():
        link = service.ask_to_join(country.department.actor, code=service.renew_code(newcomer.actor))
        (asked,) = [found for found in service.list_links(newcomer.actor) if found.id == link]
        assert [found.name for found in asked.above] == ["Department of Roads", "State of Tests"]
        with pytest.raises(AboveChanged):
            service.join_parent(newcomer.actor, link, seen={country.department.organisation_id})
        assert service.list_above(newcomer.actor) == []
        service.join_parent(newcomer.actor, link, seen={found.id for found in asked.above})
    assert country.reaches(newcomer), "whoever joins later says yes to all that is above"


def test_only_administrators_of_the_unit_itself_agree(country: Country, organisations: Organisations) -> None:
    clerk = organisations.add_member(Role.RECORDS_OFFICER, country.joined.organisation_id)
    with country.app.test_request_context():
        with pytest.raises(PermissionDenied):
            service.agree_to_above(clerk.actor)
        with pytest.raises(NotFound):
            service.agree_to_above(country.state.actor)
    statements = ("UPDATE unit_links SET agreed_at = now()",
                  "INSERT INTO unit_links (id, created_at, organisation_id, organisation_name, child_organisation_id,"
                  " child_name, opened, note, asked_by_name, agreed_at) SELECT gen_random_uuid(), now(),"
                  " organisation_id, '', gen_random_uuid(), '', false, '', '', 'infinity' FROM unit_links")  # fmt: skip
    for statement in statements:
        with (
            country.app.app_context(),
            pytest.raises(Exception, match=r"row-level security|permission denied"),
            tenancy.transaction(Tenant(organisation_id=country.department.organisation_id)),
        ):
            db.session.execute(text(statement))


def test_the_parents_above_are_told_of_the_yes(country: Country) -> None:
    country.agree(country.joined)
    hear(country.app, country.state.organisation_id)
    assert events_of(country.app, country.state.organisation_id)[-1].tag == "unit:agree"
    assert "Roads Corporation agreed" in words_of(mails_to(country.state)[0])
    own = [event.tag for event in events_of(country.app, country.joined.organisation_id)]
    assert own.count("unit:agree") == 1
    hear(country.app, country.department.organisation_id)
    assert "unit:agree" not in [event.tag for event in events_of(country.app, country.department.organisation_id)]


def test_people_are_seated_from_above_only_where_the_unit_agreed(
    country: Country, organisations: Organisations
) -> None:
    """The issuer of an invitation made from above is looked at again when it is accepted."""
    guest = organisations.person("Guest")
    draft = open_unit(country.joined, "Depot")
    with country.app.test_request_context():
        with pytest.raises(NotAgreed):
            service.invite_first_administrator(country.state.actor, draft, email=guest.email)
        (unit,) = [unit for unit in service.list_children(country.state.actor) if unit.id == draft]
        with pytest.raises(NotAgreed):
            seat_in(country.state.actor, unit)
        service.agree_to_above(country.joined.actor)
        service.invite_first_administrator(country.state.actor, draft, email=guest.email)
        (mine,) = organisations_service.list_my_invitations(guest.person_id)
        service.leave_parent(country.joined.actor, country.joined_link)
        with pytest.raises(InvitationEnded):
            organisations_service.accept_my_invitation(guest.actor, mine.id)


def test_the_page_shows_it_and_takes_the_yes(country: Country) -> None:
    client, here = country.joined.client(), f"/organisations/{country.joined.organisation_id}"
    assert "State of Tests stands above it now" in client.get(here).text
    page = client.get(f"{here}/units").text
    assert "This has changed since your organisation said yes" in page
    above = f"{country.department.organisation_id} {country.state.organisation_id}"
    assert f'value="{above}"' in page
    from tests.units.test_pages import post

    assert post(client, f"{here}/units/agree", above="nothing").status_code == 409
    assert post(client, f"{here}/units/agree", above=above).status_code == 303
    page = client.get(f"{here}/units").text
    assert "has agreed to everything" in page and "This has changed" not in page
    assert "stands above it now" not in client.get(here).text
