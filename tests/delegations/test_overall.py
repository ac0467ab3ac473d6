"""Strong roles given over the whole organisation: nobody signs by one without the administrators hearing of it."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from entitylocker.access import Role
from entitylocker.delegations.models import Delegation
from entitylocker.extensions import utc_now
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.signatories import Signatory
from tests.accounts.mailbox import mails_to
from tests.delegations.test_delegations import DAY, folder_of, give, revoke, today
from tests.factories import Member, Organisations
from tests.organisations.helpers import change, get


def signatories_of(member: Member) -> list[Signatory]:
    with member.app.app_context():
        return list(organisations_service.get_details(member.actor).signatories)


def test_who_signs_by_a_role_given_stands_in_the_list(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id, "Asha Given")
    given = give(administrator, member, Role.SIGNATORY, ends_on=None)
    give(administrator, member, Role.SIGNATORY, starts_on=today() + DAY)
    give(administrator, member, Role.SIGNATORY, folder_id=folder_of(administrator).id)
    (term,) = signatories_of(administrator)
    assert (term.name, term.until, term.given) == ("Asha Given", None, True)
    page = get(administrator, "/details").text
    assert "Asha Given" in page and "by a role given" in page
    revoke(administrator.actor, given, administrator.app)
    (term,) = signatories_of(administrator)
    assert term.until is not None


def test_a_role_whose_time_is_over_signs_no_more(organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    give(administrator, member, Role.SIGNATORY)
    ended = utc_now() - timedelta(minutes=1)
    change(administrator.app, administrator.organisation_id, Delegation, starts_at=ended - DAY, ends_at=ended)
    (term,) = signatories_of(administrator)
    assert term.until == ended


def test_administrators_and_the_person_hear_of_strong_roles_given(app: Flask, organisations: Organisations) -> None:
    giver = organisations.make()
    other = organisations.add_member(Role.ADMINISTRATOR, giver.organisation_id)
    member = organisations.add_member(Role.MEMBER, giver.organisation_id, "Asha Given")
    for role, label in ((Role.SIGNATORY, "Authorised signatory"), (Role.ADMINISTRATOR, "Administrator")):
        given = give(giver, member, role)
        for each in (giver, other, member):
            mail = mails_to(app, each.email, "strong role was given")[-1]
            assert label in mail.text and "Asha Given" in mail.text and giver.name in mail.text
        revoke(giver.actor, given, app)
        for each in (giver, other, member):
            assert label in mails_to(app, each.email, "was taken back")[-1].text
    assert [len(mails_to(app, each.email, "strong role")) for each in (giver, other, member)] == [4, 4, 4]


def test_smaller_roles_and_folders_need_no_mail(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id)
    revoke(administrator.actor, give(administrator, member, Role.READER), app)
    give(administrator, member, Role.SIGNATORY, folder_id=folder_of(administrator).id)
    assert mails_to(app, administrator.email, "strong role") == []


def test_a_strong_role_that_goes_with_its_holder_is_told(app: Flask, organisations: Organisations) -> None:
    administrator = organisations.make()
    member = organisations.add_member(Role.MEMBER, administrator.organisation_id, "Asha Given")
    give(administrator, member, Role.SIGNATORY)
    with app.test_request_context():
        organisations_service.end_membership(administrator.actor, member.actor.membership_id)  # type: ignore[arg-type]
    (mail,) = mails_to(app, administrator.email, "was taken back")
    assert "Asha Given" in mail.text
