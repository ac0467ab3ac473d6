"""Changing an organisation's name: at once while nothing of it is verified, else when the operator has confirmed it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.errors import NameChangePending, NameLetterMissing, SameName
from entitylocker.organisations.events import OrganisationRenamed
from entitylocker.organisations.identity_models import NameChange
from entitylocker.organisations.letters import Letter, StoredLetter, drop_letter, name_letter, store_letter
from entitylocker.organisations.models import Organisation
from entitylocker.organisations.registration import Standing, find_standing, get_own_person
from entitylocker.organisations.rights import lock_organisations
from entitylocker.organisations.states import NameChangeState
from entitylocker.tenancy import open_use_case, use_case


@use_case(Permission.ORGANISATION_MANAGE)
def get_name(actor: Actor) -> Standing:
    """The organisation's name, and whether the operator has to confirm another one."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    assert actor.organisation_id is not None
    standing = find_standing(actor.organisation_id)
    if standing is None:
        raise NotFound
    return standing


@open_use_case("the letter is stored with no transaction open; what it calls asks for the permission, before and after")
def change_name(actor: Actor, *, name: str, reason: str, letter: Letter | None = None) -> bool:
    """Give the actor's organisation another name; answers whether it has it already, or the operator must confirm it.

    Raises SameName, NameChangePending, NameLetterMissing (a verified organisation), LetterNotPdf, LetterTooLarge.
    """
    _admit(actor, name, has_letter=letter is not None)
    change_id = uuid7()
    stored = store_letter(change_id, letter) if letter is not None else None
    try:
        return _ask(actor, change_id, name, reason, stored)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        drop_letter(stored)
        raise


@use_case(Permission.ORGANISATION_MANAGE)
def _admit(actor: Actor, name: str, *, has_letter: bool) -> None:
    """Refuse what cannot be, before any byte is stored."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    _check(actor, name, has_letter=has_letter)


def _check(actor: Actor, name: str, *, has_letter: bool) -> bool:
    """Whether the operator has to confirm the change; the organisation stays locked until the commit."""
    assert actor.organisation_id is not None
    lock_organisations(actor.organisation_id)
    standing = find_standing(actor.organisation_id)
    if standing is None:
        raise NotFound
    if standing.name == name:
        raise SameName(field="name")
    if find_pending(actor.organisation_id) is not None:
        raise NameChangePending(field="name")
    if standing.verified and not has_letter:
        raise NameLetterMissing(field="letter")
    return standing.verified


@use_case(Permission.ORGANISATION_MANAGE)
def _ask(actor: Actor, change_id: UUID, name: str, reason: str, letter: StoredLetter | None) -> bool:
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    waits = _check(actor, name, has_letter=letter is not None)
    row = _put(actor, change_id, name, reason, letter, waits=waits)
    if waits:
        subject = Subject("organisation", actor.organisation_id, name)
        record(actor, EventTag.NAME_CHANGE_ASK, subject, reason=reason, letter=row.letter_sha256)
        return False
    # The role of the application writes no names; this function does, for who is not verified under another.
    if not db.session.scalar(text("SELECT claim_own_name(:name)"), {"name": name}):
        raise NotFound
    tell_renamed(actor, row)
    return True


def _put(
    actor: Actor, change_id: UUID, name: str, reason: str, letter: StoredLetter | None, *, waits: bool
) -> NameChange:
    person = get_own_person(actor)
    old_name = db.session.scalar(select(Organisation.name).where(Organisation.id == actor.organisation_id))
    row = NameChange(
        id=change_id,
        organisation_id=actor.organisation_id,
        old_name=old_name,
        new_name=name,
        reason=reason,
        state=(NameChangeState.PENDING if waits else NameChangeState.DONE).value,
        asked_by_name=person.name,
        asked_by_email=person.email,
        decided_at=None if waits else utc_now(),
        decided_by_name=None if waits else actor.name,
    )
    name_letter(row, letter)
    db.session.add(row)
    try:
        tenancy.flush()
    except IntegrityError as fault:
        raise NameChangePending(field="name") from fault
    return row


def tell_renamed(actor: Actor, row: NameChange) -> None:
    """Record that an organisation has its new name, and publish it; in the transaction in which it got it."""
    record(
        actor, EventTag.ORGANISATION_RENAME, Subject("organisation", row.organisation_id, row.new_name),
        organisation_id=row.organisation_id, before=row.old_name, reason=row.reason,
    )  # fmt: skip
    tenancy.publish(OrganisationRenamed(actor, row.organisation_id, row.old_name, row.new_name))


def on_organisation_renamed(happening: OrganisationRenamed) -> None:
    """Reaction: where the name stands beside others' rows, it is the new one; records of what was agreed keep the old.

    Which places these are says the function of the database.
    """
    db.session.execute(text("SELECT claim_names_follow(:place)"), {"place": happening.organisation_id})


@use_case(Permission.ORGANISATION_MANAGE)
def withdraw_name_change(actor: Actor) -> None:
    """Withdraw the change of name that waits for the operator. Raises NotFound if none does any more."""
    require(actor, Permission.ORGANISATION_MANAGE, actor.facts)
    assert actor.organisation_id is not None
    lock_organisations(actor.organisation_id)
    row = find_pending(actor.organisation_id, lock=True)
    if row is None:
        raise NotFound
    row.state, row.decided_at, row.decided_by_name = NameChangeState.WITHDRAWN.value, utc_now(), actor.name
    record(actor, EventTag.NAME_CHANGE_WITHDRAW, Subject("organisation", actor.organisation_id, row.new_name))


def find_pending(organisation_id: UUID, *, lock: bool = False) -> NameChange | None:
    """The change of name that waits for the operator, in a running transaction."""
    query = select(NameChange).where(
        NameChange.organisation_id == organisation_id, NameChange.state == NameChangeState.PENDING.value
    )
    return db.session.scalar(query.with_for_update() if lock else query)


def list_name_changes(organisation_id: UUID) -> list[NameChange]:
    """All changes of name, newest first, in a running transaction."""
    query = select(NameChange).where(NameChange.organisation_id == organisation_id)
    return list(db.session.scalars(query.order_by(NameChange.id.desc())))
