"""A verified department vouches for its unit with an order letter; withdrawn, it ends at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, OrganisationState, Permission, require
from entitylocker.accounts.models import Person
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import InvalidInput, LockerError, NotFound
from entitylocker.extensions import db
from entitylocker.identifiers import IdentifierKind, OrganisationKind, parse_identifier
from entitylocker.organisations.letters import Letter, StoredLetter, drop_letter, store_letter
from entitylocker.organisations.models import Organisation, StatedIdentifier
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.units.errors import (
    CodeNotFree,
    CodeOutside,
    CodeTooLong,
    VouchedAlready,
    VouchingForDepartments,
    VouchingNeedsVerified,
)
from entitylocker.units.rules import child_code, lies_below
from entitylocker.units.sweeping import sweep_below
from entitylocker.units.telling import tell
from entitylocker.units.tree import find_units
from entitylocker.units.views import Unit

_NUMBERS = 999
_VOUCH = text(
    "SELECT claim_vouching(:word, :child, :code, :who, :mail, :letter, :object, :size, :stored_size, :sha256,"
    " :wrapped_key, :owner_key)"
)
_REFUSALS: dict[str | None, type[LockerError]] = {
    "already": VouchedAlready,
    "not_verified": VouchingNeedsVerified,
    "no_department": VouchingForDepartments,
    "outside": CodeOutside,
}


@open_use_case("the letter is stored with no transaction open; what it calls asks for the permission, before and after")
def vouch_for(actor: Actor, child_id: UUID, letter: Letter, *, code: str | None = None) -> UUID:
    """Vouch for an own unit by an order letter: its department code is verified at once. Returns the identifier's id.

    Departments vouch for departments, with codes below their own: nobody else looks at it. `code` None: made of the
    parent's own and a number. Raises NotFound, VouchingNeedsVerified, VouchingForDepartments, VouchedAlready,
    InvalidIdentifier, CodeOutside, CodeNotFree, CodeTooLong, LetterNotPdf, LetterTooLarge.
    """
    unit, codes = _admit(actor, child_id, code)
    word = uuid7()
    stored = store_letter(word, letter)
    try:
        _vouch(actor, unit, word, codes, stored)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        drop_letter(stored)
        raise
    return word


@use_case(Permission.UNIT_ENTRUST)
def get_child_to_vouch(actor: Actor, child_id: UUID) -> Unit:
    """An own unit, for who may vouch for it. Raises NotFound."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    return _get_own_unit(child_id)


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def _admit(actor: Actor, child_id: UUID, code: str | None) -> tuple[Unit, list[str]]:
    """The unit and the codes to try; refuse what cannot be before any byte is stored."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    unit = _get_own_unit(child_id)
    own = _own_codes(actor)
    if not own or actor.organisation_state is not OrganisationState.ACTIVE:
        raise VouchingNeedsVerified(field="letter")
    if unit.kind is not OrganisationKind.GOVERNMENT_DEPARTMENT:
        raise VouchingForDepartments(field="letter")
    if unit.vouched:
        raise VouchedAlready(field="letter")
    return unit, _codes(own, code)


def _get_own_unit(child_id: UUID) -> Unit:
    unit = next((unit for unit in find_units() if unit.id == child_id and unit.depth == 1), None)
    if unit is None:
        raise NotFound
    return unit


def _own_codes(actor: Actor) -> list[str]:
    """The verified codes of the actor's organisation, if it is a department."""
    query = (
        select(StatedIdentifier.value)
        .join(Organisation, Organisation.id == StatedIdentifier.organisation_id)
        .where(
            StatedIdentifier.organisation_id == actor.organisation_id,
            StatedIdentifier.kind == IdentifierKind.DEPARTMENT.value,
            StatedIdentifier.state == IdentifierState.VERIFIED.value,
            Organisation.kind == OrganisationKind.GOVERNMENT_DEPARTMENT.value,
        )
    )
    return list(db.session.scalars(query.order_by(StatedIdentifier.id)))


def _codes(own: list[str], given: str | None) -> list[str]:
    if given is not None:
        code = _read(given)
        if not any(lies_below(code, stem) for stem in own):
            raise CodeOutside(field="code")
        return [code]
    begin = sum(unit.vouched for unit in find_units() if unit.depth == 1) + 1
    made = [child_code(own[0], number) for number in range(begin, _NUMBERS)]
    try:
        _read(made[0])
    except InvalidInput:
        raise CodeTooLong(field="code") from None
    return made


def _read(typed: str) -> str:
    try:
        return parse_identifier(IdentifierKind.DEPARTMENT, typed).value
    except LockerError as wrong:
        wrong.field = "code"
        raise


@use_case(Permission.UNIT_ENTRUST)
def _vouch(actor: Actor, unit: Unit, word: UUID, codes: list[str], letter: StoredLetter) -> None:
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    mail = db.session.scalar(select(Person.email).where(Person.id == actor.person_id)) or ""
    for code in codes:
        outcome = db.session.scalar(_VOUCH, _values(actor, unit, word, code, mail, letter))
        if outcome == "vouched":
            facts: dict[str, Any] = {"identifier": code, "letter": letter.stored.sha256}
            record(actor, EventTag.UNIT_VOUCH, Subject("organisation", unit.id, unit.name), **facts)
            subject = Subject("identifier", word, code)
            tell(unit.id, actor, EventTag.UNIT_VOUCH, subject, facts={"value": code}, letter=letter.stored.sha256)
            return
        if outcome != "taken":
            raise _REFUSALS.get(outcome, NotFound)(field="code" if outcome == "outside" else "letter")
    raise CodeNotFree(field="code")


def _values(actor: Actor, unit: Unit, word: UUID, code: str, mail: str, letter: StoredLetter) -> dict[str, object]:
    return {
        "word": word,
        "child": unit.id,
        "code": code,
        "who": actor.name,
        "mail": mail,
        "letter": letter.name,
        "object": letter.stored.key,
        "size": letter.stored.plaintext_size,
        "stored_size": letter.stored.ciphertext_size,
        "sha256": letter.stored.sha256,
        "wrapped_key": letter.stored.wrapped_key,
        "owner_key": letter.owner_key,
    }


@use_case(Permission.UNIT_ENTRUST, fresh=True)
def withdraw_vouching(actor: Actor, child_id: UUID) -> None:
    """Vouch no longer for a unit: what was verified by that expires now. Raises NotFound."""
    require(actor, Permission.UNIT_ENTRUST, actor.facts)
    end_vouching(actor, _get_own_unit(child_id))


def end_vouching(actor: Actor, unit: Unit, *, closed: bool = False) -> None:
    """End what the actor's organisation vouched for its unit, in the running transaction, and what rests on that.

    `closed`: because the actor's organisation is closed. Raises NotFound.
    """
    word: UUID | None = db.session.scalar(text("SELECT claim_vouching_end(:child)"), {"child": unit.id})
    if word is None:
        raise NotFound
    record(actor, EventTag.UNIT_WITHDRAW_VOUCHING, Subject("organisation", unit.id, unit.name))
    subject = Subject("identifier", word, actor.organisation_name)
    tell(unit.id, actor, EventTag.UNIT_WITHDRAW_VOUCHING, subject, facts={"vouched": True, "closed": closed})
    sweep_below(unit.id)
