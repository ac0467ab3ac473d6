"""How many invitations leave the house in a day by mail and text message: each carries words of somebody's choosing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from entitylocker.access import Actor, Permission, require
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.errors import TooManyInvitations
from entitylocker.tenancy import use_case
from entitylocker.web.engine_room import engines
from entitylocker.web.formats import ZONE, docdate

# A count is looked at only on its day; it is forgotten with the next.
_KEPT_SECONDS = 2 * 24 * 3600


@dataclass(frozen=True)
class Sendings:
    """Invitations by mail and text message of one day. `more_on`: the day that begins with the next midnight in India.

    `verified`: who answers for them is a verified organisation, and so has the higher limit.
    """

    limit: int
    sent: int
    more_on: date
    verified: bool

    @property
    def left(self) -> int:
        """How many may still go out."""
        return max(0, self.limit - self.sent)


@use_case(Permission.MEMBER_INVITE)
def get_sendings(actor: Actor) -> Sendings:
    """How many invitations the actor's organisation sent today, the units that it invites for included."""
    require(actor, Permission.MEMBER_INVITE, actor.facts)
    payer = _payer(actor.organisation_id)
    sent = db.session.scalar(text("SELECT hits FROM throttle_look(:key)"), {"key": _key(payer.organisation_id)})
    return _sendings(payer.verified, int(sent or 0))


def count_sending(organisation_id: UUID | None) -> None:
    """Count one invitation by mail or text message, in the running transaction of where it leads to.

    `organisation_id`: who invites: that organisation or one above it. It counts for the nearest one from there upwards
    that is verified, else for the topmost: units of one's own making are no way to send more. What is rolled back was
    not sent. Raises TooManyInvitations.
    """
    payer = _payer(organisation_id)
    values = {"key": _key(payer.organisation_id), "seconds": _KEPT_SECONDS}
    sent = int(db.session.scalar(text("SELECT throttle_hit(:key, :seconds, 1)"), values) or 0)
    now = _sendings(payer.verified, sent)
    if sent > now.limit:
        raise TooManyInvitations(limit=now.limit, day=docdate(now.more_on))


def _payer(organisation_id: UUID | None) -> Any:
    above = db.session.execute(text("SELECT * FROM lookup_above() ORDER BY distance")).all()
    begin = next((number for number, row in enumerate(above) if row.organisation_id == organisation_id), 0)
    return next((row for row in above[begin:] if row.verified), above[-1])


def _sendings(verified: bool, sent: int) -> Sendings:
    settings = engines().settings
    limit = settings.invitations_per_day if verified else settings.invitations_per_day_unverified
    return Sendings(limit, sent, today() + timedelta(days=1), verified)


def today(now: datetime | None = None) -> date:
    """The day it is in India."""
    return (now or utc_now()).astimezone(ZONE).date()


def _key(organisation_id: UUID) -> bytes:
    return hashlib.sha256(f"invitations-sent:{organisation_id}:{today().isoformat()}".encode()).digest()
