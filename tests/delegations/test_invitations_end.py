"""Whoever loses a role loses what they offered by it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask

from entitylocker.access import Role
from entitylocker.delegations.giving import give_delegation, revoke_delegation
from entitylocker.organisations import service
from entitylocker.organisations.errors import InvitationEnded
from entitylocker.organisations.rules import today
from tests.factories import Organisations


@pytest.mark.parametrize("base", [Role.READER, Role.ADMINISTRATOR])
def test_an_invitation_ends_with_the_role_by_which_it_was_issued(
    app: Flask, organisations: Organisations, base: Role
) -> None:
    administrator = organisations.make()
    helper, guest = organisations.add_member(base), organisations.person()
    with app.test_request_context():
        membership_id = helper.actor.membership_id
        assert membership_id is not None
        delegation_id = give_delegation(
            administrator.actor, membership_id=membership_id, role=Role.ADMINISTRATOR, folder_id=None,
            starts_on=today(), ends_on=None, reason="for a while",
        )  # fmt: skip
        issued = service.invite_member(helper.actor, guest.email, Role.RECORDS_OFFICER)
        token = urlsplit(issued.link).path.rsplit("/", 1)[-1]
        revoke_delegation(administrator.actor, delegation_id)
        if base is Role.READER:
            with pytest.raises(InvitationEnded):
                service.redeem_invitation(guest.actor, token)
        else:
            service.redeem_invitation(guest.actor, token)
