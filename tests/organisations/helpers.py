"""What tests of the life of organisations and of proposals need: exports, votes, time that has passed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.exports.models import Export
from entitylocker.extensions import db, utc_now
from entitylocker.organisations import service
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.proposal_models import Proposal
from entitylocker.organisations.service import Wish
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, csrf_token

REASON = "for a test"


def post(member: Member, tail: str, **data: Any) -> Any:
    """A form of the member's organisation, sent."""
    client = member.client()
    path = f"/organisations/{member.organisation_id}{tail}"
    return client.post(path, data={"csrf_token": csrf_token(client), **data})


def get(member: Member, tail: str) -> Any:
    return member.client().get(f"/organisations/{member.organisation_id}{tail}")


def about(who: Member, kind: ProposalKind = ProposalKind.REMOVE, **rest: Any) -> Wish:
    """The wish to remove (or what `kind` says) a member."""
    return Wish(kind, REASON, concerned_id=who.actor.membership_id, **rest)


def propose(by: Member, wish: Wish) -> UUID:
    with by.app.test_request_context():
        return service.propose(by.actor, wish)


def vote(by: Member, proposal_id: UUID, *, yes: bool = True) -> Any:
    with by.app.test_request_context():
        return service.vote(by.actor, proposal_id, yes=yes)


def carry_out(by: Member, proposal_id: UUID) -> None:
    with by.app.test_request_context():
        service.carry_out_proposal(by.actor, proposal_id)


def change(app: Flask, organisation_id: UUID, table: Any, **values: Any) -> None:
    """Write into rows of an organisation as if time had passed; into its own as the operator, who alone may."""
    column = table.id if table is Organisation else table.organisation_id
    tenant = Tenant(DatabaseRole.OPERATOR) if table is Organisation else Tenant(organisation_id=organisation_id)
    with app.app_context(), tenancy.transaction(tenant):
        db.session.execute(update(table).where(column == organisation_id).values(**values))


def wait_for_objection(member: Member) -> None:
    """The seven days of every open proposal of the organisation are over."""
    change(member.app, member.organisation_id, Proposal, alone_since=utc_now() - timedelta(days=7, seconds=1))


def put_export(member: Member, *, begun: timedelta = timedelta(0)) -> None:
    """As if somebody had taken everything with them, begun so long ago."""
    at = utc_now() - begun
    with member.app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        db.session.add(
            Export(
                created_at=at, organisation_id=member.organisation_id, made_by_name=member.name,
                documents=0, versions=0, size=0, ended_at=at,
            )
        )  # fmt: skip


def suspend(member: Member) -> None:
    with member.app.test_request_context():
        service.suspend_organisation(member.actor, REASON)


def close(member: Member) -> None:
    """Close the organisation of its only administrator."""
    put_export(member)
    propose(member, Wish(ProposalKind.CLOSE, REASON, name=member.actor.organisation_name))


def end_administrator(by: Member, *others: Member, gone: Member) -> None:
    """Remove an administrator as the house wants it: by votes, or alone after the time for an objection."""
    proposal_id = propose(by, about(gone))
    for other in others:
        vote(other, proposal_id)
    if not others:
        wait_for_objection(by)
        carry_out(by, proposal_id)


__all__ = [
    "REASON", "Role", "about", "carry_out", "change", "close", "end_administrator", "get", "post", "propose",
    "put_export", "suspend", "vote", "wait_for_objection",
]  # fmt: skip
