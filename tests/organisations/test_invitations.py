"""Invitations by mail, slip and text message, and what is tried against them."""

from __future__ import annotations

import re
import threading
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from limits import parse
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import OrganisationState, Role
from entitylocker.accounts.people import add_person
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.errors import NotFound, PermissionDenied
from entitylocker.extensions import db, limiter, utc_now
from entitylocker.notifications.service import list_outbox
from entitylocker.notifications.sms import list_text_messages
from entitylocker.organisations import join_limits, service
from entitylocker.organisations.errors import (
    EarlierInvitationStronger,
    ForAnotherAddress,
    HandItOverInPerson,
    InvitationEnded,
    MoreThanYouHold,
    NotByMessage,
)
from entitylocker.organisations.models import Invitation, Organisation
from entitylocker.organisations.slip_codes import ALPHABET, LENGTH, find_code
from entitylocker.organisations.states import InvitationState
from entitylocker.tenancy import Tenant
from tests.delegations.test_delegations import give
from tests.factories import PASSWORD, Member, Organisations, Person, csrf_token
from tests.organisations.helpers import change
from tests.organisations.test_members import give_until_tomorrow
from tests.organisations.test_proposals import tags


def invite(member: Member, email: str, role: Role = Role.READER) -> str:
    with member.app.test_request_context():
        return urlsplit(service.invite_member(member.actor, email, role).link).path.rsplit("/", 1)[-1]


def slip(member: Member, role: Role = Role.READER, **how: bool) -> service.IssuedInvitation:
    with member.app.test_request_context():
        return service.issue_slip(member.actor, service.ForWhom(guest_name="Asha Rao"), role, **how)


def redeem(guest: Person, token: str) -> Any:
    with guest.app.test_request_context():
        return service.redeem_invitation(guest.actor, token)


def post(person: Person, path: str, **fields: str) -> Any:
    client = person.client()
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def home(member: Member) -> str:
    return f"/organisations/{member.organisation_id}"


def make_draft(organisations: Organisations) -> Member:
    """An organisation in draft with an administrator to look through; nobody else is in it."""
    administrator = organisations.make()
    change(administrator.app, administrator.organisation_id, Organisation, state=OrganisationState.DRAFT.value)
    return administrator


def state_of(member: Member) -> str:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        return str(db.session.scalar(text("SELECT state FROM organisations")))


# What was found in other houses


def test_attack_08_a_member_cannot_invite_owners(organisations: Organisations) -> None:
    """PyPI 2026, HIGH: a member could invite owners, as the right to manage was not asked for. By no way here."""
    administrator = organisations.make()
    guest = service.ForWhom(guest_name="A friend")
    for role in (Role.MEMBER, Role.READER, Role.RECORDS_OFFICER, Role.SIGNATORY, Role.AUDITOR):
        member = organisations.add_member(role, administrator.organisation_id)
        with member.app.test_request_context():
            for wanted in (Role.ADMINISTRATOR, Role.SIGNATORY, Role.MEMBER):
                with pytest.raises(PermissionDenied):
                    service.invite_member(member.actor, "friend@example.in", wanted)
                with pytest.raises(PermissionDenied):
                    service.issue_slip(member.actor, guest, wanted, in_person=True)
                with pytest.raises(PermissionDenied):
                    service.invite_by_phone(member.actor, "+919876543210", wanted, guest)
        for tail in ("", "/slips", "/messages"):
            answer = post(member, f"{home(member)}/invitations{tail}", email="f@example.in", role="administrator",
                          guest_name="A friend", phone="9876543210", in_person="1")  # fmt: skip
            assert answer.status_code == 403
    with administrator.app.app_context():
        assert service.list_invitations(administrator.actor) == []
    # Nobody is invited to what only a source outside the organisation gives.
    with administrator.app.test_request_context(), pytest.raises(MoreThanYouHold):
        service.invite_member(administrator.actor, "friend@example.in", Role.BRANCH_ADMINISTRATOR)


def test_attack_08_renewing_asks_for_the_role_again(organisations: Organisations) -> None:
    """Who may not give a role may not give it by sending somebody else's invitation again."""
    administrator = organisations.make()
    paper = slip(administrator, Role.ADMINISTRATOR, in_person=True)
    deputy = organisations.add_member(Role.READER, administrator.organisation_id)
    give_until_tomorrow(administrator, deputy, Role.ADMINISTRATOR)
    with deputy.app.test_request_context():
        with pytest.raises(MoreThanYouHold):
            service.renew_code(deputy.actor, paper.id)
        assert service.print_slips(deputy.actor) == [], "nor see its code"
    with administrator.app.test_request_context():
        assert [each.id for each in service.print_slips(administrator.actor)] == [paper.id]


def test_attack_17_an_invited_owner_who_has_not_accepted_does_nothing(organisations: Organisations) -> None:
    """Vaultwarden CVE-2026-43913: an invited, unconfirmed owner could purge the organisation."""
    administrator, guest = organisations.make(), organisations.person()
    token = invite(administrator, guest.email, Role.ADMINISTRATOR)
    client = guest.client()
    for tail in ("", "/people", "/invitations", "/details", "/documents", "/activity", "/onboarding", "/adoption"):
        assert client.get(f"{home(administrator)}{tail}").status_code == 404
    for tail in ("/invitations", "/invitations/slips", "/onboarding", "/adoption/target", "/leave", "/identifiers"):
        assert post(guest, f"{home(administrator)}{tail}").status_code == 404
    assert redeem(guest, token) == administrator.organisation_id


def test_attack_17_an_invited_administrator_leaves_a_draft_a_draft_until_they_accept(
    organisations: Organisations,
) -> None:
    administrator = make_draft(organisations)
    reader, owner = organisations.person(), organisations.person()
    tokens = invite(administrator, reader.email), invite(administrator, owner.email, Role.ADMINISTRATOR)
    assert state_of(administrator) == "draft"
    redeem(reader, tokens[0])
    assert state_of(administrator) == "draft", "a reader answers for nothing"
    redeem(owner, tokens[1])
    assert state_of(administrator) == "active"
    with administrator.app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        tags = db.session.scalars(text("SELECT tag FROM events ORDER BY sequence DESC LIMIT 2")).all()
    assert set(tags) >= {"organisation:activate"}


def test_attack_12_an_invitation_is_not_redeemed_by_another_address(organisations: Organisations) -> None:
    """The like of PyPI 2026 no. 12, a key without all its parts: the link alone is not the invitation."""
    administrator, invited, thief = organisations.make(), organisations.person(), organisations.person()
    token = invite(administrator, invited.email, Role.ADMINISTRATOR)
    with pytest.raises(ForAnotherAddress) as refused:
        redeem(thief, token)
    assert invited.email not in refused.value.text()
    answer = post(thief, f"/invitations/{token}")
    assert answer.status_code == 403
    page = thief.client().get(f"/invitations/{token}").get_data(as_text=True)
    assert invited.email not in page and f"{invited.email[0]}…@example.in" in page
    assert 'value="Accept"' not in page and "Sign out" in page and "new invitation" in page
    with thief.app.test_request_context():
        assert service.list_my_invitations(thief.person_id) == []
        (mine,) = service.list_my_invitations(invited.person_id)
        with pytest.raises(NotFound):
            service.accept_my_invitation(thief.actor, mine.id)
    assert redeem(invited, token) == administrator.organisation_id, "the attempts did not use it up"


@pytest.mark.parametrize("way", ["{local}@EXAMPLE.in", "{upper}@example.IN", " {local}@example.in "])
def test_the_same_address_written_otherwise_redeems(organisations: Organisations, way: str) -> None:
    administrator, guest = organisations.make(), organisations.person()
    local = guest.email.partition("@")[0]
    token = invite(administrator, way.format(local=local, upper=local.upper()))
    assert redeem(guest, token) == administrator.organisation_id


@pytest.mark.xdist_group("join-guesses")
def test_attack_code_guessing_is_throttled_for_each_network_and_in_total_over_processes(
    app: Flask, settings: Settings, organisations: Organisations
) -> None:
    other_process = create_app(settings)
    paper = slip(organisations.make())

    def guess(where: Flask, address: str, path: str = "") -> int:
        client = where.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        if path:
            return client.get(path).status_code
        return client.post("/join", data={"code": "0000-0000-0000-0000", "csrf_token": csrf_token(client)}).status_code

    with app.app_context():
        limiter.reset()
    found = [guess(app if n % 2 else other_process, "203.0.113.9") for n in range(10)]
    found += [guess(other_process, "203.0.113.9", "/invitations/0000-0000-0000-000Z") for _ in range(10)]
    assert set(found) <= {422, 404}
    assert guess(app, "203.0.113.9") == 429, "twenty in all, whichever process and page they went to"
    assert guess(app, "203.0.113.9", f"/invitations/{paper.code}") == 429
    assert guess(app, "203.0.113.10", f"/invitations/{paper.code}") == 200, "others are not locked out by one"
    # From many networks together.
    of_all = parse(join_limits.GUESSES_OF_ALL)
    with app.app_context():
        storage: Any = limiter.storage
        storage.incr(of_all.key_for("all", "join-guesses-of-all"), 3600, of_all.amount - 20)
    assert guess(app, "203.0.113.200") == 429
    with app.app_context():
        limiter.reset()


# Slips


def test_a_slip_is_bound_to_its_code_and_works_once(app: Flask, organisations: Organisations) -> None:
    administrator, guest, other = organisations.make(), organisations.person(), organisations.person()
    paper = slip(administrator, Role.RECORDS_OFFICER)
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", paper.code)
    assert len(ALPHABET) ** LENGTH >= 2**60
    typed = paper.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    client = guest.client()
    answer = client.post("/join", data={"code": typed, "csrf_token": csrf_token(client)})
    assert answer.status_code == 303
    assert "Accept" in client.get(answer.location).get_data(as_text=True)
    assert redeem(guest, typed) == administrator.organisation_id
    with pytest.raises(InvitationEnded):
        redeem(other, paper.code)


def test_roles_that_answer_come_on_a_slip_only_in_person_and_never_by_message(organisations: Organisations) -> None:
    administrator = organisations.make()
    for role in (Role.ADMINISTRATOR, Role.SIGNATORY):
        with pytest.raises(HandItOverInPerson):
            slip(administrator, role)
        assert slip(administrator, role, in_person=True).code
        with administrator.app.test_request_context(), pytest.raises(NotByMessage):
            service.invite_by_phone(administrator.actor, "+919876543210", role)
    place = f"{home(administrator)}/invitations/slips"
    answer = post(administrator, place, guest_name="Asha Rao", role="administrator")
    assert answer.status_code == 422 and "in person" in answer.get_data(as_text=True)


def test_a_slip_can_be_printed_again_and_the_database_does_not_hold_its_code(
    app: Flask, organisations: Organisations
) -> None:
    administrator = organisations.make()
    paper = slip(administrator)
    with app.test_request_context():
        (again,) = service.print_slips(administrator.actor)
    assert (again.code, again.guest_name) == (paper.code, "Asha Rao")
    page = post(administrator, f"{home(administrator)}/invitations/slips/print")
    assert page.status_code == 200 and paper.code in page.get_data(as_text=True)
    assert "<svg" in page.get_data(as_text=True) and "/join" in page.get_data(as_text=True)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        rows = db.session.scalars(text("SELECT i::text FROM invitations i")).all()
        events = db.session.scalars(text("SELECT tag FROM events WHERE tag = 'invitation:print'")).all()
    assert not any(paper.code in row or str(find_code(paper.code)) in row for row in rows)
    assert len(events) == 2
    people = administrator.client().get(f"{home(administrator)}/invitations").get_data(as_text=True)
    assert "Asha Rao" in people and paper.code not in people


def test_many_slips_are_printed_in_parts(organisations: Organisations, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = organisations.make()
    monkeypatch.setattr(service, "SLIPS_AT_ONCE", 2)
    papers = [slip(administrator) for _ in range(4)]
    place, after, shown = f"{home(administrator)}/invitations/slips/print", {}, []
    for _ in range(2):
        words = post(administrator, place, **after).get_data(as_text=True)
        shown.append([paper.code in words for paper in papers])
        (last,) = re.findall(r'name="after" value="([^"]+)"', words)
        after = {"after": last}
    assert shown == [[True, True, False, False], [False, False, True, True]]
    assert post(administrator, place, **after).status_code == 303, "there are no more"
    alone = post(administrator, place, invitation_id=str(papers[3].id)).get_data(as_text=True)
    assert papers[3].code in alone and 'name="after"' not in alone


def test_a_new_code_ends_the_old_slip(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    old = slip(administrator)
    assert post(administrator, f"{home(administrator)}/invitations/{old.id}/renew").status_code == 201
    with pytest.raises(InvitationEnded):
        redeem(guest, old.code)
    with app.test_request_context():
        (new,) = service.print_slips(administrator.actor)
    assert redeem(guest, new.code) == administrator.organisation_id


def test_a_mail_can_be_sent_again_and_the_first_link_ends(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    with app.test_request_context():
        first = service.invite_member(administrator.actor, guest.email, Role.READER)
        second = service.resend_mail(administrator.actor, first.id)
    with pytest.raises(InvitationEnded):
        redeem(guest, first.link.rsplit("/", 1)[-1])
    assert redeem(guest, second.link.rsplit("/", 1)[-1])
    with app.test_request_context():
        assert [state for _, state in service.list_past_invitations(administrator.actor)] == [InvitationState.REDEEMED]
        with pytest.raises(NotFound):
            service.resend_mail(administrator.actor, first.id)
        assert len([mail for mail in list_outbox(limit=300) if mail.recipient == guest.email]) >= 2


def test_an_expired_invitation_is_listed_as_such_and_can_be_renewed(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    paper = slip(administrator)
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        db.session.execute(update(Invitation).values(expires_at=utc_now()))
    with pytest.raises(InvitationEnded):
        redeem(guest, paper.code)
    with app.test_request_context():
        assert service.print_slips(administrator.actor) == []
        assert [state for _, state in service.list_past_invitations(administrator.actor)] == [InvitationState.EXPIRED]
        new = service.renew_code(administrator.actor, paper.id)
    assert redeem(guest, new.code)


def test_a_text_message_carries_a_code(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    page = post(administrator, f"{home(administrator)}/invitations/messages", guest_name="Ravi", role="reader",
                phone="98765 43210")  # fmt: skip
    assert page.status_code == 201
    with app.app_context():
        message = next(m for m in list_text_messages() if m.recipient == "+919876543210")
    code = re.search(r"code there: (\S+)", message.text)
    assert code and redeem(guest, code.group(1)) == administrator.organisation_id
    outbox = app.test_client().get("/outbox").get_data(as_text=True)
    assert "+919876543210" in outbox
    bad = post(administrator, f"{home(administrator)}/invitations/messages", guest_name="R", role="reader", phone="12")
    assert bad.status_code == 422


# The way of somebody without an account


def test_somebody_without_an_account_comes_back_after_signing_up(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    email = f"new{uuid4().hex[:8]}@example.in"
    token, paper = invite(administrator, email), slip(administrator)
    browser = app.test_client()
    page = browser.get(f"/invitations/{token}").get_data(as_text=True)
    assert "Open an account" in page and email not in page
    with app.app_context():
        person_id = add_person(name="New Person", email=email, password=PASSWORD)
    browser.post("/sign-in", data={"email": email, "password": PASSWORD, "csrf_token": csrf_token(browser)})
    assert browser.get("/").location == f"/invitations/{token}"
    assert browser.get("/").location == "/organisations", "once: whoever does not want to is not led there again"
    mine = browser.get("/organisations").get_data(as_text=True)
    assert "Invitations that wait for you" in mine and "Sahyadri" in mine
    with app.test_request_context():
        (waiting,) = service.list_my_invitations(person_id)
    answer = browser.post(f"/invitations/waiting/{waiting.id}", data={"csrf_token": csrf_token(browser)})
    assert answer.location == home(administrator)
    other = app.test_client()
    other.get(f"/invitations/{paper.code}")
    assert other.get_cookie("invitation") is not None


def test_of_two_with_one_slip_at_the_same_moment_one_comes_in(organisations: Organisations) -> None:
    administrator = organisations.make()
    paper, guests = slip(administrator), [organisations.person(), organisations.person()]
    start, outcomes = threading.Barrier(2), []

    def come(guest: Person) -> None:
        start.wait()
        try:
            outcomes.append(str(redeem(guest, paper.code) == administrator.organisation_id))
        except InvitationEnded as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=come, args=(guest,)) for guest in guests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["True", "invitation_ended"]


@pytest.mark.parametrize("state", ["suspended", "closed"])
def test_nobody_comes_into_an_organisation_that_stands_still(organisations: Organisations, state: str) -> None:
    administrator, guest = organisations.make(), organisations.person()
    token = invite(administrator, guest.email)
    by = "operator" if state == "suspended" else None
    change(administrator.app, administrator.organisation_id, Organisation, state=state, suspended_by=by)
    with pytest.raises(InvitationEnded):
        redeem(guest, token)
    with administrator.app.app_context():
        assert service.list_my_invitations(guest.person_id) == []


def test_who_looks_after_a_unit_from_above_does_not_use_a_slip_of_its_administrator(
    organisations: Organisations,
) -> None:
    from tests.units.world import acting, enter, give_branch, make_active, open_unit

    parent = organisations.make()
    unit_id = open_unit(parent)
    head = make_active(organisations, parent, unit_id)
    officer = organisations.add_member(Role.MEMBER, parent.organisation_id)
    give_branch(parent, officer, unit_id)
    enter(officer, unit_id)
    paper, harmless = slip(head, Role.ADMINISTRATOR, in_person=True), slip(head)
    seated = acting(officer, unit_id)
    assert seated is not None
    with officer.app.test_request_context():
        assert [found.id for found in service.print_slips(seated)] == [harmless.id]
        assert {found.id for found in service.print_slips(head.actor)} == {paper.id, harmless.id}
    guest = Person(officer.app, officer.person_id, officer.name, officer.email, officer.token, officer.session_id)
    for code in (paper.code, harmless.code):
        with pytest.raises(InvitationEnded):
            redeem(guest, code)
    assert redeem(organisations.person(), paper.code) == unit_id
    assert redeem(guest, invite(head, officer.email)) == unit_id, "a member of the unit knows whom they invite by mail"


def test_attack_08_another_mailbox_that_is_compared_as_equal_is_not_the_invited_one(
    app: Flask, organisations: Organisations
) -> None:
    """Accounts from before such addresses were refused: still theirs, but nobody else's invitation is."""
    tail, boss = f"{uuid4().hex[:8]}@mail.example.in", organisations.make()
    with app.app_context():
        add_person(name="Mallory", email=f"clerk\u00b2-{tail}", password=PASSWORD)
    client = app.test_client()
    signed_in = client.post(
        "/sign-in", data={"csrf_token": csrf_token(client), "email": f"clerk\u00b2-{tail}", "password": PASSWORD}
    )
    assert signed_in.status_code == 303, "who has such an address signs in as before"
    token = invite(boss, f"clerk2-{tail}", Role.SIGNATORY)
    refused = client.post(f"/invitations/{token}", data={"csrf_token": csrf_token(client)})
    assert refused.status_code == 403 and "for the account with the address" in refused.text
    form = {"email": f"clerk\u00b2-{tail}", "role": "reader"}
    answer = post(boss, f"/organisations/{boss.organisation_id}/invitations", **form)
    assert answer.status_code == 422 and "may be read as other letters" in answer.text


@pytest.mark.parametrize("place", ["/sign-up", "/account/email"])
def test_no_new_account_has_an_address_that_may_be_read_as_anothers(organisations: Organisations, place: str) -> None:
    person = organisations.person()
    client = person.client() if place == "/account/email" else person.app.test_client()
    typed = {"email": f"clerk\u00b2-{uuid4().hex[:8]}@mail.example.in", "name": "Mallory", "password": PASSWORD}
    answer = client.post(place, data={"csrf_token": csrf_token(client), **typed})
    assert answer.status_code == 422 and "may be read as other letters" in answer.text


def test_inviting_an_address_again_ends_the_earlier_invitation_with_an_event(organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    first = invite(administrator, guest.email, Role.AUDITOR)
    second = invite(administrator, guest.email, Role.READER)
    assert tags(administrator).count("invitation:revoke") == 1
    with pytest.raises(InvitationEnded):
        redeem(guest, first)
    assert redeem(guest, second) == administrator.organisation_id


@pytest.mark.parametrize("earlier", [Role.ADMINISTRATOR, Role.SIGNATORY])
def test_a_deputy_does_not_replace_an_invitation_that_they_could_not_issue(
    organisations: Organisations, earlier: Role
) -> None:
    administrator, guest = organisations.make(), organisations.person()
    deputy = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give(administrator, deputy, Role.ADMINISTRATOR, ends_on=None)
    token = invite(administrator, guest.email, earlier)
    with pytest.raises(EarlierInvitationStronger):
        invite(deputy, guest.email, Role.MEMBER)
    assert redeem(guest, token) == administrator.organisation_id
