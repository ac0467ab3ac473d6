"""Mails about proposals: to every administrator, and to the one whom a proposal concerns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import lazy_gettext

from entitylocker.access import Actor
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.leavings import LEFT_LABELS, Left, find_left
from entitylocker.organisations.life_rules import OBJECTION_TIME, Outcome
from entitylocker.organisations.models import Membership
from entitylocker.organisations.proposal_models import Proposal
from entitylocker.web.links import link_to


def mail_proposed(actor: Actor, row: Proposal, administrators: Iterable[Membership]) -> None:
    """Tell every administrator what is proposed, whomever it concerns included."""
    for each in administrators:
        _mail(actor, row, each, "proposed", until=row.expires_at)


def mail_waiting(actor: Actor, row: Proposal, concerned: Membership) -> None:
    """Tell whom it concerns that one administrator decides alone unless they object in time."""
    assert row.alone_since is not None
    _mail(actor, row, concerned, "waiting", until=row.alone_since + OBJECTION_TIME)


def mail_ended(actor: Actor, row: Proposal, administrators: Iterable[Membership]) -> None:
    """Tell those who were administrators until now how it ended, and what whom it concerned gave that stands."""
    left = find_left(row.organisation_id, row.concerned_id) if row.outcome == Outcome.CARRIED_OUT else []
    for each in administrators:
        _mail(actor, row, each, "ended", until=None, left=left if each.id != row.concerned_id else ())


def _mail(
    actor: Actor, row: Proposal, to: Membership, what: str, *, until: datetime | None, left: Iterable[Left] = ()
) -> None:
    send_mail(
        to=to.person_email,
        subject=lazy_gettext("EntityLocker: a proposal in %(organisation)s", organisation=actor.organisation_name),
        template="mail/proposal",
        organisation=actor.organisation_name,
        what=what,
        kind=row.kind,
        outcome=row.outcome,
        concerned=row.concerned_name,
        about_you=row.concerned_id == to.id,
        proposed_by=row.proposed_by_name,
        role=row.role,
        email=row.email,
        reason=row.reason,
        until=until,
        link=link_to("organisations.proposals", organisation_id=row.organisation_id),
        left=[{"kind": LEFT_LABELS[each.kind], "name": each.name, "role": each.role} for each in left],
        places=list(dict.fromkeys(link_to(each.endpoint, organisation_id=row.organisation_id) for each in left)),
    )
