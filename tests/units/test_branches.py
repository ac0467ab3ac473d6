"""Branches given to one person: entering, what it gives, and that it ends at once with whatever it rests on."""

from __future__ import annotations

import threading
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Facts, Permission, Role, decide
from entitylocker.delegations.errors import RightsChanged
from entitylocker.delegations.service import give_delegation
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.errors import (
    AdministratorFromAbove,
    InvitationEnded,
    MoreThanYouHold,
    RoleBeyondYours,
    SignatoryFromAbove,
)
from entitylocker.organisations.models import Invitation, Organisation
from entitylocker.organisations.rules import invitable_roles
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.units import service
from entitylocker.units.errors import GivenAlready, MemberHere, NoSuchMember, NoSuchUnit
from entitylocker.vault import service as vault
from tests.factories import Member, Organisations
from tests.units.test_tree import tags
from tests.units.world import (
    DAY,
    acting,
    enter,
    give_branch,
    join,
    make_active,
    open_unit,
    today,
)


class State:
    """A state, a department below it, a division below that, and an officer of the state with the department."""

    def __init__(self, app: Flask, organisations: Organisations) -> None:
        self.app = app
        self.top = organisations.make(name="State of Tests")
        self.department = open_unit(self.top, "Department of Roads")
        self.head = make_active(organisations, self.top, self.department)
        self.division = open_unit(self.head, "Pune Division")
        self.elsewhere = open_unit(self.top, "Department of Health")
        self.officer = organisations.add_member(Role.MEMBER, self.top.organisation_id, name="Meera Rao")
        self.branch_id = give_branch(self.top, self.officer, self.department)


@pytest.fixture
def state(app: Flask, organisations: Organisations) -> State:
    return State(app, organisations)


def test_the_officer_enters_each_unit_of_the_branch_and_no_other(state: State) -> None:
    with state.app.app_context():
        offered = {each.organisation_id for each in service.list_entrances(state.officer.person_id)}
    assert offered == {state.department, state.division}
    for unit_id in (state.department, state.division):
        assert acting(state.officer, unit_id) is None
        enter(state.officer, unit_id)
        enter(state.officer, unit_id)
        actor = acting(state.officer, unit_id)
        assert actor is not None
        assert actor.roles == (Role.BRANCH_ADMINISTRATOR,)
        assert (actor.name, actor.through) == ("Meera Rao (State of Tests)", "State of Tests")
        assert tags(state.app, unit_id).count("unit:enter") == 1
    with pytest.raises(NotFound):
        enter(state.officer, state.elsewhere)
    with pytest.raises(NotFound):
        enter(state.head, state.division)


def test_attack_15_an_administrator_of_one_branch_changes_nothing_in_another(state: State) -> None:
    enter(state.officer, state.department)
    inside = acting(state.officer, state.department)
    assert inside is not None
    assert acting(state.officer, state.elsewhere) is None
    assert acting(state.officer, state.top.organisation_id) is not None
    with state.app.test_request_context():
        # As a plain member of the state itself, the officer opens nothing there and gives nothing on.
        with pytest.raises(PermissionDenied):
            service.open_child(state.officer.actor, name="Own empire", kind=vault_kind(state))
        membership_id = state.head.actor.membership_id
        assert membership_id is not None
        with pytest.raises(PermissionDenied):
            service.give_branch(
                inside, membership_id=membership_id, unit_id=state.division, starts_on=today(), ends_on=None, reason="x"
            )
        with pytest.raises(PermissionDenied):
            service.join_parent(inside, state.division)
    for permission in (Permission.UNIT_ENTRUST, Permission.AUTHORISATION_MANAGE, Permission.DELEGATION_GIVE):
        assert not decide(inside, permission, inside.facts)
    # Another unit is another organisation: the decision is no even with the same actor.
    assert not decide(inside, Permission.MEMBER_INVITE, Facts(state.elsewhere))


def vault_kind(state: State):  # type: ignore[no-untyped-def]
    from entitylocker.identifiers import OrganisationKind

    return OrganisationKind.OTHER


def test_no_documents_consents_or_portals(state: State) -> None:
    enter(state.officer, state.department)
    actor = acting(state.officer, state.department)
    assert actor is not None
    wanted = {permission for permission in Permission if decide(actor, permission, actor.facts)}
    assert {Permission.MEMBER_SEAT, Permission.UNIT_MANAGE, Permission.AUDIT_READ} <= wanted
    forbidden = ("document:", "folder:", "consent:", "portal:", "check_page:", "trust:", "organisation:manage")
    assert not [permission for permission in wanted if permission.startswith(forbidden)]
    with state.app.test_request_context():
        assert vault.list_folders(actor) == []


def test_attack_08_who_seats_others_seats_neither_themselves_nor_beyond_the_house(
    state: State, organisations: Organisations
) -> None:
    enter(state.officer, state.department)
    actor = acting(state.officer, state.department)
    assert actor is not None
    guest = organisations.person("Guest")
    with state.app.test_request_context():
        with pytest.raises(MoreThanYouHold):
            organisations_service.invite_member(actor, guest.email, Role.BRANCH_ADMINISTRATOR)
        with pytest.raises(AdministratorFromAbove):
            organisations_service.invite_member(actor, guest.email, Role.ADMINISTRATOR)
        issued = organisations_service.invite_member(actor, guest.email, Role.RECORDS_OFFICER)
        organisations_service.redeem_invitation(guest.actor, urlsplit(issued.link).path.rsplit("/", 1)[-1])
        own = organisations_service.invite_member(actor, state.officer.email, Role.RECORDS_OFFICER)
        with pytest.raises(InvitationEnded):
            organisations_service.redeem_invitation(_person(state.officer), urlsplit(own.link).path.rsplit("/", 1)[-1])
    seated = acting(guest, state.department)
    assert seated is not None and seated.roles == (Role.RECORDS_OFFICER,)
    after = acting(state.officer, state.department)
    assert after is not None and after.roles == (Role.BRANCH_ADMINISTRATOR,)


def test_attack_08_a_second_account_does_not_become_signatory_through_a_branch(
    state: State, organisations: Organisations
) -> None:
    draft = open_unit(state.top, "Department of Water")
    give_branch(state.top, state.officer, draft)
    second = organisations.person("Meera R.")
    with state.app.test_request_context():
        for unit_id in (state.department, draft):
            enter(state.officer, unit_id)
            actor = acting(state.officer, unit_id)
            assert actor is not None
            with pytest.raises(SignatoryFromAbove):
                organisations_service.invite_member(actor, second.email, Role.SIGNATORY)
            guest = organisations_service.ForWhom("Meera R.")
            with pytest.raises(SignatoryFromAbove):
                organisations_service.issue_slip(actor, guest, Role.SIGNATORY, in_person=True)
            # Nor by the way round over another role, nor with an invitation of before.
            old = organisations_service.invite_member(actor, second.email, Role.READER)
            issued = organisations_service.issue_slip(actor, guest, Role.READER)
            organisations_service.redeem_invitation(second.actor, issued.code)
            inside = acting(second, unit_id)
            assert inside is not None and inside.membership_id is not None
            with pytest.raises(RoleBeyondYours):
                organisations_service.change_role(actor, inside.membership_id, Role.SIGNATORY)
            assert Role.SIGNATORY not in invitable_roles(actor)
            with tenancy.transaction(Tenant(organisation_id=unit_id)):
                db.session.execute(update(Invitation).where(Invitation.id == old.id).values(role="signatory"))
            with pytest.raises(InvitationEnded):
                organisations_service.redeem_invitation(second.actor, urlsplit(old.link).path.rsplit("/", 1)[-1])


def _person(member: Member):  # type: ignore[no-untyped-def]
    from tests.factories import Person

    return Person.actor.fget(member)  # type: ignore[attr-defined]


def test_an_invitation_of_somebody_whose_seat_ended_lets_nobody_in(state: State, organisations: Organisations) -> None:
    enter(state.officer, state.department)
    actor = acting(state.officer, state.department)
    assert actor is not None
    guest = organisations.person("Guest")
    with state.app.test_request_context():
        issued = organisations_service.invite_member(actor, guest.email, Role.READER)
        service.revoke_branch(state.top.actor, state.branch_id)
        with pytest.raises(InvitationEnded):
            organisations_service.redeem_invitation(guest.actor, urlsplit(issued.link).path.rsplit("/", 1)[-1])


def _end(state: State, how: str) -> None:
    top = state.top
    with state.app.test_request_context():
        if how == "revoked":
            service.revoke_branch(top.actor, state.branch_id)
        elif how == "left the parent":
            membership_id = state.officer.actor.membership_id
            assert membership_id is not None
            organisations_service.end_membership(top.actor, membership_id)
        elif how == "unit leaves":
            (link,) = [link for link in service.list_links(state.head.actor) if link.is_parent]
            service.leave_parent(state.head.actor, link.id)
        elif how == "days are over":
            _as_superuser_would(
                state, "UPDATE branch_administrations SET starts_at = now() - interval '2 days',"
                " ends_at = now() - interval '1 second'",
            )  # fmt: skip
        else:
            with tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
                values = {"state": how}
                if how == "suspended":
                    values["suspended_by"] = "organisation"
                db.session.execute(update(Organisation).where(Organisation.id == top.organisation_id).values(**values))


def _as_superuser_would(state: State, statement: str) -> None:
    """Past the rights of the app, as time itself does it."""
    import psycopg

    from entitylocker.jobs.worker import connection_facts

    settings = state.app.extensions["entitylocker"].settings
    with psycopg.connect(**connection_facts(settings.database_owner_url)) as owner:
        owner.execute("CREATE POLICY for_this_test ON branch_administrations TO el_owner USING (true)")
        owner.execute(f"{statement} WHERE id = %s", [state.branch_id])
        owner.execute("DROP POLICY for_this_test ON branch_administrations")


@pytest.mark.parametrize("how", ["revoked", "left the parent", "unit leaves", "days are over", "suspended", "closed"])
def test_a_seat_ends_at_once_with_what_it_rests_on(state: State, how: str) -> None:
    for unit_id in (state.department, state.division):
        enter(state.officer, unit_id)
    before = acting(state.officer, state.department)
    assert before is not None
    _end(state, how)
    for unit_id in (state.department, state.division):
        assert acting(state.officer, unit_id) is None
        with pytest.raises(NotFound):
            enter(state.officer, unit_id)
    with state.app.app_context():
        assert state.department not in {
            mine.organisation_id for mine in organisations_service.list_my_organisations(state.officer.person_id)
        }
    # What was begun with the old rights does not commit.
    with state.app.test_request_context(), pytest.raises(RightsChanged):
        organisations_service.invite_member(before, "somebody@example.in", Role.READER)


def test_a_branch_begins_on_its_day(state: State, organisations: Organisations) -> None:
    late = organisations.add_member(Role.MEMBER, state.top.organisation_id, name="Late")
    give_branch(state.top, late, state.department, starts_on=today() + DAY, ends_on=today() + timedelta(days=9))
    with pytest.raises(NotFound):
        enter(late, state.department)


def test_who_can_be_given_what(state: State, organisations: Organisations) -> None:
    foreign = organisations.make(name="Foreign")
    clerk = organisations.add_member(Role.RECORDS_OFFICER, state.top.organisation_id)
    with pytest.raises(GivenAlready):
        give_branch(state.top, state.officer, state.department)
    with pytest.raises(NoSuchUnit):
        give_branch(state.top, state.officer, foreign.organisation_id)
    with pytest.raises(NoSuchUnit):
        give_branch(state.top, state.officer, state.top.organisation_id)
    with pytest.raises(NoSuchMember):
        give_branch(state.top, foreign, state.division)
    with pytest.raises(PermissionDenied):
        give_branch(clerk, state.officer, state.division)


def test_nothing_is_put_on_top_of_a_seat(state: State, organisations: Organisations) -> None:
    enter(state.officer, state.department)
    seat = acting(state.officer, state.department)
    assert seat is not None and seat.membership_id is not None
    with state.app.test_request_context():
        with pytest.raises(LockerError) as refused:
            give_delegation(
                state.head.actor, membership_id=seat.membership_id, role=Role.READER, folder_id=None,
                starts_on=today(), ends_on=None, reason="on top",
            )  # fmt: skip
        assert refused.value.code == "no_such_member"
        # A seat in a unit is no membership that could be given a branch further down.
        with pytest.raises(NoSuchMember):
            service.give_branch(
                state.head.actor, membership_id=seat.membership_id, unit_id=state.division, starts_on=today(),
                ends_on=None, reason="chain",
            )  # fmt: skip
        page = organisations_service.list_members(state.head.actor)
        assert seat.membership_id not in {member.id for member in page.members}
        (outsider,) = organisations_service.list_outsiders(state.head.actor)
        assert (outsider.name, outsider.source_name, outsider.entered) == ("Meera Rao", "State of Tests", True)


def test_a_member_of_the_unit_acts_as_a_member(state: State, organisations: Organisations) -> None:
    membership_id = give_branch(state.top, state.top, state.division)
    assert membership_id
    with state.app.test_request_context():
        issued = organisations_service.invite_member(state.head.actor, state.officer.email, Role.READER)
        organisations_service.redeem_invitation(_person(state.officer), urlsplit(issued.link).path.rsplit("/", 1)[-1])
        with pytest.raises(MemberHere):
            service.enter(_person(state.officer), state.department)
    actor = acting(state.officer, state.department)
    assert actor is not None and actor.roles == (Role.READER,) and actor.through == ""
    with state.app.app_context():
        offered = {each.organisation_id for each in service.list_entrances(state.officer.person_id)}
    assert offered == {state.division}


def test_a_branch_that_ends_during_entry_leaves_nobody_inside(app: Flask, organisations: Organisations) -> None:
    for _ in range(4):
        state = State(app, organisations)
        barrier = threading.Barrier(2)

        def go_in(state: State = state, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                enter(state.officer, state.department)
            except NotFound:
                return

        def take_back(state: State = state, barrier: threading.Barrier = barrier) -> None:
            with state.app.test_request_context():
                actor = state.top.actor
                barrier.wait()
                service.revoke_branch(actor, state.branch_id)

        threads = [threading.Thread(target=go_in), threading.Thread(target=take_back)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert acting(state.officer, state.department) is None


def test_an_act_that_runs_while_the_branch_ends_waits_for_it(state: State) -> None:
    """The look before the commit locks the source: one of the two comes first, never half of each."""
    enter(state.officer, state.department)
    actor = acting(state.officer, state.department)
    assert actor is not None
    held, go = threading.Event(), threading.Event()

    def take_back() -> None:
        with (
            state.app.app_context(),
            tenancy.transaction(Tenant(organisation_id=state.top.organisation_id)),
        ):
            db.session.execute(
                text("UPDATE branch_administrations SET revoked_at = now(), revoked_by_name = 'x' WHERE id = :id"),
                {"id": state.branch_id},
            )
            held.set()
            go.wait(5)

    thread = threading.Thread(target=take_back)
    thread.start()
    assert held.wait(5)
    threading.Timer(0.3, go.set).start()
    with state.app.test_request_context(), pytest.raises(RightsChanged):
        organisations_service.invite_member(actor, "somebody@example.in", Role.READER)
    thread.join()


def test_the_functions_answer_for_the_person_and_organisation_of_the_transaction_only(
    state: State, organisations: Organisations
) -> None:
    other = organisations.person("Stranger")
    with state.app.app_context():
        for tenant in (Tenant(person_id=other.person_id), Tenant(organisation_id=state.department), Tenant()):
            with tenancy.transaction(tenant):
                assert db.session.execute(text("SELECT * FROM lookup_enterable()")).all() == []
        with tenancy.transaction(Tenant(organisation_id=state.elsewhere, person_id=state.officer.person_id)):
            assert db.session.execute(text("SELECT * FROM lookup_my_seats()")).all() == []
            stands = text("SELECT claim_seat_stands('branch', :id)")
            assert db.session.scalar(stands, {"id": state.branch_id}) is False
        with pytest.raises(Exception, match="permission denied"), tenancy.transaction(Tenant()):
            db.session.execute(text("SELECT * FROM lookup_sources(:id)"), {"id": state.department})


def test_joined_organisations_are_part_of_the_branch_while_they_belong(
    state: State, organisations: Organisations
) -> None:
    joined = organisations.make(name="Joined later")
    link_id = join(state.head, joined)
    enter(state.officer, joined.organisation_id)
    assert acting(state.officer, joined.organisation_id) is not None
    with state.app.test_request_context():
        service.leave_parent(joined.actor, link_id)
    assert acting(state.officer, joined.organisation_id) is None


_ = UUID
