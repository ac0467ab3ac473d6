"""Changing the address one signs in with: confirmed at the new one, to be undone from the old one for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.epochs import lock_person
from entitylocker.accounts.errors import AddressLinkEnded, SameAddress, UndoLinkEnded
from entitylocker.accounts.events import AccountRecovered, AddressChanged
from entitylocker.accounts.factors import remove_factors_since
from entitylocker.accounts.models import AddressChange, Operator, Person
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.open_links import end_address_changes, end_resets
from entitylocker.accounts.people import (
    as_actor,
    find_holder_id,
    find_person,
    get_person,
    on_own_account,
    tenant_of_person,
)
from entitylocker.accounts.resets import end_all_sessions
from entitylocker.accounts.rules import normalise_email
from entitylocker.accounts.tokens import digest_of, new_token
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.notifications.service import send_mail
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case, use_case
from entitylocker.web.links import link_to

CONFIRM_LIFETIME = timedelta(hours=24)
UNDO_LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class WaitingChange:
    """What a link is about."""

    old_email: str
    new_email: str


@open_use_case("what it calls asks for the permission")
def ask_address(actor: Actor, email: str) -> None:
    """Mail a link to the new address; an earlier one ends.

    Whether somebody else has that address is told to its owner only: everything looks the same from here. Raises
    StepUpRequired, SameAddress.
    """
    _ask(on_own_account(actor), email)


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def _ask(actor: Actor, email: str) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    person = get_person(actor)
    if email == person.email:
        raise SameAddress(field="email")
    holder = find_holder_id(email)
    end_address_changes(actor, person.id, why="replaced")
    token, digest = new_token()
    row = AddressChange(
        id=uuid7(),
        person_id=person.id,
        token_digest=digest,
        old_email=person.email,
        old_normalised=person.email_normalised,
        new_email=email,
        expires_at=utc_now() + CONFIRM_LIFETIME,
    )
    db.session.add(row)
    record(actor, EventTag.PERSON_ADDRESS_ASK, Subject("person", person.id, person.name))
    if holder in (None, person.id):
        _send_link(email, token, person.language)
    else:
        _tell_holder(email)


def _send_link(email: str, token: str, language: str | None) -> None:
    send_mail(
        to=email,
        subject=lazy_gettext("Confirm your new e-mail address"),
        template="mail/confirm_new_address",
        language=language,
        link=link_to("accounts.confirm_address", token=token),
        hours=int(CONFIRM_LIFETIME.total_seconds()) // 3600,
    )


def _tell_holder(email: str) -> None:
    """The change that waits can never be confirmed: nobody has its link."""
    send_mail(
        to=email,
        subject=lazy_gettext("You have an account already"),
        template="mail/address_in_use",
        link=link_to("accounts.sign_in"),
    )


@use_case(Permission.ACCOUNT_OWN)
def get_waiting_change(actor: Actor, token: str) -> WaitingChange:
    """What a link is about, to the person who asked for it; looking uses nothing up. Raises AddressLinkEnded."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    row = db.session.execute(text("SELECT * FROM lookup_address_change(:digest)"), {"digest": digest_of(token)}).first()
    if row is None:
        raise AddressLinkEnded
    return WaitingChange(row.old_email, row.new_email)


@open_use_case("what it calls asks for the permission")
def confirm_address(actor: Actor, token: str) -> None:
    """Take over the new address, which the link shows to be the person's; tell the old one.

    It takes both, the link and the account that asked: who follows a strange link gives nothing away. Raises
    AddressLinkEnded, also if somebody else has the address by now.
    """
    try:
        _confirm(on_own_account(actor), token)
    except IntegrityError:
        raise AddressLinkEnded from None


@use_case(Permission.ACCOUNT_OWN)
def _confirm(actor: Actor, token: str) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    lock_person(actor.person_id)
    undo_token, undo_digest = new_token()
    found = {"digest": digest_of(token), "undo": undo_digest, "seconds": int(UNDO_LIFETIME.total_seconds())}
    row = db.session.execute(text("SELECT * FROM claim_address_change(:digest, :undo, :seconds)"), found).first()
    person = get_person(actor)
    if row is None or find_holder_id(row.new_email) not in (None, person.id):
        raise AddressLinkEnded
    _set_address(person.id, row.new_email)
    record(actor, EventTag.PERSON_ADDRESS_CHANGE, Subject("person", person.id, person.name))
    end_resets(actor, person.id, why="address_changed")
    _tell_old(person, row.old_email, row.new_email, undo_token)
    tell_person(person.id, "address_changed")
    _follow(person.id)


def _set_address(person_id: UUID, email: str) -> None:
    values = {"email": email, "email_normalised": normalise_email(email)}
    db.session.execute(update(Person).where(Person.id == person_id).values(**values))


def _tell_old(person: Person, old_email: str, new_email: str, undo_token: str) -> None:
    send_mail(
        to=old_email,
        subject=lazy_gettext("Your e-mail address was changed"),
        template="mail/address_changed",
        language=person.language,
        person=person.name,
        new_email=new_email,
        link=link_to("accounts.undo_address", token=undo_token),
        days=UNDO_LIFETIME.days,
    )


@open_use_case("the link went to the old address and is the proof")
def get_undo(token: str) -> WaitingChange:
    """What a link would undo; looking uses nothing up. Raises UndoLinkEnded."""
    row = _find_undo(token)
    return WaitingChange(row.old_email, row.new_email)


def _find_undo(token: str) -> Any:
    with tenancy.transaction(Tenant()):
        row = db.session.execute(
            text("SELECT * FROM lookup_address_undo(:digest)"), {"digest": digest_of(token)}
        ).first()
    if row is None:
        raise UndoLinkEnded
    return row


@open_use_case("the link went to the old address and is the proof")
def undo_address(token: str) -> None:
    """Give the account back to the old address: it was not its owner who changed it.

    Later changes go, too, every session ends, and the password, which somebody else may know, is removed: a new one is
    set through a link in a mail. What was added to sign in with since a day before goes as well. Raises UndoLinkEnded.
    """
    found = _find_undo(token)
    with tenancy.transaction(tenant_of_person(found.person_id)):
        lock_person(found.person_id)
        actor = as_actor(found.person_id, found.name)
        gone = db.session.execute(text("SELECT * FROM claim_address_undo(:digest)"), {"digest": digest_of(token)}).all()
        this = next((row for row in gone if row.this), None)
        if this is None:
            raise UndoLinkEnded
        _set_address(found.person_id, this.old_email)
        db.session.execute(update(Person).where(Person.id == found.person_id).values(password_hash=None))
        for row in gone:
            if not row.this:
                subject = Subject("address_change", row.id)
                record(actor, EventTag.PERSON_ADDRESS_END, subject, what="change", why="undone")
        record(actor, EventTag.PERSON_ADDRESS_UNDO, Subject("person", found.person_id, found.name))
        end_resets(actor, found.person_id, why="address_undone")
        end_all_sessions(actor, found.person_id)
        since = _began(this.id)
        remove_factors_since(found.person_id, since)
        tenancy.publish(AccountRecovered(found.person_id, since))
        tell_person(found.person_id, "address_restored")
        _follow(found.person_id)


def _began(change_id: UUID) -> datetime:
    """When whoever asked for a change may have come in: a day before they asked (RFC 9562 section 5.7: its id says)."""
    return datetime.fromtimestamp((change_id.int >> 80) / 1000, UTC) - timedelta(days=1)


def _follow(person_id: UUID) -> None:
    """Copies of the address elsewhere follow."""
    tenancy.publish(AddressChanged(person_id))
    defer(follow_as_operator, person_id=str(person_id))


@task("accounts.follow_as_operator")
def follow_as_operator(person_id: str) -> None:
    """The list of operators has the address of each."""
    person = find_person(UUID(person_id))
    if person is None:
        return
    with tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
        db.session.execute(update(Operator).where(Operator.person_id == person.id).values(email=person.email))
