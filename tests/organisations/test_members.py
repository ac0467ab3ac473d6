"""Invitations and memberships, and what is tried against them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, Role, decide
from entitylocker.delegations.service import load_member
from entitylocker.errors import LockerError, NotFound, PermissionDenied
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations import service
from entitylocker.organisations.errors import AlreadyMember, InvitationEnded, LastAdministrator, MoreThanYouHold
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.rules import invitable_roles
from entitylocker.tenancy import Tenant
from tests.factories import Member, Organisations, Person, csrf_token
from tests.organisations.helpers import end_administrator


def invite(member: Member, email: str, role: Role = Role.READER) -> tuple[UUID, str]:
    """Issue an invitation; answers its id and token."""
    with member.app.test_request_context():
        issued = service.invite_member(member.actor, email, role)
    return issued.id, urlsplit(issued.link).path.rsplit("/", 1)[-1]


def slip(member: Member, role: Role = Role.READER) -> str:
    """Issue a slip; answers its code."""
    with member.app.test_request_context():
        return service.issue_slip(member.actor, service.ForWhom(guest_name="Asha Rao"), role).code


def redeem(guest: Person, token: str) -> UUID:
    with guest.app.test_request_context():
        return service.redeem_invitation(guest.actor, token)


def end(actor: Actor, membership_id: UUID | None, app: Flask) -> None:
    assert membership_id is not None
    with app.test_request_context():
        service.end_membership(actor, membership_id)


def post(member: Person, path: str, **fields: str) -> Any:
    client = member.client()
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def test_an_invitation_makes_a_member_with_its_role(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person("Rohan Kulkarni")
    _, token = invite(administrator, guest.email, Role.RECORDS_OFFICER)
    page = app.test_client().get(f"/invitations/{token}")
    assert page.status_code == 200
    assert "Sahyadri Agro Exports" in page.get_data(as_text=True)
    answer = post(guest, f"/invitations/{token}")
    assert answer.location == f"/organisations/{administrator.organisation_id}"
    with app.app_context():
        actor = load_member(guest.person_id, guest.session_id, administrator.organisation_id)
        assert actor is not None
        assert actor.roles == (Role.RECORDS_OFFICER,)
        assert {m.person_name for m in service.list_members(administrator.actor).members} == {
            administrator.name,
            "Rohan Kulkarni",
        }


def test_who_is_invited_and_has_not_accepted_can_do_nothing(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, token = invite(administrator, guest.email, Role.ADMINISTRATOR)
    client = guest.client()
    for tail in ("", "/people", "/details", "/documents", "/delegations", "/activity", "/consents"):
        assert client.get(f"/organisations/{administrator.organisation_id}{tail}").status_code == 404
    assert post(guest, f"/organisations/{administrator.organisation_id}/invitations", email="x@example.in",
                role="administrator").status_code == 404  # fmt: skip
    with app.app_context():
        assert load_member(guest.person_id, guest.session_id, administrator.organisation_id) is None
        assert service.list_my_organisations(guest.person_id) == []
    assert redeem(guest, token) == administrator.organisation_id


def test_accepting_asks_for_a_sign_in(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    _, token = invite(administrator, "someone@example.in")
    client = app.test_client()
    assert client.post(f"/invitations/{token}", data={"csrf_token": csrf_token(client)}).status_code == 401
    assert client.get(f"/invitations/{token}").status_code == 200, "the link is still good"


def test_a_link_works_once(organisations: Organisations) -> None:
    administrator, guest, other = organisations.make(), organisations.person(), organisations.person()
    _, token = invite(administrator, guest.email)
    redeem(guest, token)
    with pytest.raises(InvitationEnded):
        redeem(other, token)
    assert other.client().get(f"/invitations/{token}").status_code == 404


def test_of_two_at_the_same_moment_one_comes_in(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    guests = [organisations.person(), organisations.person()]
    token = slip(administrator)
    outcomes = at_once([lambda guest=guest: redeem(guest, token) for guest in guests])
    assert sorted(outcomes) == ["done", "invitation_ended"]
    with app.app_context():
        assert service.list_members(administrator.actor).total == 2


def test_a_link_taken_back_or_too_old_does_not_work(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    invitation_id, token = invite(administrator, guest.email)
    with app.app_context():
        service.revoke_invitation(administrator.actor, invitation_id)
        with pytest.raises(NotFound):
            service.revoke_invitation(administrator.actor, invitation_id)
    with pytest.raises(InvitationEnded):
        redeem(guest, token)
    old_id, old = invite(administrator, guest.email)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        row = db.session.scalars(select(Invitation).where(Invitation.id == old_id)).one()
        assert timedelta(days=6, hours=23) < row.expires_at - utc_now() <= timedelta(days=7)
        row.expires_at = utc_now()
    with pytest.raises(InvitationEnded):
        redeem(guest, old)


def test_a_new_invitation_replaces_the_earlier_one(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, first = invite(administrator, guest.email, Role.ADMINISTRATOR)
    _, second = invite(administrator, guest.email.upper(), Role.READER)
    with pytest.raises(InvitationEnded):
        redeem(guest, first)
    redeem(guest, second)
    with app.app_context():
        assert service.list_invitations(administrator.actor) == []


def test_nobody_is_a_member_twice(organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, first = invite(administrator, guest.email)
    second = slip(administrator)
    redeem(guest, first)
    with pytest.raises(AlreadyMember):
        redeem(guest, second)
    with pytest.raises(AlreadyMember):
        invite(administrator, guest.email.upper())
    assert redeem(organisations.person(), second), "the refused attempt did not use the link up"


def test_the_mail_carries_the_link_and_the_database_does_not(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    email = f"{uuid4().hex}@example.in"
    page = post(
        administrator, f"/organisations/{administrator.organisation_id}/invitations", email=email, role="reader"
    )
    assert page.status_code == 201
    with app.app_context():
        (mail,) = [found for found in list_outbox(limit=200) if found.recipient == email]
        token = mail.text.split("/invitations/")[1].split()[0]
        with tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
            rows = db.session.scalars(text("SELECT i::text FROM invitations i")).all()
    assert token in page.get_data(as_text=True), "the page shows the link once, to hand it over"
    assert not any(token in row for row in rows)
    people = administrator.client().get(f"/organisations/{administrator.organisation_id}/people")
    assert email in people.get_data(as_text=True)
    assert token not in people.get_data(as_text=True)


def test_only_whoever_may_invite_invites(organisations: Organisations) -> None:
    administrator = organisations.make()
    for role in (Role.READER, Role.RECORDS_OFFICER, Role.SIGNATORY, Role.AUDITOR, Role.MEMBER):
        member = organisations.add_member(role, administrator.organisation_id)
        with pytest.raises(PermissionDenied):
            invite(member, "friend@example.in", Role.MEMBER)
        assert invitable_roles(member.actor) == [] or Role.ADMINISTRATOR not in invitable_roles(member.actor)


def test_an_invitation_never_carries_more_than_the_inviter_holds(organisations: Organisations) -> None:
    """PyPI 2026: a member could invite owners."""
    administrator = organisations.make()
    manager = organisations.add_member(Role.READER, administrator.organisation_id)
    give_until_tomorrow(administrator, manager, Role.ADMINISTRATOR)
    assert decide(manager.actor, Permission.MEMBER_INVITE, manager.actor.facts)
    assert invitable_roles(manager.actor) == [Role.READER, Role.MEMBER]
    for role in (Role.ADMINISTRATOR, Role.RECORDS_OFFICER, Role.SIGNATORY, Role.AUDITOR):
        with pytest.raises(MoreThanYouHold):
            invite(manager, "friend@example.in", role)
        answer = post(manager, f"/organisations/{manager.organisation_id}/invitations", email="f@example.in", role=role)
        assert answer.status_code == 422
    invite(manager, "friend@example.in", Role.READER)


def give_until_tomorrow(giver: Member, receiver: Member, role: Role) -> None:
    from entitylocker.delegations.service import give_delegation

    today = utc_now().date()
    with giver.app.app_context():
        give_delegation(
            giver.actor,
            membership_id=receiver.actor.membership_id,
            role=role,
            folder_id=None,
            starts_on=today - timedelta(days=2),
            ends_on=today + timedelta(days=2),
            reason="stands in",
        )


def test_an_invitation_of_another_organisation_is_not_there(app: Flask, organisations: Organisations) -> None:
    victim, attacker = organisations.make(), organisations.make()
    invitation_id, token = invite(victim, "guest@example.in")
    path = f"/organisations/{attacker.organisation_id}/invitations/{invitation_id}/revoke"
    assert post(attacker, path).status_code == 404
    assert (
        post(attacker, f"/organisations/{victim.organisation_id}/invitations/{invitation_id}/revoke").status_code == 404
    )
    assert app.test_client().get(f"/invitations/{token}").status_code == 200


def test_a_removed_member_loses_the_organisation_at_once(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.ADMINISTRATOR, administrator.organisation_id)
    client = member.client()
    home = f"/organisations/{member.organisation_id}"
    assert client.get(home).status_code == 200
    held = member.actor
    _, token = invite(member, "a second self@example.in".replace(" ", ""), Role.ADMINISTRATOR)
    assert held.membership_id is not None
    end_administrator(administrator, gone=member)
    assert client.get(home).status_code == 404
    assert client.get("/account").status_code == 200, "the person stays signed in"
    assert client.get("/organisations").status_code == 200
    with pytest.raises(InvitationEnded):
        redeem(organisations.person(), token)
    with app.test_request_context(), pytest.raises(LockerError) as refusal:
        service.invite_member(held, "late@example.in", Role.READER)
    assert refusal.value.code == "rights_changed", "an actor loaded before is stopped at the commit"
    with app.app_context():
        assert service.list_invitations(administrator.actor) == []


def test_a_removed_member_can_be_invited_again(organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    redeem(guest, invite(administrator, guest.email)[1])
    member = Member(**vars(guest), organisation_id=administrator.organisation_id)
    end(administrator.actor, member.actor.membership_id, administrator.app)
    redeem(guest, invite(administrator, guest.email, Role.AUDITOR)[1])
    assert member.actor.roles == (Role.AUDITOR,)


def test_a_member_of_another_organisation_is_not_there(organisations: Organisations) -> None:
    victim, attacker = organisations.make(), organisations.make()
    member = organisations.add_member(Role.READER, victim.organisation_id)
    target = member.actor.membership_id
    assert post(attacker, f"/organisations/{attacker.organisation_id}/members/{target}/end").status_code == 404
    assert post(attacker, f"/organisations/{victim.organisation_id}/members/{target}/end").status_code == 404
    assert member.actor.membership_id == target


def test_the_last_administrator_stays(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    organisations.add_member(Role.SIGNATORY, administrator.organisation_id)
    with app.test_request_context(), pytest.raises(LastAdministrator):
        service.leave_organisation(administrator.actor)
    assert post(administrator, f"/organisations/{administrator.organisation_id}/leave").status_code == 409
    with pytest.raises(LastAdministrator):
        end(administrator.actor, administrator.actor.membership_id, app)


def test_a_delegated_administrator_is_no_last_administrator(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    deputy = organisations.add_member(Role.READER, administrator.organisation_id)
    give_until_tomorrow(administrator, deputy, Role.ADMINISTRATOR)
    with pytest.raises(LastAdministrator):
        end(deputy.actor, administrator.actor.membership_id, app)


def test_a_member_leaves(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    assert post(member, f"/organisations/{administrator.organisation_id}/leave").location == "/organisations"
    with app.app_context():
        assert load_member(member.person_id, member.session_id, administrator.organisation_id) is None


def test_two_administrators_who_leave_at_once_leave_one(app: Flask, organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    actors = [first.actor, second.actor]

    def leave(actor: Actor) -> None:
        with app.test_request_context():
            service.leave_organisation(actor)

    outcomes = at_once([lambda a=actor: leave(a) for actor in actors])
    assert sorted(outcomes) == ["done", "last_administrator"]
    assert count_administrators(app, first.organisation_id) == 1


def count_administrators(app: Flask, organisation_id: UUID) -> int:
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        query = select(Membership).where(Membership.role == Role.ADMINISTRATOR, Membership.ended_at.is_(None))
        return len(db.session.scalars(query).all())


def at_once(acts: list[Any]) -> list[str]:
    """Run the acts at the same moment; answers `done` or the code of the refusal for each."""
    start = threading.Barrier(len(acts))
    outcomes: list[str] = []

    def run(act: Any) -> None:
        start.wait()
        try:
            act()
            outcomes.append("done")
        except LockerError as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_pages_of_members_follow_one_another(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    for _ in range(3):
        organisations.add_member(Role.READER, administrator.organisation_id)
    with app.app_context():
        first = service.list_members(administrator.actor, limit=3)
        rest = service.list_members(administrator.actor, after=first.after, limit=3)
    assert (len(first.members), len(rest.members), rest.after, first.total) == (3, 1, None, 4)
    assert not {m.id for m in first.members} & {m.id for m in rest.members}


def test_people_of_another_organisation_are_behind_both_walls(app: Flask, organisations: Organisations) -> None:
    one, other = organisations.make(), organisations.make()
    for table in ("memberships", "invitations", "organisations", "organisation_keys", "identifiers"):
        with app.app_context(), tenancy.transaction(Tenant(organisation_id=one.organisation_id)):
            rows = db.session.scalars(text(f"SELECT t::text FROM {table} t")).all()
        assert not any(str(other.organisation_id) in row for row in rows), table
