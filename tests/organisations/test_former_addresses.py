"""An invitation goes along with the account it was sent to, when that account gets another address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import LockerError
from entitylocker.extensions import db, limiter, utc_now
from entitylocker.organisations import service
from entitylocker.organisations.models import Invitation
from entitylocker.tenancy import Tenant
from tests.accounts.mailbox import post
from tests.accounts.test_address_change import change as change_address
from tests.accounts.test_address_change import fresh_address
from tests.factories import Organisations, Person
from tests.organisations.test_members import invite, redeem

FOREIGN = "invitation_for_another_address"


@pytest.fixture(autouse=True)
def _no_counts(app: Flask) -> None:
    with app.app_context():
        limiter.storage.reset()


def waiting(person: Person) -> int:
    with person.app.app_context():
        return len(service.list_my_invitations(person.person_id))


def refused(person: Person, token: str) -> str:
    with pytest.raises(LockerError) as refusal:
        redeem(person, token)
    return refusal.value.code


def test_what_was_sent_before_goes_along(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    _, token = invite(administrator, guest.email)
    assert refused(organisations.person(), token) == FOREIGN
    change_address(app, guest, fresh_address())
    change_address(app, guest, fresh_address())
    assert waiting(guest) == 1, "two changes later it still waits for them"
    page = guest.client().get(f"/invitations/{token}")
    assert "Accept" in page.text
    assert "Only that account can accept it" not in page.text
    assert refused(organisations.person(), token) == FOREIGN, "nobody else's"
    assert redeem(guest, token) == administrator.organisation_id


def test_it_is_accepted_without_its_link_too(app: Flask, organisations: Organisations) -> None:
    administrator, guest = organisations.make(), organisations.person()
    invitation, _ = invite(administrator, guest.email, Role.SIGNATORY)
    change_address(app, guest, fresh_address())
    assert post(guest.client(), f"/invitations/waiting/{invitation}").status_code == 303
    with app.app_context():
        assert [mine.role for mine in service.list_my_organisations(guest.person_id)] == [Role.SIGNATORY]


def test_what_is_sent_to_the_old_address_afterwards_is_for_whoever_has_it_now(
    app: Flask, organisations: Organisations
) -> None:
    """Attack: somebody leaves an office mailbox, and goes on reading what their successor is invited to."""
    administrator, gone = organisations.make(), organisations.person()
    change_address(app, gone, fresh_address())
    _, token = invite(administrator, gone.email)
    assert waiting(gone) == 0
    assert refused(gone, token) == FOREIGN
    assert "Only that account can accept it" in gone.client().get(f"/invitations/{token}").text


def test_one_sent_again_to_the_old_address_goes_along_no_more(app: Flask, organisations: Organisations) -> None:
    administrator, gone = organisations.make(), organisations.person()
    invitation, token = invite(administrator, gone.email)
    change_address(app, gone, fresh_address())
    later = update(Invitation).where(Invitation.id == invitation).values(sent_at=utc_now() + timedelta(seconds=1))
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=administrator.organisation_id)):
        db.session.execute(later)
    assert (waiting(gone), refused(gone, token)) == (0, FOREIGN)


def test_a_change_that_was_undone_carries_nothing_along(app: Flask, organisations: Organisations) -> None:
    """Whoever had taken the account over for a while keeps no claim; its owner is invited as before."""
    administrator, owner, thief = organisations.make(), organisations.person(), organisations.person()
    _, token = invite(administrator, owner.email)
    undo = change_address(app, owner, fresh_address())
    assert post(app.test_client(), undo).status_code in (200, 303)
    assert (waiting(owner), waiting(thief)) == (1, 0)
    assert refused(thief, token) == FOREIGN


def test_nobody_asks_for_the_former_addresses_of_another(app: Flask, organisations: Organisations) -> None:
    guest, stranger = organisations.person(), organisations.person()
    change_address(app, guest, fresh_address())
    with app.app_context():
        for tenant, found in ((Tenant(person_id=guest.person_id), 1), (Tenant(person_id=stranger.person_id), 0)):
            with tenancy.transaction(tenant):
                assert len(db.session.execute(text("SELECT * FROM lookup_my_former_addresses()")).all()) == found
