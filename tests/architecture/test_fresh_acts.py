"""Which acts ask again who it is, said once for every permission: a new act with a risk that forgets it fails here."""

from __future__ import annotations

import html
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from types import FunctionType
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update

import entitylocker
from entitylocker import tenancy
from entitylocker.access import Permission, Role
from entitylocker.accounts.models import PersonSession
from entitylocker.accounts.service import add_operator
from entitylocker.delegations.models import Delegation
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant
from tests.factories import PASSWORD, Organisations, csrf_token
from tests.organisations.identity import pending_of

P = Permission

# Whoever does this with somebody else's open browser takes power over an organisation, an account or everybody, or
# gives it away. Each use case asks for a fresh confirmation, but for those named here, and why not.
LOOKS = "it only looks"
ENDS = "it takes something away, which must never wait"
PART = "a part of an act that was confirmed at its beginning"
WAITS = "the operator decides before it counts"
RISKY: dict[Permission, dict[str, str]] = {
    P.ORGANISATION_SUSPEND: {},
    P.ORGANISATION_REOPEN: {},
    P.ORGANISATION_EXPORT: {
        "audit.service.get_last_sequence": PART, "audit.service.list_trail": PART,
        "exports.service.end_export": PART, "exports.service.get_amount": LOOKS, "exports.service.open_version": PART,
    },
    P.ORGANISATION_MANAGE: {
        "organisations.directors.add_director": WAITS, "organisations.directors.end_director": ENDS,
        "organisations.identity._admit": WAITS, "organisations.identity._state": WAITS,
        "organisations.names._admit": "waits for the operator, or nothing is verified under the name",
        "organisations.names._ask": "waits for the operator, or nothing is verified under the name",
        "organisations.names.get_name": LOOKS, "organisations.names.withdraw_name_change": ENDS,
        "organisations.second_factor.list_unready_members": LOOKS,
    },
    P.PROPOSAL_MAKE: {
        "organisations.proposal_views.list_concerned": LOOKS,
        "organisations.proposals.object_to": "it stops something, which must never wait",
        "organisations.proposals.withdraw_proposal": ENDS,
    },
    P.MEMBER_INVITE: {
        "onboarding.guests.invite_guest": "a run does it, confirmed when it was started",
        "organisations.invitations.get_way": LOOKS, "organisations.invitations.revoke_invitation": ENDS,
        "organisations.invitations.revoke_run": ENDS, "organisations.sending_limits.get_sendings": LOOKS,
    },
    P.MEMBER_REMOVE: {},
    P.MEMBER_CHANGE_ROLE: {"organisations.role_changes.get_member": LOOKS},
    P.DIRECTORY_MANAGE: {
        "federation.overview.get_overview": LOOKS, "federation.providers.end_provider": ENDS,
        "federation.providers.list_providers": LOOKS, "federation.tokens.list_tokens": LOOKS,
        "federation.tokens.revoke_token": ENDS,
    },
    P.DELEGATION_GIVE: {"delegations.giving.list_choices": LOOKS},
    P.UNIT_ENTRUST: {
        "units.branches.list_own_members": LOOKS, "units.branches.revoke_branch": ENDS,
        "units.heads.get_unit_to_staff": LOOKS, "units.vouching.get_child_to_vouch": LOOKS,
        "units.vouching._vouch": PART,
    },
    P.AUTHORISATION_MANAGE: {
        "units.agencies.end_authorisation": ENDS, "units.agencies.list_choices": LOOKS,
        "units.agencies._write": PART, "units.agents.end_agent": ENDS, "units.agents.list_agents_to_name": LOOKS,
    },
    P.TRUST_MANAGE: {"trust.own._admit": LOOKS, "trust.own._compare": LOOKS},
    P.OPERATOR_APPROVE: {
        "accounts.operators._put_operator": "a command of whoever keeps the machine; no page leads here",
        "accounts.operators._end_operator": "a command of whoever keeps the machine; no page leads here",
        "trust.installation._admit": LOOKS, "trust.installation._compare": LOOKS,
    },
}  # fmt: skip
# Some of what these allow is risky; those acts are named, the others can be undone or concern one document.
SOME: dict[Permission, set[str]] = {
    P.UNIT_MANAGE: {"units.joining.ask_to_join", "units.joining.end_unit"},
    P.MEMBER_SEAT: {"onboarding.running.start_run", "onboarding.undoing.undo_run"},
    P.ACCOUNT_OWN: {
        "accounts.address_change._ask", "accounts.authenticator.begin_app", "accounts.authenticator.confirm_app",
        "accounts.authenticator.remove_app", "accounts.passkeys._put", "accounts.passkeys.remove_passkey",
        "accounts.password_change._store", "accounts.recovery.renew_codes", "citizen.linking.begin_link",
    },
}  # fmt: skip
# Reading, everyday work that leaves traces and can be undone, and what no session does.
EVERYDAY = {
    # Leaving ends one's own membership.
    P.ORGANISATION_READ,
    P.PROPOSAL_LIST, P.MEMBER_LIST, P.MEMBER_PROVISION, P.DELEGATION_LIST, P.DELEGATION_REVOKE, P.UNIT_LIST,
    P.AUTHORISATION_LIST, P.FOLDER_READ, P.FOLDER_MANAGE, P.DOCUMENT_READ, P.DOCUMENT_DOWNLOAD, P.DOCUMENT_DEPOSIT,
    P.DOCUMENT_EDIT, P.DOCUMENT_BIN, P.DOCUMENT_FETCH, P.DOCUMENT_CHECK, P.CONSENT_LIST, P.CONSENT_READ,
    P.CONSENT_REVOKE, P.CHECK_PAGE_READ, P.CHECK_PAGE_ISSUE, P.CHECK_PAGE_REVOKE, P.PORTAL_LIST, P.LENT_LIST,
    P.LENT_READ, P.TRUST_READ, P.AUDIT_READ, P.AUDIT_EXPORT, P.OPERATOR_REVIEW, P.SESSION_OWN, P.ORGANISATION_REGISTER,
    P.HOUSEKEEPING,
    # The consent page names portal, documents, purpose and time, and is withdrawn with one click (design 7).
    P.CONSENT_GIVE,
    # The operator approves it first.
    P.PORTAL_REGISTER,
}  # fmt: skip


def use_cases() -> Iterator[tuple[str, Permission, bool]]:
    """Every use case of the house: name, permission, whether it asks for a fresh confirmation."""
    for found in pkgutil.walk_packages(entitylocker.__path__, "entitylocker."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if isinstance(value, FunctionType) and value.__module__ == found.name and hasattr(value, "permission"):
                yield f"{found.name.removeprefix('entitylocker.')}.{name}", value.permission, value.fresh


def test_every_permission_is_weighed_once() -> None:
    places = [set(RISKY), set(SOME), EVERYDAY]
    assert set.union(*places) == set(Permission)
    assert sum(map(len, places)) == len(Permission)


@pytest.mark.parametrize("permission", RISKY, ids=str)
def test_acts_with_a_risk_ask_again_who_it_is(permission: Permission) -> None:
    found = {name: fresh for name, asked, fresh in use_cases() if asked is permission}
    stale = {name for name, fresh in found.items() if not fresh}
    assert any(found.values()), f"nothing is left that asks for {permission}"
    assert stale - set(RISKY[permission]) == set(), "mark it with fresh=True, or say here why it needs none"
    assert set(RISKY[permission]) <= set(found), "there is no such use case any more"


@pytest.mark.parametrize("permission", SOME, ids=str)
def test_the_named_acts_ask_again_who_it_is(permission: Permission) -> None:
    fresh = {name for name, asked, fresh in use_cases() if asked is permission and fresh}
    assert SOME[permission] <= fresh


def test_who_ends_their_own_membership_does_not_wait() -> None:
    assert {name: fresh for name, _, fresh in use_cases()}["organisations.members.leave_organisation"] is False


def stale_session(app: Flask, person_id: UUID) -> None:
    """Let the sessions of a person be confirmed long ago."""
    with app.app_context(), tenancy.transaction(Tenant(person_id=person_id)):
        long_ago = utc_now() - timedelta(hours=3)
        db.session.execute(
            update(PersonSession).where(PersonSession.person_id == person_id).values(confirmed_at=long_ago)
        )


def test_a_role_is_given_after_a_confirmation_and_nothing_that_was_typed_is_lost(organisations: Organisations) -> None:
    giver = organisations.make()
    member = organisations.add_member(Role.MEMBER, giver.organisation_id)
    client, path = giver.client(), f"/organisations/{giver.organisation_id}/delegations/new"
    stale_session(giver.app, giver.person_id)
    today = utc_now().date().isoformat()
    typed = {
        "membership_id": str(member.actor.membership_id), "role": "reader", "folder_id": "", "starts_on": today,
        "ends_on": "", "reason": "stands in for <Meera>",
    }  # fmt: skip
    asked = client.post(path, data={"csrf_token": csrf_token(client), **typed})
    assert (asked.status_code, count_given(giver.app, giver.organisation_id)) == (403, 0)
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked.text))
    assert {name: html.unescape(carried[name]) for name in typed} == typed
    sent = {**{name: html.unescape(value) for name, value in carried.items()}, "step_up_password": PASSWORD}
    given = client.post(path, data={**sent, "csrf_token": csrf_token(client)})
    assert (given.status_code, count_given(giver.app, giver.organisation_id)) == (303, 1)


def count_given(app: Flask, organisation_id: UUID) -> int:
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        return db.session.scalar(select(func.count()).select_from(Delegation)) or 0


def test_the_operator_is_asked_too_and_decides_afterwards(app: Flask, organisations: Organisations) -> None:
    place = organisations.make(verified=False)
    person = organisations.person("Olivia Operator")
    with app.app_context():
        add_operator(name=person.name, email=person.email, password=PASSWORD)
    client = person.client()
    (waiting,) = pending_of(organisations, place.organisation_id)
    stale_session(app, person.person_id)
    path = f"/operator/identifiers/{waiting.id}/refuse"
    typed = {"reason": "the letter names another office"}
    asked = client.post(path, data={"csrf_token": csrf_token(client), **typed})
    assert asked.status_code == 403, asked.text
    assert typed["reason"] in asked.text
    done = client.post(path, data={"csrf_token": csrf_token(client), **typed, "step_up_password": PASSWORD})
    assert done.status_code == 303
    assert place.actor.organisation_verified is False
