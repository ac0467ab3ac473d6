"""Members hear by mail, each in their language, of what happens to their place in an organisation."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from entitylocker.access import Role
from entitylocker.accounts.service import set_language
from entitylocker.organisations import service
from entitylocker.organisations.role_changes import change_role
from tests.accounts.mailbox import mails_to
from tests.factories import Member, Organisations


def membership_of(member: Member) -> UUID:
    found = member.actor.membership_id
    assert found is not None
    return found


def test_who_was_removed_hears_of_it_in_their_language(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make(name="Malabar Traders")
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    with app.app_context():
        set_language(member.actor, "hi")
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        service.end_membership(administrator.actor, membership_of(member))
    mail = mails_to(app, member.email)[-1]
    assert mail.language == "hi"
    assert "Malabar Traders" in mail.text and administrator.name in mail.text


def test_who_leaves_needs_no_mail(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    before = len(mails_to(app, member.email))
    with app.test_request_context():
        service.leave_organisation(member.actor)
    assert len(mails_to(app, member.email)) == before


def test_administrators_hear_of_a_strong_role_before_and_after(app: Flask, organisations: Organisations) -> None:
    founder = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, founder.organisation_id, name="Asha Second")
    assert mails_to(app, founder.email, "strong role") == [], "who invites knows"
    (mail,) = mails_to(app, founder.email, "another administrator")
    assert "Asha Second" in mail.text
    organisations.add_member(Role.READER, founder.organisation_id)
    assert mails_to(app, second.email, "strong role") == []
    organisations.add_member(Role.SIGNATORY, founder.organisation_id, name="Asha Signatory")
    (mail,) = mails_to(app, second.email, "strong role")
    assert founder.name in mail.text and "Authorised signatory" in mail.text
    assert len(mails_to(app, founder.email, "another administrator")) == 1


def test_another_role_is_told_to_who_has_it(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    with app.test_request_context():
        change_role(administrator.actor, membership_of(member), Role.AUDITOR)
    (mail,) = mails_to(app, member.email, "role was changed")
    assert "Auditor" in mail.text and administrator.name in mail.text
