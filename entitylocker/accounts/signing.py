"""Signing up, in and out. Whether an address is known here can be read from no answer and no delay."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import select, text, update
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import ANONYMOUS, Actor
from entitylocker.accounts.epochs import hold_epoch, read_epoch
from entitylocker.accounts.errors import (
    AddressTaken,
    LinkEnded,
    ProofVoid,
    SecondStepRequired,
    SignInFailed,
    WrongPassword,
)
from entitylocker.accounts.factors import find_factors
from entitylocker.accounts.methods import PASSWORD, is_strong
from entitylocker.accounts.models import Person, SignUp
from entitylocker.accounts.passwords import check_new_password, hash_password, needs_rehash, verify_password
from entitylocker.accounts.people import (
    as_actor,
    find_holder_id,
    find_person,
    find_person_id,
    put_person,
    tenant_of_person,
)
from entitylocker.accounts.rules import mask_email
from entitylocker.accounts.sessions import Visit, end_session, open_session
from entitylocker.accounts.tickets import issue_ticket
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record, record_counted
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.tenancy import Tenant, open_use_case
from entitylocker.web.links import link_to

LINK_LIFETIME = timedelta(days=2)


@open_use_case("whoever signs up is nobody yet")
def sign_up(*, name: str, email: str, password: str, language: str | None = None) -> None:
    """Send a link to `email` that opens the account, or tell its owner that there is one already.

    Both look the same from outside and take as long. Raises UnfitPassword.
    """
    check_new_password(password, name=name, email=email)
    password_hash = hash_password(password)
    token, digest = new_token()
    with tenancy.transaction(Tenant()):
        db.session.execute(text("SELECT sweep_sign_ups()"))
        if find_holder_id(email) is not None:
            _tell_owner(email)
            return
        sign_up = SignUp(
            id=uuid7(),
            token_digest=digest,
            name=name,
            email=email,
            password_hash=password_hash,
            language=language,
            expires_at=utc_now() + LINK_LIFETIME,
        )
        db.session.add(sign_up)
        _send_link(email, token)


def _send_link(email: str, token: str) -> None:
    link = link_to("accounts.confirm", token=token)
    subject = lazy_gettext("Confirm your e-mail address")
    send_mail(to=email, subject=subject, template="mail/confirm_address", link=link, days=LINK_LIFETIME.days)


def _tell_owner(email: str) -> None:
    link = link_to("accounts.sign_in")
    subject = lazy_gettext("You have an account already")
    send_mail(to=email, subject=subject, template="mail/known_address", link=link)


@open_use_case("the link is the proof")
def get_sign_up_email(token: str) -> str:
    """The address that the link of a confirmation mail is about. Raises LinkEnded."""
    return str(_get_sign_up(token).email)


@open_use_case("the link and the password together are the proof")
def confirm_sign_up(token: str, password: str, visit: Visit) -> str:
    """Open the account that a confirmation mail is about and sign in; returns the token of the session.

    The password chosen at sign-up is asked again: who signed up with somebody else's address does not get an
    account when the owner of the address follows the link. Raises LinkEnded, WrongPassword.
    """
    waiting = _get_sign_up(token)
    if not verify_password(waiting.password_hash, password):
        raise WrongPassword(field="password")
    person_id = uuid7()
    try:
        with tenancy.transaction(tenant_of_person(person_id)):
            claim = db.session.execute(text("SELECT * FROM claim_sign_up(:digest)"), {"digest": digest_of(token)})
            claimed = claim.mappings().first()
            if claimed is None:
                raise LinkEnded
            put_person(person_id, **claimed)
            return open_session(person_id, visit)
    except AddressTaken:
        raise LinkEnded from None


def _get_sign_up(token: str) -> Any:
    with tenancy.transaction(Tenant()):
        found = db.session.execute(text("SELECT * FROM lookup_sign_up(:digest)"), {"digest": digest_of(token)}).first()
    if found is None:
        raise LinkEnded
    return found


@open_use_case("whoever signs in is nobody yet")
def sign_in(email: str, password: str, visit: Visit) -> str:
    """Open a session and return its token. Raises SignInFailed, whatever was wrong, and what `open_for` raises."""
    with tenancy.transaction(Tenant()):
        person_id = find_person_id(email)
    person = find_person(person_id or uuid7())
    fits = verify_password(person.password_hash if person else None, password)
    if person is None or not fits:
        record_counted(ANONYMOUS, EventTag.PERSON_SIGN_IN_REFUSED, Subject("person", name=mask_email(email)))
        raise SignInFailed
    if needs_rehash(str(person.password_hash)):
        _renew_hash(person, hash_password(password))
    try:
        return open_for(person.id, visit, PASSWORD, epoch=person.sign_in_epoch)
    except ProofVoid:
        # The password that fitted a moment ago is none any more.
        raise SignInFailed from None


def _renew_hash(person: Person, fresh: str) -> None:
    """Unless the password was changed in the meantime."""
    known = (Person.id == person.id, Person.password_hash == person.password_hash)
    with tenancy.transaction(tenant_of_person(person.id)):
        db.session.execute(update(Person).where(*known).values(password_hash=fresh))


@open_use_case("the caller has proved who the person is")
def open_for(
    person_id: UUID, visit: Visit, amr: tuple[str, ...], *, limited_to: UUID | None = None, epoch: int | None = None
) -> str:
    """Open a session for a person whom the caller knows by `amr` (RFC 8176), and return its token.

    Every way of signing in ends here. Who has a second factor and did not prove two (`mfa` in `amr`) gets no session:
    SecondStepRequired is raised, and the map of errors sends the browser to the second step. To be called outside any
    transaction. `limited_to`: the only organisation that the session counts for. `epoch`: what `read_epoch` answered
    before the proof was looked at. Raises NotFound for nobody, ProofVoid if the account was secured in the meantime.
    """
    noted = read_epoch(person_id) if epoch is None else epoch
    if not is_strong(amr) and find_factors(person_id).any:
        raise SecondStepRequired(issue_ticket(person_id, amr, limited_to, epoch=noted))
    return open_proved(person_id, visit, amr, limited_to, epoch=noted)


def open_proved(
    person_id: UUID,
    visit: Visit,
    amr: tuple[str, ...],
    limited_to: UUID | None = None,
    *,
    epoch: int | None = None,
    provider_id: UUID | None = None,
) -> str:
    """Open the session after the last step, with its event. Raises ProofVoid unless `epoch` is still the person's.

    `provider_id`: the provider of the organisation `limited_to` that vouched for them.
    """
    with tenancy.transaction(tenant_of_person(person_id)):
        hold_epoch(person_id, epoch)
        person = db.session.scalar(select(Person).where(Person.id == person_id))
        if person is None:
            raise NotFound
        actor = as_actor(person.id, person.name)
        record(actor, EventTag.PERSON_SIGN_IN, Subject("person", person.id, person.name), amr=" ".join(amr))
        return open_session(person.id, visit, amr, limited_to=limited_to, provider_id=provider_id)


@open_use_case("a session may always be given back")
def sign_out(actor: Actor) -> None:
    """End the session of `actor`. One that ended already is fine."""
    if actor.session_id is None or actor.person_id is None:
        return
    with suppress(NotFound):
        end_session(actor, actor.session_id, EventTag.PERSON_SIGN_OUT)
