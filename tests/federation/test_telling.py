"""All administrators hear of what lets others in: a token for a directory, an own sign-in."""

from __future__ import annotations

from entitylocker.access import Role
from entitylocker.federation import tokens
from tests.accounts.mailbox import mails_to
from tests.factories import Organisations
from tests.federation.ways import Way


def test_administrators_hear_of_a_new_token(organisations: Organisations) -> None:
    first = organisations.make()
    second = organisations.add_member(Role.ADMINISTRATOR, first.organisation_id)
    reader = organisations.add_member(Role.READER, first.organisation_id)
    with first.app.test_request_context():
        tokens.issue_token(first.actor, "Keycloak of Pune")
    for each in (first, second):
        (mail,) = mails_to(first.app, each.email, "may bring and remove people")
        assert "Keycloak of Pune" in mail.text and first.name in mail.text
        assert f"/organisations/{first.organisation_id}/directory" in mail.text
    assert mails_to(first.app, reader.email, "may bring and remove people") == []


def test_administrators_hear_of_a_new_own_sign_in(way: Way) -> None:
    (mail,) = mails_to(way.app, way.administrator.email, "another way to sign in")
    assert way.administrator.name in mail.text
    assert f"/organisations/{way.administrator.organisation_id}/directory" in mail.text
