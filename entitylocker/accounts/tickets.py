"""The first step of signing in leaves a ticket: one factor was proved, the second is owed within five minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.accounts.errors import TicketEnded
from entitylocker.accounts.factor_models import SignInTicket
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import Tenant, open_use_case

TICKET_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Ticket:
    """Whose ticket it is and what was proved for it, and the person's epoch at that time."""

    person_id: UUID
    amr: tuple[str, ...]
    limited_to: UUID | None = None
    epoch: int | None = None


@open_use_case("whoever holds the ticket is nobody yet")
def issue_ticket(person_id: UUID, amr: tuple[str, ...], limited_to: UUID | None = None, *, epoch: int) -> str:
    """A ticket for somebody who proved `amr`; returns its token, to be kept in the browser's own cookie only.

    `epoch`: as it was before the proof was looked at; once it is another, there is no such ticket any more.
    """
    token, digest = new_token()
    with tenancy.transaction(Tenant()):
        db.session.execute(text("SELECT sweep_sign_in_tickets()"))
        db.session.add(
            SignInTicket(
                id=uuid7(),
                token_digest=digest,
                person_id=person_id,
                amr=" ".join(amr),
                limited_to=limited_to,
                epoch=epoch,
                expires_at=utc_now() + TICKET_LIFETIME,
            )
        )
    return token


@open_use_case("the ticket is the proof of the first step")
def get_ticket(token: str) -> Ticket:
    """Look at a ticket without using it up. Raises TicketEnded."""
    return _read("SELECT * FROM lookup_sign_in_ticket(:digest)", token)


@open_use_case("the ticket is the proof of the first step")
def claim_ticket(token: str) -> Ticket:
    """Use a ticket up: of two that come with the same one, one gets it. Raises TicketEnded."""
    return _read("SELECT * FROM claim_sign_in_ticket(:digest)", token)


def _read(query: str, token: str) -> Ticket:
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text(query), {"digest": digest_of(token)}).first()
    if found is None:
        raise TicketEnded
    return Ticket(found.person_id, tuple(found.amr.split()), found.limited_to, found.epoch)
