"""What an administrator gave outlives them in sight of the others: in a mail, and on the page until it is ended."""

from __future__ import annotations

import pytest
from flask import Flask

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.delegations.service import list_delegations, revoke_delegation
from entitylocker.extensions import db
from entitylocker.federation.models import DirectoryGroup, IdentityProvider
from entitylocker.federation.overview import set_group_role
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.tenancy import Tenant
from tests.accounts.mailbox import mails_to
from tests.delegations.test_delegations import give, today
from tests.factories import Member, Organisations
from tests.organisations.helpers import about, end_administrator, get, propose, vote
from tests.organisations.test_proposals import administrators
from tests.units.world import give_branch, open_unit

STANDS = "still stands"


def set_up_provider(by: Member, name: str) -> None:
    """As if their provider had answered."""
    actor = by.actor
    with by.app.app_context(), tenancy.transaction(tenancy.tenant_of(actor), actor):
        row = IdentityProvider(
            organisation_id=by.organisation_id, name=name, slug=f"way-{by.organisation_id}", issuer="https://x.example",
            client_id="c", wrapped_key=b"x", encrypted_secret=b"x", set_up_by_name=by.name,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        record(actor, EventTag.IDENTITY_PROVIDER_SET_UP, Subject("identity_provider", row.id, name))


def bring_group(member: Member, name: str) -> DirectoryGroup:
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        row = DirectoryGroup(organisation_id=member.organisation_id, name=name, version=1, changed_at=db.func.now())
        db.session.add(row)
        db.session.flush()
        return row


def test_what_a_removed_administrator_gave_is_listed_until_it_is_ended(
    app: Flask, organisations: Organisations
) -> None:
    first, second, gone = administrators(organisations, 3)
    crony = organisations.add_member(Role.MEMBER, first.organisation_id, "Chandra Crony")
    given = give(gone, crony, Role.ADMINISTRATOR, ends_on=None)
    give(first, crony, Role.READER)
    set_up_provider(gone, "Head office of Imran")
    theirs, ours = bring_group(first, "Clerks of Pune"), bring_group(first, "Clerks of Nashik")
    with app.test_request_context():
        set_group_role(gone.actor, theirs.id, "signatory")
        set_group_role(gone.actor, ours.id, "signatory")
        set_group_role(first.actor, ours.id, "reader")
    assert STANDS not in get(first, "/proposals").text
    end_administrator(first, second, gone=gone)
    page = get(second, "/proposals").text
    mail = mails_to(app, second.email, "a proposal in")[-1].text
    for said in (page, mail):
        assert STANDS in said and said.count("Chandra Crony") == 1
        assert "Head office of Imran" in said and "Clerks of Pune" in said and "Clerks of Nashik" not in said
        assert f"/organisations/{first.organisation_id}/delegations" in said
        assert f"/organisations/{first.organisation_id}/directory" in said
    assert STANDS not in mails_to(app, gone.email, "a proposal in")[-1].text, "whom it concerns needs no list"
    with app.test_request_context():
        revoke_delegation(first.actor, given)
    assert "Chandra Crony" not in get(second, "/proposals").text


def test_what_a_demoted_one_gave_is_listed_and_an_auditor_sees_none_of_it(organisations: Organisations) -> None:
    first, second, gone = administrators(organisations, 3)
    auditor = organisations.add_member(Role.AUDITOR, first.organisation_id)
    crony = organisations.add_member(Role.MEMBER, first.organisation_id, "Chandra Crony")
    give(gone, crony, Role.SIGNATORY, starts_on=today())
    vote(second, propose(first, about(gone, ProposalKind.DEMOTE, role=Role.READER)))
    assert "Chandra Crony" in get(first, "/proposals").text
    assert "Chandra Crony" not in get(auditor, "/proposals").text
    with first.app.app_context():
        assert len(list_delegations(first.actor)) == 1


def test_a_branch_that_they_gave_is_listed(organisations: Organisations) -> None:
    first, second, gone = administrators(organisations, 3)
    officer = organisations.add_member(Role.MEMBER, first.organisation_id, "Chandra Crony")
    give_branch(gone, officer, open_unit(first))
    give_branch(first, organisations.add_member(Role.MEMBER, first.organisation_id, "Dev Honest"), open_unit(first))
    end_administrator(first, second, gone=gone)
    page = get(first, "/proposals").text
    assert "Administration of a unit" in page and "Chandra Crony" in page and "Dev Honest" not in page
    assert f"/organisations/{first.organisation_id}/branches" in page


@pytest.mark.parametrize("kind", [ProposalKind.REMOVE, ProposalKind.REPLACE])
def test_who_gave_nothing_leaves_no_list(organisations: Organisations, kind: ProposalKind) -> None:
    first, second, gone = administrators(organisations, 3)
    email = "another.account@example.in" if kind is ProposalKind.REPLACE else None
    vote(second, propose(first, about(gone, kind, email=email)))
    assert STANDS not in get(first, "/proposals").text
