"""Another role for a member: who may give it, what it leaves behind, who is told."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import Permission, Role, decide
from entitylocker.delegations.giving import give_delegation
from entitylocker.delegations.service import load_member
from entitylocker.errors import LockerError, NotFound, PermissionDenied, StepUpRequired
from entitylocker.extensions import db
from entitylocker.organisations import service
from entitylocker.organisations.errors import AdministratorByQuorum, MoreThanYouHold, OwnRole, RoleBeyondYours
from entitylocker.organisations.events import RoleChanged
from entitylocker.organisations.models import Membership
from entitylocker.organisations.rules import roles_for, today
from entitylocker.organisations.signatories import Signatory
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations, Person
from tests.organisations.identity import events_of, mails_to, post, words_of
from tests.organisations.test_members import at_once, give_until_tomorrow


def change(giver: Member, member: Member, role: Role) -> None:
    with giver.app.test_request_context():
        service.change_role(giver.actor, membership_of(member), role)


def membership_of(member: Member) -> UUID:
    found = member.actor.membership_id
    assert found is not None
    return found


def was_told(person: Person, words: str) -> bool:
    return any(words in words_of(mail) for mail in mails_to(person))


def signatories_of(member: Member) -> list[Signatory]:
    with member.app.test_request_context():
        return list(service.get_details(member.actor).signatories)


def test_a_member_has_another_role_at_once(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    before = member.actor
    change(administrator, member, Role.RECORDS_OFFICER)
    after = member.actor
    assert after.roles == (Role.RECORDS_OFFICER,)
    assert after.rights_version == before.rights_version + 1
    assert decide(after, Permission.DOCUMENT_DEPOSIT, after.facts)


def test_what_runs_with_the_old_role_is_stopped_at_its_commit(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.SIGNATORY, administrator.organisation_id)
    held = member.actor
    change(administrator, member, Role.READER)
    with app.test_request_context(), pytest.raises(LockerError) as refusal:
        service.leave_organisation(held)
    assert refusal.value.code == "rights_changed"


def test_attack_14_a_change_of_role_always_leaves_its_event(app: Flask, organisations: Organisations) -> None:
    """PyPI 2026: the administrator's flag was changed without a trace."""
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    steps = [Role.AUDITOR, Role.SIGNATORY, Role.ADMINISTRATOR]
    for role in steps:
        change(administrator, member, role)
    trail = [event for event in events_of(app, administrator.organisation_id) if event.tag == "membership:change_role"]
    assert [(event.data["from"], event.data["to"]) for event in trail] == [
        ("reader", "auditor"),
        ("auditor", "signatory"),
        ("signatory", "administrator"),
    ]
    assert {event.subject_name for event in trail} == {member.name}
    assert {event.actor_id for event in trail} == {administrator.person_id}
    with pytest.raises(AdministratorByQuorum):
        change(administrator, member, Role.READER)
    assert len(events_of(app, administrator.organisation_id)) >= len(trail)
    assert member.actor.roles == (Role.ADMINISTRATOR,), "without an event nothing changed either"


def test_an_event_that_cannot_be_written_keeps_the_role(
    app: Flask, organisations: Organisations, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)

    def broken(_running: tenancy.Running) -> None:
        raise RuntimeError("the trail is full")

    monkeypatch.setattr(tenancy, "_before_commit", [*tenancy._before_commit, broken])
    with pytest.raises(RuntimeError):
        change(administrator, member, Role.AUDITOR)
    monkeypatch.undo()
    assert member.actor.roles == (Role.READER,)


def test_attack_07_reading_the_members_is_not_enough_to_change_them(app: Flask, organisations: Organisations) -> None:
    """PyPI 2026: a permission to read was enough for a write."""
    administrator = organisations.make()
    auditor = organisations.add_member(Role.AUDITOR, administrator.organisation_id)
    target = organisations.add_member(Role.READER, administrator.organisation_id)
    home = f"/organisations/{auditor.organisation_id}"
    assert auditor.client().get(f"{home}/people").status_code == 200, "the auditor reads the list"
    assert "Change the role" not in auditor.client().get(f"{home}/people").get_data(as_text=True)
    for role in (Role.READER, Role.ADMINISTRATOR):
        with pytest.raises(PermissionDenied):
            change(auditor, target, role)
    path = f"{home}/members/{membership_of(target)}/role"
    assert auditor.client().get(path).status_code == 403
    assert post(auditor, path, role="administrator").status_code == 403
    for member in (auditor, target):
        own = f"{home}/members/{membership_of(member)}/role"
        assert post(member, own, role="administrator").status_code == 403
    assert (target.actor.roles, auditor.actor.roles) == ((Role.READER,), (Role.AUDITOR,))
    forms = {
        "/name": {"name": "Mine now", "reason": "x"},
        "/identifiers": {"identifier_kind": "pan", "identifier": "AAACA0001A"},
        "/directors": {"din": "00000001", "name": "Nobody"},
    }
    for tail, form in forms.items():
        assert post(auditor, home + tail, **form).status_code == 403
    for member in (auditor, target):
        decision = decide(member.actor, Permission.MEMBER_CHANGE_ROLE, member.actor.facts)
        assert not decision


def test_nobody_gives_or_takes_a_role_beyond_their_own(organisations: Organisations) -> None:
    """Administrator by delegation until tomorrow: what they hold for good is a reader's role."""
    administrator = organisations.make()
    manager = organisations.add_member(Role.READER, administrator.organisation_id)
    target = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    signatory = organisations.add_member(Role.SIGNATORY, administrator.organisation_id)
    give_until_tomorrow(administrator, manager, Role.ADMINISTRATOR)
    for role in (Role.ADMINISTRATOR, Role.SIGNATORY, Role.RECORDS_OFFICER, Role.AUDITOR):
        with pytest.raises(RoleBeyondYours):
            change(manager, target, role)
        with pytest.raises(RoleBeyondYours):
            change(manager, manager, role)
    with pytest.raises(RoleBeyondYours):
        change(manager, signatory, Role.READER)
    assert roles_for(manager.actor, Role.MEMBER) == [Role.READER, Role.MEMBER]
    assert roles_for(manager.actor, Role.SIGNATORY) == []
    change(manager, target, Role.READER)
    assert target.actor.roles == (Role.READER,)


def test_a_delegated_administrator_makes_no_true_one_nor_themselves(organisations: Organisations) -> None:
    """What a delegation gave can be taken back; what is given with it must not outlive that."""
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    other = organisations.add_member(Role.READER, administrator.organisation_id)
    with administrator.app.test_request_context():
        give_delegation(
            administrator.actor, membership_id=membership_of(member), role=Role.ADMINISTRATOR, folder_id=None,
            starts_on=today(), ends_on=None, reason="while the administrator is away",
        )  # fmt: skip
    for whom in (member, other):
        for role in (Role.ADMINISTRATOR, Role.SIGNATORY):
            with pytest.raises(RoleBeyondYours):
                change(member, whom, role)
    with administrator.app.test_request_context(), pytest.raises(MoreThanYouHold):
        service.invite_member(member.actor, "sock@example.in", Role.ADMINISTRATOR)
    change(member, other, Role.RECORDS_OFFICER)
    with pytest.raises(OwnRole):
        change(member, member, Role.RECORDS_OFFICER)


def test_the_administrators_hear_of_one_more_of_them(organisations: Organisations) -> None:
    administrator = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    member = organisations.add_member(Role.READER, administrator.organisation_id, name="Tara Promoted")
    change(administrator, member, Role.ADMINISTRATOR)
    assert was_told(second, "Tara Promoted")


def test_no_administrator_is_made_less_here(app: Flask, organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    for giver, target in ((first, second), (second, second), (first, first)):
        with pytest.raises(AdministratorByQuorum) as refusal:
            change(giver, target, Role.READER)
        assert "Recover or remove an administrator" in refusal.value.advice
    path = f"/organisations/{first.organisation_id}/members/{membership_of(second)}/role"
    assert "Recover or remove an administrator" in first.client().get(path).get_data(as_text=True)
    answer = post(first, path, role="reader")
    assert answer.status_code == 422
    assert "is not taken away here" in answer.get_data(as_text=True)
    assert second.actor.roles == (Role.ADMINISTRATOR,)


def test_a_change_asks_for_a_fresh_confirmation(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    with app.app_context():
        found = load_member(administrator.person_id, administrator.session_id, administrator.organisation_id)
    assert found is not None
    stale = replace(found, confirmed_at=None)
    with app.test_request_context(), pytest.raises(StepUpRequired):
        service.change_role(stale, membership_of(member), Role.AUDITOR)
    assert member.actor.roles == (Role.READER,)


def test_members_of_others_and_those_who_left_are_not_there(app: Flask, organisations: Organisations) -> None:
    victim, attacker = organisations.make(), organisations.make()
    target = organisations.add_member(Role.READER, victim.organisation_id)
    membership_id = membership_of(target)
    with pytest.raises(NotFound):
        change(attacker, target, Role.AUDITOR)
    for home in (victim, attacker):
        path = f"/organisations/{home.organisation_id}/members/{membership_id}/role"
        assert post(attacker, path, role="auditor").status_code == 404
    with app.test_request_context():
        service.end_membership(victim.actor, membership_id)
        with pytest.raises(NotFound):
            service.change_role(victim.actor, membership_id, Role.AUDITOR)


def test_the_same_role_again_is_no_change(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    before = len(events_of(app, administrator.organisation_id))
    change(administrator, member, Role.READER)
    assert len(events_of(app, administrator.organisation_id)) == before


def test_of_two_changes_at_once_both_are_in_the_history(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    acts = [
        lambda: change(administrator, member, Role.AUDITOR),
        lambda: change(second, member, Role.RECORDS_OFFICER),
    ]
    assert at_once(acts) == ["done", "done"]
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        found = db.session.execute(text("SELECT before, after FROM role_changes ORDER BY id")).tuples().all()
        role = db.session.scalar(select(Membership.role).where(Membership.person_id == member.person_id))
    assert found[0][0] == "reader"
    assert found[0][1] == found[1][0]
    assert found[1][1] == role


def test_the_change_is_told_to_the_rooms_above(organisations: Organisations, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    heard: list[RoleChanged] = []
    monkeypatch.setitem(tenancy._reactions, RoleChanged, [heard.append])
    change(administrator, member, Role.AUDITOR)
    assert [(each.membership_id, each.before, each.after) for each in heard] == [
        (membership_of(member), Role.READER, Role.AUDITOR)
    ]


def test_signatories_are_told_of_and_listed(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id, "Lata Kadam")
    member = organisations.add_member(Role.READER, administrator.organisation_id, "Farhan Shaikh")
    outsider = organisations.add_member(Role.READER, administrator.organisation_id)
    change(administrator, member, Role.SIGNATORY)
    for person in (administrator, second, member):
        assert was_told(person, "Farhan Shaikh is an authorised signatory")
    assert not was_told(outsider, "authorised signatory")
    (term,) = signatories_of(administrator)
    assert (term.name, term.until) == ("Farhan Shaikh", None)
    change(administrator, member, Role.READER)
    for person in (administrator, second, member):
        assert was_told(person, "Farhan Shaikh is not an authorised signatory")
    (term,) = signatories_of(administrator)
    assert term.until is not None
    assert term.since < term.until
    page = outsider.client().get(f"/organisations/{administrator.organisation_id}/details").get_data(as_text=True)
    assert "Farhan Shaikh" in page
    assert "Ended" in page


def test_signatories_who_come_and_go_by_invitation_and_removal_are_listed_too(
    app: Flask, organisations: Organisations
) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.SIGNATORY, administrator.organisation_id, "Farhan Shaikh")
    assert was_told(administrator, "Farhan Shaikh is an authorised signatory")
    assert [(term.name, term.until) for term in signatories_of(administrator)] == [("Farhan Shaikh", None)]
    with app.test_request_context():
        service.end_membership(administrator.actor, membership_of(member))
    assert was_told(administrator, "Farhan Shaikh is not an authorised signatory")
    (term,) = signatories_of(administrator)
    assert term.until is not None


def test_a_role_is_changed_by_form(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id, "Farhan Shaikh")
    home = f"/organisations/{administrator.organisation_id}"
    people = administrator.client().get(f"{home}/people").get_data(as_text=True)
    path = f"{home}/members/{membership_of(member)}/role"
    assert path in people
    page = administrator.client().get(path).get_data(as_text=True)
    assert "Farhan Shaikh" in page
    assert 'value="branch_administrator"' not in page
    for wrong in ("", "owner", "branch_administrator", "\0", "a" * 10_000):
        assert post(administrator, path, role=wrong).status_code == 422, wrong[:20]
    assert post(administrator, path, role="signatory").location == f"{home}/people"
    assert member.actor.roles == (Role.SIGNATORY,)
