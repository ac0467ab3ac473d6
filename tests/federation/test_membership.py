"""Membership follows the directory at once, and never touches an administrator."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.extensions import db
from entitylocker.federation import overview, tokens
from entitylocker.notifications.models import OutboxMessage
from entitylocker.organisations import service
from entitylocker.organisations.models import Invitation, Membership
from entitylocker.organisations.role_changes import change_role
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, Person, csrf_token
from tests.federation.conftest import USER, Directory

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}
RENAMED = {"op": "replace", "path": "displayName", "value": "M. Joshi"}


def role_of(directory: Directory, person: Person) -> str | None:
    """The role somebody has in the directory's organisation now."""
    organisation_id = directory.administrator.organisation_id
    with directory.app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        query = select(Membership.role).where(
            Membership.organisation_id == organisation_id,
            Membership.person_id == person.person_id,
            Membership.ended_at.is_(None),
        )
        return db.session.scalar(query)


def invitations_to(directory: Directory, email: str) -> list[Invitation]:
    organisation_id = directory.administrator.organisation_id
    with directory.app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        query = select(Invitation).where(
            Invitation.organisation_id == organisation_id, Invitation.email_normalised == email.casefold()
        )
        return list(db.session.scalars(query.order_by(Invitation.id)))


def accept(directory: Directory, person: Person) -> None:
    """Follow the link of the newest mail to a person."""
    with directory.app.test_request_context():
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            newest = select(OutboxMessage.text).where(OutboxMessage.recipient == person.email)
            mail = db.session.scalar(newest.order_by(OutboxMessage.id.desc()))
        assert mail is not None
        link = next(word for word in mail.split() if "/invitations/" in word)
        service.redeem_invitation(person.actor, urlsplit(link).path.rsplit("/", 1)[-1])


def set_role(directory: Directory, group_id: str, role: Role | None) -> None:
    with directory.app.test_request_context():
        overview.set_group_role(directory.administrator.actor, UUID(group_id), role.value if role else None)


def change_by_hand(directory: Directory, member: Member, role: Role) -> None:
    with directory.app.test_request_context():
        assert member.actor.membership_id is not None
        change_role(directory.administrator.actor, member.actor.membership_id, role)


def remove_by_hand(directory: Directory, member: Member) -> None:
    with directory.app.test_request_context():
        assert member.actor.membership_id is not None
        service.end_membership(directory.administrator.actor, member.actor.membership_id)


def invite_by_hand(directory: Directory, person: Person, role: Role) -> str:
    """An administrator invites somebody; answers the secret of the link."""
    with directory.app.test_request_context():
        issued = service.invite_member(directory.administrator.actor, person.email, role)
    return urlsplit(issued.link).path.rsplit("/", 1)[-1]


def accept_by_hand(person: Person, secret: str) -> None:
    with person.app.test_request_context():
        service.redeem_invitation(Person.actor.fget(person), secret)


def let_in_by_hand(directory: Directory, person: Person, role: Role) -> None:
    accept_by_hand(person, invite_by_hand(directory, person, role))


def is_active(directory: Directory, made: dict[str, Any]) -> bool:
    return json.loads(directory.ask("GET", f"/Users/{made['id']}").data).get("active", True)


def tags_of(directory: Directory) -> list[str]:
    organisation_id = directory.administrator.organisation_id
    with directory.app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        return list(db.session.scalars(text("SELECT tag FROM events")))


def test_what_came_from_above_is_none_of_the_directorys(directory: Directory, organisations: Organisations) -> None:
    """A run of a parent has no inviter among the members either."""
    guest = organisations.person()
    organisation_id = directory.administrator.organisation_id
    with directory.app.test_request_context():
        issued = service.invite_member(directory.administrator.actor, guest.email, Role.AUDITOR)
        with tenancy.transaction(Tenant(organisation_id=organisation_id)):
            above = update(Invitation).where(Invitation.id == issued.id)
            db.session.execute(above.values(invited_by_id=None, through_organisation_id=uuid4()))
    made = directory.bring(guest.email)
    group = directory.group("Readers", made["id"])
    set_role(directory, group["id"], Role.READER)
    directory.patch(f"/Users/{made['id']}", OFF)
    found = {row.id: row for row in invitations_to(directory, guest.email)}
    assert (found[issued.id].role, found[issued.id].revoked_at) == (Role.AUDITOR.value, None)
    assert all(row.revoked_at and row.by_directory for row in found.values() if row.id != issued.id)


def test_whoever_is_brought_is_invited_once_and_comes_in_with_the_role_of_the_group(
    directory: Directory, organisations: Organisations
) -> None:
    person = organisations.person()
    made = directory.bring(person.email)
    group = directory.group("Records office", made["id"])
    set_role(directory, group["id"], Role.RECORDS_OFFICER)
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "displayName", "value": "M. Joshi"})
    first, second = invitations_to(directory, person.email)
    assert (first.role, first.revoked_at is None) == (Role.MEMBER.value, False), "another role is another invitation"
    assert (second.role, second.revoked_at is None) == (Role.RECORDS_OFFICER.value, True)
    assert tags_of(directory).count("invitation:revoke") == 1
    accept(directory, person)
    assert role_of(directory, person) == Role.RECORDS_OFFICER


def test_who_is_switched_off_is_out_at_once(directory: Directory, organisations: Organisations) -> None:
    member = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    client = member.client()
    page = f"/organisations/{member.organisation_id}"
    assert client.get(page).status_code == 200
    assert directory.patch(f"/Users/{made['id']}", OFF).status_code == 204
    assert client.get(page).status_code == 404
    assert role_of(directory, member) is None


def test_who_is_forgotten_is_out_and_an_open_invitation_ends(
    directory: Directory, organisations: Organisations
) -> None:
    guest = organisations.person()
    made = directory.bring(guest.email)
    assert directory.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    assert all(row.revoked_at is not None for row in invitations_to(directory, guest.email))


def test_who_comes_back_is_invited_again(directory: Directory, organisations: Organisations) -> None:
    guest = organisations.person()
    made = directory.bring(guest.email)
    directory.patch(f"/Users/{made['id']}", OFF)
    directory.patch(f"/Users/{made['id']}", ON)
    assert [row.revoked_at is None for row in invitations_to(directory, guest.email)] == [False, True]


def test_leaving_the_last_group_takes_what_it_gave(directory: Directory, organisations: Organisations) -> None:
    member = organisations.add_member(Role.MEMBER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    wide, narrow = directory.group("Signers", made["id"]), directory.group("Readers", made["id"])
    set_role(directory, narrow["id"], Role.READER)
    assert role_of(directory, member) == Role.READER
    set_role(directory, wide["id"], Role.SIGNATORY)
    assert role_of(directory, member) == Role.SIGNATORY
    directory.patch(f"/Groups/{wide['id']}", {"op": "remove", "path": f'members[value eq "{made["id"]}"]'})
    assert role_of(directory, member) == Role.READER
    assert directory.ask("DELETE", f"/Groups/{narrow['id']}").status_code == 204
    assert role_of(directory, member) == Role.MEMBER


def test_a_role_that_people_gave_is_left_alone_while_no_group_means_anything(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.AUDITOR, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    directory.group("Everybody", made["id"])
    assert role_of(directory, member) == Role.AUDITOR


def test_attack_08_a_directory_neither_makes_nor_removes_administrators(
    directory: Directory, organisations: Organisations
) -> None:
    """PyPI audit 2026, finding 8 (HIGH): who may bring members must not bring owners."""
    administrator = directory.administrator
    made = directory.bring(administrator.email)
    group = directory.group("Administrators", made["id"])
    client = administrator.client()
    form = {"csrf_token": csrf_token(client), "role": Role.ADMINISTRATOR.value}
    client.post(f"/organisations/{administrator.organisation_id}/directory/groups/{group['id']}/role", data=form)
    lines = json.loads(directory.ask("GET", "/Groups").data)["Resources"]
    assert len(lines) == 1
    with directory.app.test_request_context():
        assert [line.role for line in overview.get_overview(administrator.actor).groups] == [None]
    set_role(directory, group["id"], Role.READER)
    assert role_of(directory, administrator) == Role.ADMINISTRATOR
    for refused in (
        directory.patch(f"/Users/{made['id']}", OFF),
        directory.ask("DELETE", f"/Users/{made['id']}"),
    ):
        assert refused.status_code == 403, refused.data
    assert role_of(directory, administrator) == Role.ADMINISTRATOR
    assert json.loads(directory.ask("GET", f"/Users/{made['id']}").data)["active"] is True


def test_who_was_removed_by_people_is_not_brought_back_by_the_way(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    remove_by_hand(directory, member)
    assert not is_active(directory, made)
    path = f"/Users/{made['id']}"
    said_nothing = (
        directory.patch(path, RENAMED),
        directory.patch(path, {"op": "remove", "path": "active"}),
        directory.ask("PUT", path, {"schemas": [USER], "userName": member.email, "displayName": "Meera"}),
    )
    assert all(answer.status_code < 300 for answer in said_nothing)
    assert not is_active(directory, made) and invitations_to(directory, member.email)[1:] == []


def test_who_was_removed_by_people_does_not_come_back_by_an_older_invitation(
    directory: Directory, organisations: Organisations
) -> None:
    person = organisations.person()
    secret = invite_by_hand(directory, person, Role.READER)
    directory.bring(person.email)
    accept_by_hand(person, secret)
    (waiting,) = [row for row in invitations_to(directory, person.email) if row.by_directory]
    assert waiting.revoked_at is None
    member = Member(**vars(person), organisation_id=directory.administrator.organisation_id)
    remove_by_hand(directory, member)
    (ended,) = [row for row in invitations_to(directory, person.email) if row.by_directory]
    assert ended.revoked_at is not None


def test_who_was_let_in_again_by_people_stays_at_a_mere_rename_and_goes_when_switched_off(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    remove_by_hand(directory, member)
    directory.patch(f"/Users/{made['id']}", RENAMED)
    let_in_by_hand(directory, member, Role.AUDITOR)
    assert is_active(directory, made)
    directory.patch(f"/Users/{made['id']}", {**RENAMED, "value": "Meera"})
    assert role_of(directory, member) == Role.AUDITOR
    directory.patch(f"/Users/{made['id']}", OFF)
    assert role_of(directory, member) is None


def test_who_was_switched_off_and_let_in_by_people_stays_until_the_directory_says_more(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    group = directory.group("Readers", made["id"])
    directory.patch(f"/Users/{made['id']}", OFF)
    let_in_by_hand(directory, member, Role.AUDITOR)
    directory.patch(f"/Users/{made['id']}", RENAMED)
    set_role(directory, group["id"], Role.READER)
    assert not is_active(directory, made) and role_of(directory, member) == Role.AUDITOR
    assert directory.ask("DELETE", f"/Users/{made['id']}").status_code == 204
    assert role_of(directory, member) == Role.AUDITOR


def test_a_new_record_for_the_same_mailbox_keeps_the_member_when_the_old_one_goes(
    directory: Directory, organisations: Organisations
) -> None:
    """So directories do it where a userName changes."""
    member = organisations.add_member(Role.MEMBER, directory.administrator.organisation_id)
    old = directory.bring(member.email)
    group = directory.group("Signers", old["id"])
    set_role(directory, group["id"], Role.SIGNATORY)
    new = directory.bring(f"renamed-{member.email}", emails=[{"value": member.email, "primary": True}])
    assert role_of(directory, member) == Role.SIGNATORY
    assert directory.ask("DELETE", f"/Users/{old['id']}").status_code == 204
    assert role_of(directory, member) == Role.MEMBER, "what the groups of the old record gave goes with it"
    directory.patch(f"/Users/{new['id']}", OFF)
    assert role_of(directory, member) is None


def test_a_new_record_keeps_the_invitation_when_the_old_one_goes(
    directory: Directory, organisations: Organisations
) -> None:
    guest = organisations.person()
    old = directory.bring(guest.email)
    directory.bring(f"renamed-{guest.email}", emails=[{"value": guest.email, "primary": True}])
    directory.ask("DELETE", f"/Users/{old['id']}")
    assert [row.revoked_at for row in invitations_to(directory, guest.email)] == [None]


@pytest.mark.parametrize("called", ["http://evil.example/ click", "✔ Verified Officer"])
def test_a_name_that_leads_somewhere_or_wears_a_badge_stands_on_no_invitation(
    directory: Directory, called: str
) -> None:
    directory.bring("called@example.in", displayName=called)
    assert [row.guest_name for row in invitations_to(directory, "called@example.in")] == [None]


def test_a_record_of_somebody_else_with_that_address_keeps_nobody(
    directory: Directory, organisations: Organisations
) -> None:
    organisation_id = directory.administrator.organisation_id
    one, other = (organisations.add_member(Role.READER, organisation_id) for _ in range(2))
    made, theirs = directory.bring(one.email), directory.bring(other.email)
    directory.patch(f"/Users/{theirs['id']}", {"op": "add", "path": "emails", "value": [{"value": one.email}]})
    directory.patch(f"/Users/{made['id']}", OFF)
    assert (role_of(directory, one), role_of(directory, other)) == (None, Role.READER)


def test_a_role_given_by_hand_stays_until_the_directorys_answer_is_another(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.MEMBER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    group = directory.group("Signers", made["id"])
    set_role(directory, group["id"], Role.SIGNATORY)
    change_by_hand(directory, member, Role.MEMBER)
    directory.patch(f"/Users/{made['id']}", RENAMED)
    other = directory.group("Everybody", made["id"])
    assert role_of(directory, member) == Role.MEMBER, "whoever was demoted does not get the role back by the way"
    set_role(directory, other["id"], Role.READER)
    assert role_of(directory, member) == Role.MEMBER, "together they still mean signatory"
    set_role(directory, group["id"], None)
    assert role_of(directory, member) == Role.READER


def test_another_address_in_the_directory_does_not_lose_the_member(
    directory: Directory, organisations: Organisations
) -> None:
    member = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    made = directory.bring(member.email)
    directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "userName", "value": "new@example.in"})
    assert role_of(directory, member) == Role.READER and invitations_to(directory, "new@example.in") == []
    directory.patch(f"/Users/{made['id']}", OFF)
    assert role_of(directory, member) is None


def test_nobody_lets_a_directory_give_more_than_they_hold(directory: Directory, organisations: Organisations) -> None:
    reader = organisations.add_member(Role.READER, directory.administrator.organisation_id)
    assert reader.client().get(f"/organisations/{reader.organisation_id}/directory").status_code == 403


def test_a_token_that_was_ended_opens_nothing_any_more(directory: Directory) -> None:
    with directory.app.test_request_context():
        actor = directory.administrator.actor
        tokens.revoke_token(actor, tokens.list_tokens(actor)[0].id)
    assert directory.ask("GET", "/Users").status_code == 401


def test_everything_a_directory_does_is_in_the_trail(directory: Directory, organisations: Organisations) -> None:
    made = directory.bring("trail@example.in")
    directory.ask("DELETE", f"/Users/{made['id']}")
    page = directory.administrator.client().get(f"/organisations/{directory.administrator.organisation_id}/activity")
    text = page.get_data(as_text=True)
    assert "brought or changed a person from the directory" in text
    assert "removed a person from the directory" in text
    assert "Entra of the head office" in text


def test_an_address_that_may_be_read_as_anothers_is_refused_and_those_of_before_go_on(directory: Directory) -> None:
    tail = f"{uuid4().hex[:8]}@mail.example.in"
    refused = directory.ask("POST", "/Users", {"schemas": [USER], "userName": f"clerk\u00b2-{tail}"})
    assert refused.status_code == 400 and "emails, or userName" in json.loads(refused.data)["detail"]
    assert invitations_to(directory, f"clerk2-{tail}") == []
    made = directory.bring(f"clerk2-{tail}")
    off = {"schemas": [USER], "userName": f"clerk\u00b2-{tail}", "active": False}
    answer = directory.ask("PUT", f"/Users/{made['id']}", off)
    assert answer.status_code == 200, "nothing is new about it, and it can be switched off"
