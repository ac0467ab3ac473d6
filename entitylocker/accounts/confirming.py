"""Confirming that it is still the same person, before an act with a risk (OWASP ASVS 5.0, 7.5)."""

from __future__ import annotations

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.challenges import Purpose
from entitylocker.accounts.errors import PasskeyRefused, SecondFactorNeeded, WrongCode, WrongPassword
from entitylocker.accounts.factors import find_factors
from entitylocker.accounts.guesses import one_guess
from entitylocker.accounts.methods import PASSWORD
from entitylocker.accounts.passwords import verify_password
from entitylocker.accounts.people import find_person
from entitylocker.accounts.second_step import SecondFactor, note_refusal, prove
from entitylocker.accounts.sessions import Visit, renew_session
from entitylocker.accounts.tickets import Ticket
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.tenancy import open_use_case, use_case


@open_use_case("what it calls asks for the permission")
def confirm_person(actor: Actor, *, password: str, shown: SecondFactor, browser: str, visit: Visit) -> str:
    """Confirm the actor's session; returns the token of the session that takes its place.

    Who has a passkey or an authenticator app must use one of these (or a recovery code): a password alone may be in
    other hands, which is why they were set up. Raises WrongPassword, WrongCode, PasskeyRefused, SecondFactorNeeded,
    TooManyRequests, NotFound if the session ended.
    """
    assert actor.person_id is not None
    ticket = Ticket(actor.person_id, ())
    has_factor = find_factors(actor.person_id).any
    with one_guess(actor.person_id, visit, counts=not has_factor or shown.can_be_guessed):
        try:
            amr = _prove(ticket, password, shown, browser, has_factor=has_factor)
        except (WrongCode, PasskeyRefused, WrongPassword):
            note_refusal(ticket)
            raise
    return renew(actor, amr)


def _prove(ticket: Ticket, password: str, shown: SecondFactor, browser: str, *, has_factor: bool) -> tuple[str, ...]:
    if has_factor:
        if not (shown.passkey or shown.code or shown.recovery_code):
            raise SecondFactorNeeded(field="code")
        return prove(ticket, shown, Purpose.CONFIRM, browser)
    person = find_person(ticket.person_id)
    if person is None or not verify_password(person.password_hash, password):
        raise WrongPassword(field="password")
    return PASSWORD


@use_case(Permission.SESSION_OWN)
def renew(actor: Actor, amr: tuple[str, ...]) -> str:
    """A fresh, confirmed session in the place of the actor's, who has just proved `amr`; returns its token."""
    require(actor, Permission.SESSION_OWN, actor.facts)
    assert actor.person_id is not None
    record(actor, EventTag.PERSON_CONFIRM, Subject("person", actor.person_id, actor.name), amr=" ".join(amr))
    return renew_session(actor, amr)
