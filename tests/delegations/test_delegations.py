"""Giving roles and taking them back, and what is tried against it."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, Permission, Reason, Role, decide
from entitylocker.access.roles import SEAT_ROLES
from entitylocker.accounts.service import end_session
from entitylocker.audit.models import Event
from entitylocker.delegations import service
from entitylocker.delegations.errors import LongerThanYours, NoSuchFolder, NoSuchMember, RightsChanged
from entitylocker.delegations.rules import Phase
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db
from entitylocker.organisations import service as organisations_service
from entitylocker.tenancy import Tenant
from entitylocker.vault.models import Folder
from entitylocker.vault.service import create_folder
from entitylocker.web.formats import ZONE
from tests.factories import Member, Organisations, csrf_token

DAY = timedelta(days=1)


def today() -> date:
    return datetime.now(ZONE).date()


def give(giver: Member, receiver: Member, role: Role = Role.RECORDS_OFFICER, **changes: Any) -> UUID:
    facts: dict[str, Any] = {
        "membership_id": receiver.actor.membership_id,
        "folder_id": None,
        "starts_on": today(),
        "ends_on": today() + 30 * DAY,
        "reason": "stands in for Meera",
        **changes,
    }
    with giver.app.app_context():
        return service.give_delegation(giver.actor, role=role, **facts)


def revoke(actor: Actor, delegation_id: UUID, app: Flask) -> None:
    with app.app_context():
        service.revoke_delegation(actor, delegation_id)


def folder_of(member: Member, name: str = "Tenders", parent: Folder | None = None) -> Folder:
    with member.app.app_context():
        if parent is None:
            with tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
                parent = db.session.query(Folder).filter(Folder.parent_id.is_(None)).one()
        return create_folder(member.actor, parent.id, name)


def may(member: Member, permission: Permission, folder: Folder | None = None) -> bool:
    facts = Facts(member.organisation_id, folder_path=None if folder is None else folder.path)
    return bool(decide(member.actor, permission, facts))


def test_a_role_for_a_folder_reaches_it_and_what_is_below(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    tenders, other = folder_of(administrator), folder_of(administrator, "Taxes")
    below = folder_of(administrator, "2026", tenders)
    give(administrator, member, folder_id=tenders.id)
    for folder, expected in ((tenders, True), (below, True), (other, False), (None, False)):
        assert may(member, Permission.DOCUMENT_DEPOSIT, folder) is expected
    with app.app_context():
        (line,) = service.list_delegations(administrator.actor)
    assert (line.folder_name, line.phase, line.given_by_name) == ("Tenders", Phase.CURRENT, administrator.name)


def test_days_bound_a_role_and_a_refusal_says_which(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give(administrator, member, Role.READER, starts_on=today() + 2 * DAY, ends_on=None)
    facts = Facts(administrator.organisation_id, folder_path="/")
    actor = member.actor
    coming = decide(actor, Permission.DOCUMENT_READ, facts)
    assert not coming
    assert coming.reason is Reason.NOT_YET  # type: ignore[union-attr]
    assert decide(actor, Permission.DOCUMENT_READ, facts, datetime.now(ZONE) + 3 * DAY)
    bounded = give(administrator, member, Role.RECORDS_OFFICER, starts_on=today(), ends_on=today())
    actor = member.actor
    assert decide(actor, Permission.DOCUMENT_DEPOSIT, facts)
    later = decide(actor, Permission.DOCUMENT_DEPOSIT, facts, datetime.now(ZONE) + DAY)
    assert later.reason is Reason.ENDED  # type: ignore[union-attr]
    revoke(administrator.actor, bounded, administrator.app)
    taken = decide(member.actor, Permission.DOCUMENT_DEPOSIT, facts)
    assert taken.reason is Reason.ENDED  # type: ignore[union-attr]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMINISTRATOR, *SEAT_ROLES}])
def test_only_administrators_give_and_see_roles(app: Flask, organisations: Organisations, role: Role) -> None:
    administrator = organisations.make()
    member = organisations.add_member(role, administrator.organisation_id)
    with pytest.raises(PermissionDenied):
        give(member, member, Role.READER)
    with app.app_context():
        if role is Role.AUDITOR:
            assert service.list_delegations(member.actor) == []
        else:
            with pytest.raises(PermissionDenied):
                service.list_delegations(member.actor)
        with pytest.raises(PermissionDenied):
            service.list_choices(member.actor)


def test_a_deputy_gives_no_longer_than_their_own_right(organisations: Organisations) -> None:
    administrator = organisations.make()
    deputy = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give(administrator, deputy, Role.ADMINISTRATOR, ends_on=today() + 5 * DAY)
    for ends_on in (None, today() + 6 * DAY):
        with pytest.raises(LongerThanYours):
            give(deputy, member, Role.READER, ends_on=ends_on)
    with pytest.raises(LongerThanYours):
        give(deputy, deputy, Role.ADMINISTRATOR, ends_on=today() + 6 * DAY)
    give(deputy, member, Role.READER, ends_on=today() + 5 * DAY)
    assert may(member, Permission.DOCUMENT_READ)


def test_taking_a_role_back_takes_what_rests_on_it(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    deputy, second, last = (
        organisations.add_member(Role.MEMBER, administrator.organisation_id, f"Person {n}") for n in range(3)
    )
    lent = give(administrator, deputy, Role.ADMINISTRATOR)
    give(deputy, second, Role.ADMINISTRATOR)
    give(second, last, Role.READER)
    kept = give(administrator, last, Role.RECORDS_OFFICER)
    assert may(last, Permission.DOCUMENT_READ)
    revoke(administrator.actor, lent, app)
    assert not may(deputy, Permission.MEMBER_INVITE)
    assert not may(second, Permission.MEMBER_INVITE)
    with app.app_context():
        open_ones = [d.id for d in service.list_delegations(administrator.actor) if d.phase is Phase.CURRENT]
    assert open_ones == [kept]


def test_what_an_administrator_gave_stays_when_they_go(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give(second, member, Role.READER)
    own = give(administrator, second, Role.SIGNATORY)
    with app.test_request_context():
        organisations_service.leave_organisation(second.actor)
        phases = {line.id: line.phase for line in service.list_delegations(administrator.actor)}
    assert phases[own] is Phase.ENDED, "what they held ends with the membership"
    assert may(member, Permission.DOCUMENT_READ), "what they gave was given by the organisation"


def test_a_role_is_given_to_current_members_and_own_folders_only(app: Flask, organisations: Organisations) -> None:
    administrator, foreign = organisations.make(), organisations.make()
    gone = organisations.add_member(Role.READER, administrator.organisation_id)
    gone_id = gone.actor.membership_id
    assert gone_id is not None
    with app.test_request_context():
        organisations_service.end_membership(administrator.actor, gone_id)
    for membership_id in (gone_id, foreign.actor.membership_id, uuid4()):
        with pytest.raises(NoSuchMember):
            give(administrator, administrator, membership_id=membership_id)
    for folder_id in (folder_of(foreign).id, uuid4()):
        with pytest.raises(NoSuchFolder):
            give(administrator, administrator, folder_id=folder_id)


def test_a_role_is_taken_back_by_its_giver_or_an_administrator_only(app: Flask, organisations: Organisations) -> None:
    administrator, foreign = organisations.make(), organisations.make()
    holder = organisations.add_member(Role.AUDITOR, administrator.organisation_id)
    given = give(administrator, holder)
    with pytest.raises(PermissionDenied):
        revoke(holder.actor, given, app)
    with pytest.raises(NotFound):
        revoke(foreign.actor, given, app)
    client = foreign.client()
    token = csrf_token(client)
    for organisation_id in (foreign.organisation_id, administrator.organisation_id):
        path = f"/organisations/{organisation_id}/delegations/{given}/revoke"
        assert client.post(path, data={"csrf_token": token}).status_code == 404
    assert may(holder, Permission.DOCUMENT_DEPOSIT)
    revoke(administrator.actor, given, app)
    with pytest.raises(NotFound):
        revoke(administrator.actor, given, app)


def test_a_right_that_ended_while_a_request_ran_is_noticed_at_its_commit(
    app: Flask, organisations: Organisations
) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    given = give(administrator, member)
    root = folder_of(administrator, "Shared")
    held = member.actor
    outcome: list[str] = []
    read, revoked = threading.Event(), threading.Event()

    def run() -> None:
        with app.app_context():
            try:
                with tenancy.transaction(tenancy.tenant_of(held), held):
                    create_folder(held, root.id, "Made too late")
                    read.set()
                    revoked.wait(20)
            except LockerError as refusal:
                outcome.append(refusal.code)

    thread = threading.Thread(target=run)
    thread.start()
    assert read.wait(20)
    revoke(administrator.actor, given, app)
    revoked.set()
    thread.join(30)
    assert outcome == ["rights_changed"]
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        names = [folder.name for folder in db.session.query(Folder)]
        events = [event.subject_name for event in db.session.query(Event)]
    assert "Made too late" not in names
    assert "Made too late" not in events


def test_what_ends_a_right_waits_for_a_commit_that_has_looked(app: Flask, organisations: Organisations) -> None:
    """The last look locks: a removal comes either before it or after the commit, never between."""
    administrator = organisations.make()
    member = organisations.add_member(Role.RECORDS_OFFICER, administrator.organisation_id)
    root = folder_of(administrator, "Shared")
    held = member.actor
    looked, removed = threading.Event(), threading.Event()

    def remove() -> None:
        assert held.membership_id is not None
        with app.test_request_context():
            organisations_service.end_membership(administrator.actor, held.membership_id)
        removed.set()

    thread = threading.Thread(target=remove)
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(held), held) as running:
        create_folder(held, root.id, "In time")
        service.recheck_rights(running)
        looked.set()
        thread.start()
        assert not removed.wait(0.3)
    thread.join(30)
    assert removed.is_set()


def test_a_session_that_ended_meanwhile_writes_nothing(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    held = administrator.actor
    root = folder_of(administrator, "Shared")
    with app.app_context():
        end_session(administrator.actor, administrator.session_id)
        with pytest.raises(RightsChanged):
            create_folder(held, root.id, "Too late")
        assert service.list_delegations(held) == [], "a mere look that began before is let through"


def test_changing_ones_own_rights_is_no_conflict(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    given = give(administrator, administrator, Role.READER)
    revoke(administrator.actor, given, app)
    held = administrator.actor
    give(administrator, administrator, Role.READER)
    with pytest.raises(RightsChanged), app.app_context():
        service.give_delegation(
            held,
            membership_id=held.membership_id,  # type: ignore[arg-type]
            role=Role.READER,
            folder_id=None,
            starts_on=today(),
            ends_on=None,
            reason="with rights that were read before",
        )


def test_two_who_give_each_other_do_not_wait_for_each_other(app: Flask, organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    start = threading.Barrier(2)
    outcomes: list[str] = []

    def run(giver: Actor, receiver: Actor) -> None:
        assert receiver.membership_id is not None
        with app.app_context():
            start.wait()
            try:
                service.give_delegation(
                    giver, membership_id=receiver.membership_id, role=Role.READER, folder_id=None,
                    starts_on=today(), ends_on=None, reason="at the same moment",
                )  # fmt: skip
                outcomes.append("done")
            except LockerError as refusal:
                outcomes.append(refusal.code)

    pairs = [(first.actor, second.actor), (second.actor, first.actor)]
    threads = [threading.Thread(target=run, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    # The one that comes second was given a role in between: its rights are no longer those it began with.
    assert sorted(outcomes) == ["done", "rights_changed"]


def test_the_pages_give_list_and_take_back(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id, "Rohan Kulkarni")
    folder = folder_of(administrator, "Tenders <2026>")
    client = administrator.client()
    home = f"/organisations/{administrator.organisation_id}/delegations"
    assert "No role is given" in client.get(home).get_data(as_text=True)
    page = client.get(f"{home}/new").get_data(as_text=True)
    assert "Tenders &lt;2026&gt;" in page
    assert "Rohan Kulkarni" in page
    form = {
        "csrf_token": csrf_token(client),
        "membership_id": str(member.actor.membership_id),
        "role": "administrator",
        "folder_id": str(folder.id),
        "starts_on": today().isoformat(),
        "ends_on": "",
        "reason": "Tender season",
    }
    assert client.post(f"{home}/new", data=form).status_code == 422
    assert client.post(f"{home}/new", data={**form, "starts_on": "soon"}).status_code == 422
    assert client.post(f"{home}/new", data={**form, "role": "reader", "reason": " "}).status_code == 422
    assert client.post(f"{home}/new", data={**form, "role": "reader"}).location == home
    listed = client.get(home).get_data(as_text=True)
    assert "Tender season" in listed
    path = listed.split("/revoke")[0].rsplit('action="', 1)[1] + "/revoke"
    assert client.post(path, data={"csrf_token": form["csrf_token"]}).location == home
    assert "Taken back by" in client.get(home).get_data(as_text=True)


def test_every_change_of_a_role_is_in_the_trail(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    given = give(administrator, member, Role.READER, reason="for the audit")
    revoke(administrator.actor, given, app)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        events = {event.tag: event for event in db.session.query(Event).filter(Event.subject_id == given)}
    assert set(events) == {"delegation:give", "delegation:revoke"}
    assert events["delegation:give"].data["reason"] == "for the audit"
    assert events["delegation:give"].actor_name == administrator.name
