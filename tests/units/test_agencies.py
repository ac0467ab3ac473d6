"""Agencies: letters to which both say yes, people who act by them, and that everything ends at once."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from entitylocker import tenancy
from entitylocker.access import Permission, Role, decide
from entitylocker.delegations.errors import RightsChanged
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.jobs.worker import connection_facts
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.errors import LetterNotPdf, MoreThanYouHold
from entitylocker.organisations.letters import Letter
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import Tenant
from entitylocker.units import service
from entitylocker.units.errors import (
    BothVerified,
    LongerThanAYear,
    NamedAlready,
    NoSuchFolder,
    NoSuchMember,
    RequestEnded,
    WrongRoleForFolder,
)
from entitylocker.units.rules import Phase
from entitylocker.vault import service as vault
from entitylocker.vault.views import Details
from tests.factories import Member, Organisations
from tests.units.test_tree import tags
from tests.units.world import DAY, PDF, acting, authorise, enter, letter, name_agent, today


class Pair:
    """A department, its agency, and a member of the agency who acts."""

    def __init__(self, app: Flask, organisations: Organisations, role: Role = Role.RECORDS_OFFICER) -> None:
        self.app = app
        self.department = organisations.make(name="Department of Roads")
        self.agency = organisations.make(name="IT Cell")
        self.clerk = organisations.add_member(Role.MEMBER, self.agency.organisation_id, name="Meera Rao")
        self.letter_id = authorise(self.department, self.agency, role)
        self.agent_id = name_agent(self.agency, self.letter_id, self.clerk)

    @property
    def place(self) -> UUID:
        return self.department.organisation_id

    def owner(self, statement: str, table: str) -> None:
        """Past the rights of the app, as time itself does it."""
        settings = self.app.extensions["entitylocker"].settings
        with psycopg.connect(**connection_facts(settings.database_owner_url)) as owner:
            owner.execute(f"CREATE POLICY for_this_test ON {table} TO el_owner USING (true)")
            owner.execute(statement, [self.letter_id])
            owner.execute(f"DROP POLICY for_this_test ON {table}")


@pytest.fixture
def pair(app: Flask, organisations: Organisations) -> Pair:
    return Pair(app, organisations)


def test_who_was_named_enters_and_shows_for_whom_they_act(pair: Pair) -> None:
    enter(pair.clerk, pair.place)
    actor = acting(pair.clerk, pair.place)
    assert actor is not None
    assert (actor.name, actor.through, actor.roles) == ("Meera Rao (IT Cell)", "IT Cell", (Role.RECORDS_OFFICER,))
    with pair.app.test_request_context():
        top = vault.get_top(actor).folder
        assert top is not None
        vault.create_folder(actor, top.id, "Made by the agency")
        with tenancy.transaction(Tenant(organisation_id=pair.place)):
            row = db.session.execute(
                text("SELECT actor_name, data FROM events WHERE tag = 'folder:create' AND organisation_id = :here"),
                {"here": pair.place},
            ).one()
        assert row.actor_name == "Meera Rao (IT Cell)"
        assert row.data["through"] == "IT Cell"
        (agent,) = service.list_agents(pair.department.actor, pair.letter_id)
        assert (agent.person_name, agent.entered) == ("Meera Rao", True)
    assert tags(pair.app, pair.place).count("agent:name") == 1


def test_only_the_named_enter_and_only_there(pair: Pair, organisations: Organisations) -> None:
    colleague = organisations.add_member(Role.ADMINISTRATOR, pair.agency.organisation_id)
    for person in (colleague, pair.agency, organisations.person()):
        with pytest.raises(NotFound):
            enter(person, pair.place)
    with pytest.raises(NotFound):
        enter(pair.clerk, organisations.make(name="Other").organisation_id)
    with pair.app.test_request_context():
        stranger = organisations.make(name="Stranger").actor.membership_id
        assert stranger is not None
        with pytest.raises(NoSuchMember):
            service.name_agent(pair.agency.actor, pair.letter_id, stranger)
        with pytest.raises(NamedAlready):
            member_id = pair.clerk.actor.membership_id
            assert member_id is not None
            service.name_agent(pair.agency.actor, pair.letter_id, member_id)
        # The department does not name for the agency.
        own = pair.department.actor.membership_id
        assert own is not None
        with pytest.raises(NotFound):
            service.name_agent(pair.department.actor, pair.letter_id, own)


def test_it_counts_once_both_said_yes(app: Flask, organisations: Organisations) -> None:
    department, agency = organisations.make(name="Department"), organisations.make(name="Agency")
    clerk = organisations.add_member(Role.MEMBER, agency.organisation_id)
    terms = service.Terms(Role.READER, today(), today() + 5 * DAY, "audit")
    with app.test_request_context():
        code = service.renew_code(department.actor)
        proposed = service.propose_authorisation(agency.actor, code=code, terms=terms, letter=letter())
        name_agent(agency, proposed, clerk)
        (seen,) = service.list_authorisations(department.actor)
        assert (seen.phase, seen.waits_for_us, seen.ours) == (Phase.ASKED, True, True)
        with pytest.raises(NotFound):
            enter(clerk, department.organisation_id)
        with pytest.raises(RequestEnded):
            service.accept_authorisation(agency.actor, proposed)
        with pytest.raises(NotFound):
            service.confirm_authorisation(agency.actor, proposed)
        assert b"".join(service.open_letter(department.actor, proposed).pieces).startswith(b"%PDF")
        service.confirm_authorisation(department.actor, proposed)
        with pytest.raises(RequestEnded):
            service.confirm_authorisation(department.actor, proposed)
        enter(clerk, department.organisation_id)
        assert service.get_authorisation(agency.actor, proposed).phase is Phase.CURRENT
        with pytest.raises(NotFound):
            service.get_authorisation(organisations.make(name="Other").actor, proposed)
        with pytest.raises(NotFound):
            service.open_letter(organisations.make(name="Another").actor, proposed)


def test_neither_side_says_yes_for_the_other_past_the_service(app: Flask, organisations: Organisations) -> None:
    department, agency = organisations.make(name="Department"), organisations.make(name="Agency")
    terms = service.Terms(Role.READER, today(), today() + 5 * DAY, "audit")
    with app.test_request_context():
        proposed = service.propose_authorisation(
            agency.actor, code=service.renew_code(department.actor), terms=terms, letter=letter()
        )
        offered = service.offer_authorisation(
            department.actor, code=service.renew_code(agency.actor), terms=terms, letter=letter()
        )
        with tenancy.transaction(Tenant(organisation_id=agency.organisation_id)):
            confirm = text("UPDATE authorisations SET confirmed_at = now() WHERE id = :id RETURNING id")
            assert db.session.execute(confirm, {"id": proposed}).first() is None
        for place, statement in (
            (department, "UPDATE authorisations SET accepted_at = now() WHERE id = :id"),
            (department, "UPDATE authorisations SET role = 'signatory' WHERE id = :id"),
            (
                agency,
                "INSERT INTO authorisations SELECT gen_random_uuid(), organisation_id, agent_organisation_id,"
                " created_at, organisation_name, agent_name, role, reason, proposed_by_name, folder_id, folder_path,"
                " folder_name, 'x', accepted_by_name, ended_by_name, starts_on, ends_on, starts_at, ends_at, now(),"
                " accepted_at FROM authorisations WHERE id = :id",
            ),
        ):
            with (
                pytest.raises(ProgrammingError, match=r"row-level security|permission denied"),
                tenancy.transaction(Tenant(organisation_id=place.organisation_id)),
            ):
                db.session.execute(text(statement), {"id": proposed})
        with tenancy.transaction(Tenant(organisation_id=department.organisation_id)):
            accept = text("SELECT claim_authorisation(:id, 'accept', 'x')")
            assert db.session.scalar(accept, {"id": offered}) is None


@pytest.mark.parametrize(
    "how", ["department ends", "agency ends", "agent ends", "leaves the agency", "days are over",
            "agency not verified", "department not verified"],
)  # fmt: skip
def test_a_seat_ends_at_once(pair: Pair, how: str) -> None:
    enter(pair.clerk, pair.place)
    before = acting(pair.clerk, pair.place)
    assert before is not None
    with pair.app.test_request_context():
        if how == "department ends":
            service.end_authorisation(pair.department.actor, pair.letter_id)
        elif how == "agency ends":
            service.end_authorisation(pair.agency.actor, pair.letter_id)
        elif how == "agent ends":
            service.end_agent(pair.agency.actor, pair.letter_id, pair.agent_id)
        elif how == "leaves the agency":
            organisations_service.leave_organisation(pair.clerk.actor)
        elif how == "days are over":
            pair.owner(
                "UPDATE authorisations SET starts_at = now() - interval '2 days', ends_at = now() WHERE id = %s",
                "authorisations",
            )
        else:
            whose = "agent_organisation_id" if how.startswith("agency") else "organisation_id"
            pair.owner_two(whose)
    assert acting(pair.clerk, pair.place) is None
    with pytest.raises(NotFound):
        enter(pair.clerk, pair.place)
    with pair.app.test_request_context():
        top = vault.get_top(pair.department.actor).folder
        assert top is not None
        with pytest.raises(RightsChanged):
            vault.create_folder(before, top.id, "too late")


def _owner_two(self: Pair, whose: str) -> None:
    settings = self.app.extensions["entitylocker"].settings
    place = self.agency.organisation_id if whose.startswith("agent") else self.department.organisation_id
    with psycopg.connect(**connection_facts(settings.database_owner_url)) as owner:
        owner.execute("CREATE POLICY for_this_test ON identifiers TO el_owner USING (true)")
        owner.execute("UPDATE identifiers SET state = 'expired' WHERE organisation_id = %s", [place])
        owner.execute("DROP POLICY for_this_test ON identifiers")


Pair.owner_two = _owner_two  # type: ignore[attr-defined]


def test_attack_08_an_agency_invites_nobody_beyond(pair: Pair, app: Flask, organisations: Organisations) -> None:
    for role in (Role.SIGNATORY, Role.RECORDS_OFFICER, Role.READER, Role.AUDITOR):
        some = Pair(app, organisations, role)
        enter(some.clerk, some.place)
        actor = acting(some.clerk, some.place)
        assert actor is not None
        for permission in (
            Permission.MEMBER_INVITE, Permission.MEMBER_SEAT, Permission.MEMBER_REMOVE, Permission.DELEGATION_GIVE,
            Permission.UNIT_MANAGE, Permission.UNIT_ENTRUST, Permission.AUTHORISATION_MANAGE,
        ):  # fmt: skip
            assert not decide(actor, permission, actor.facts), (role, permission)
        with app.test_request_context(), pytest.raises((PermissionDenied, MoreThanYouHold)):
            organisations_service.invite_member(actor, "friend@example.in", Role.READER)


def _deposit(pair: Pair) -> UUID:
    upload = vault.Upload("paper.pdf", io.BytesIO(PDF))
    with pair.app.test_request_context():
        return UUID(vault.deposit(pair.department.actor, upload, Details(title="Paper")).document_id)


def test_attack_22_an_agency_makes_check_pages_only_where_its_role_says_so(
    app: Flask, organisations: Organisations
) -> None:
    for role, allowed in ((Role.RECORDS_OFFICER, False), (Role.READER, False), (Role.SIGNATORY, True)):
        some = Pair(app, organisations, role)
        enter(some.clerk, some.place)
        actor = acting(some.clerk, some.place)
        assert actor is not None
        document_id = _deposit(some)
        with app.test_request_context():
            if allowed:
                assert sharing.issue_check_page(actor, document_id, Choices()).page is not None
                continue
            with pytest.raises(PermissionDenied):
                sharing.issue_check_page(actor, document_id, Choices())


def test_one_folder_and_nothing_beside_it(app: Flask, organisations: Organisations) -> None:
    pair = Pair(app, organisations)
    with app.test_request_context():
        service.end_authorisation(pair.department.actor, pair.letter_id)
        top = vault.get_top(pair.department.actor).folder
        assert top is not None
        inside = vault.create_folder(pair.department.actor, top.id, "Tenders")
        outside = vault.create_folder(pair.department.actor, top.id, "Staff")
    letter_id = authorise(pair.department, pair.agency, Role.RECORDS_OFFICER, folder_id=inside.id)
    name_agent(pair.agency, letter_id, pair.clerk)
    enter(pair.clerk, pair.place)
    actor = acting(pair.clerk, pair.place)
    assert actor is not None
    with app.test_request_context():
        assert [folder.name for folder in vault.list_folders(actor)] == ["Tenders"]
        vault.create_folder(actor, inside.id, "Below")
        with pytest.raises((NotFound, PermissionDenied)):
            vault.create_folder(actor, outside.id, "Not here")
        with pytest.raises(WrongRoleForFolder):
            authorise(pair.department, pair.agency, Role.AUDITOR, folder_id=inside.id)
        with pytest.raises(NoSuchFolder):
            other_top = vault.get_top(pair.agency.actor).folder
            assert other_top is not None
            authorise(pair.department, pair.agency, Role.READER, folder_id=other_top.id)


def test_what_is_not_taken(app: Flask, organisations: Organisations) -> None:
    department, agency = organisations.make(name="Department"), organisations.make(name="Agency")
    unverified = organisations.make(name="Unverified", verified=False)
    clerk = organisations.add_member(Role.SIGNATORY, department.organisation_id)
    with pytest.raises(LongerThanAYear):
        authorise(department, agency, ends_on=today() + timedelta(days=366))
    with pytest.raises(BothVerified):
        authorise(department, unverified)
    with pytest.raises(BothVerified):
        authorise(unverified, agency)
    with app.test_request_context():
        terms = service.Terms(Role.READER, today(), today() + DAY, "x")
        code = service.renew_code(agency.actor)
        with pytest.raises(PermissionDenied):
            service.offer_authorisation(clerk.actor, code=code, terms=terms, letter=letter())
        with pytest.raises(LetterNotPdf):
            service.offer_authorisation(
                department.actor, code=code, terms=terms, letter=Letter("x.pdf", io.BytesIO(b"<html>"))
            )


def test_a_letter_that_ends_during_entry_leaves_nobody_inside(app: Flask, organisations: Organisations) -> None:
    for _ in range(4):
        pair = Pair(app, organisations)
        barrier = threading.Barrier(2)

        def go_in(pair: Pair = pair, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                enter(pair.clerk, pair.place)
            except NotFound:
                return

        def end(pair: Pair = pair, barrier: threading.Barrier = barrier) -> None:
            with pair.app.test_request_context():
                actor = pair.department.actor
                barrier.wait()
                service.end_authorisation(actor, pair.letter_id)

        threads = [threading.Thread(target=go_in), threading.Thread(target=end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert acting(pair.clerk, pair.place) is None


def test_one_seat_at_a_time_and_the_last_entered_counts(app: Flask, organisations: Organisations) -> None:
    pair = Pair(app, organisations)
    reading = authorise(pair.department, pair.agency, Role.READER)
    name_agent(pair.agency, reading, pair.clerk)
    person = _as_person(pair.clerk)
    for source, role in ((pair.letter_id, Role.RECORDS_OFFICER), (reading, Role.READER)):
        with app.test_request_context():
            service.enter(person, pair.place, source_id=source)
        actor = acting(pair.clerk, pair.place)
        assert actor is not None and actor.roles == (role,)


def _as_person(member: Member):  # type: ignore[no-untyped-def]
    from tests.factories import Person

    return Person.actor.fget(member)  # type: ignore[attr-defined]
