"""The second step of signing in: a code, a recovery code or a passkey, with the ticket of the first step."""

from __future__ import annotations

from dataclasses import dataclass

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS, Actor
from entitylocker.accounts.assertions import verify_assertion
from entitylocker.accounts.authenticator import use_code
from entitylocker.accounts.challenges import Purpose
from entitylocker.accounts.errors import PasskeyRefused, TicketEnded, WrongCode
from entitylocker.accounts.factors import Factors, find_factors
from entitylocker.accounts.guesses import one_guess
from entitylocker.accounts.methods import CODE, joined
from entitylocker.accounts.people import as_actor, find_person, on_own_account, tenant_of_person
from entitylocker.accounts.recovery import use_recovery_code
from entitylocker.accounts.sessions import Visit
from entitylocker.accounts.signing import open_proved
from entitylocker.accounts.tickets import Ticket, claim_ticket, get_ticket
from entitylocker.audit.recording import Subject, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.tenancy import open_use_case


@dataclass(frozen=True)
class SecondFactor:
    """What somebody shows as their second factor: one of the three."""

    code: str = ""
    recovery_code: str = ""
    passkey: str = ""

    @property
    def can_be_guessed(self) -> bool:
        """Six digits can. What others try in vain must not keep the owner's passkey or recovery code out."""
        return not (self.passkey or self.recovery_code)


@open_use_case("the ticket says whose step it is")
def get_step(token: str) -> tuple[Ticket, Factors]:
    """Whose second step it is and what they may use. Raises TicketEnded."""
    ticket = get_ticket(token)
    return ticket, find_factors(ticket.person_id)


@open_use_case("the ticket and the second factor are the proof")
def finish_sign_in(token: str, shown: SecondFactor, browser: str, visit: Visit) -> str:
    """Open the session for which `token` is the ticket; returns the session's token.

    The ticket is used up by that, and only by that: after a wrong code one may type another, a few times. Raises
    TicketEnded, ProofVoid, WrongCode, PasskeyRefused, TooManyRequests.
    """
    ticket = get_ticket(token)
    with one_guess(ticket.person_id, visit, counts=shown.can_be_guessed):
        try:
            amr = prove(ticket, shown, Purpose.SECOND_STEP, browser)
        except (WrongCode, PasskeyRefused):
            note_refusal(ticket)
            raise
    ticket = claim_ticket(token)
    return open_proved(ticket.person_id, visit, joined(ticket.amr, amr), ticket.limited_to, epoch=ticket.epoch)


def prove(ticket: Ticket, shown: SecondFactor, purpose: Purpose, browser: str) -> tuple[str, ...]:
    """What the second factor proves about the ticket's person. Raises WrongCode, PasskeyRefused, TicketEnded."""
    if shown.passkey:
        return verify_assertion(shown.passkey, purpose, browser, ticket.person_id).amr
    person = find_person(ticket.person_id)
    if person is None:
        raise TicketEnded
    actor = on_own_account(as_actor(person.id, person.name))
    with tenancy.transaction(tenant_of_person(person.id)):
        accepted = _accept(actor, shown)
    if not accepted:
        raise WrongCode(field="recovery_code" if shown.recovery_code else "code")
    return CODE


def _accept(actor: Actor, shown: SecondFactor) -> bool:
    if shown.recovery_code:
        return use_recovery_code(actor, shown.recovery_code)
    return use_code(actor, shown.code)


def note_refusal(ticket: Ticket) -> None:
    """A wrong second factor after a right first one stands in the installation's log."""
    person = find_person(ticket.person_id)
    subject = Subject("person", ticket.person_id, person.name if person else "")
    record_counted(ANONYMOUS, EventTag.PERSON_SECOND_STEP_REFUSED, subject)
