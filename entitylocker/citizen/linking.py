"""Use cases of links: begun, made when the browser comes back, listed, ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.epochs import void_proofs
from entitylocker.accounts.events import AccountRecovered
from entitylocker.accounts.people import as_actor, on_own_account
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen.adapters import Identity, Tokens, TokensRefused
from entitylocker.citizen.aftermath import RENAMED, after_unlinking
from entitylocker.citizen.errors import (
    AlreadyLinked,
    AnotherBirth,
    IdentityMismatch,
    IdentityTaken,
    VisitEndedWithout,
    VisitNotKnown,
)
from entitylocker.citizen.lockers import LockerEntry, adapter_of, get_locker, list_lockers
from entitylocker.citizen.models import CitizenLink, CitizenProof
from entitylocker.citizen.revoking import give_back, queue_revocation
from entitylocker.citizen.rules import same_name
from entitylocker.citizen.sealing import KeptTokens, Sealed, seal
from entitylocker.citizen.states import Purpose
from entitylocker.citizen.visits import Departure, Visit, depart
from entitylocker.citizen.ways_in import is_only_way_in, tell_linked, tell_renamed, tell_unlinked
from entitylocker.errors import LockerError, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.tenancy import open_use_case, use_case


@dataclass(frozen=True)
class LinkView:
    """A link as its person sees it. `same_name`: whether the account has the proved name.

    `only_way_in`: the account has neither password nor passkey nor another link.
    """

    id: UUID
    locker_key: str
    locker_name: str
    name: str
    born_on: object
    proved_at: datetime
    scopes: str
    consent_valid_till: datetime | None
    same_name: bool
    broken: bool
    only_way_in: bool


@use_case(Permission.ACCOUNT_OWN, fresh=True)
def begin_link(actor: Actor, locker_key: str) -> Departure:
    """Set out to a citizen locker, to link it with the actor's account. Raises NotFound, StepUpRequired."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    entry = get_locker(locker_key)
    return depart(entry, Purpose.LINK, person_id=actor.person_id, session_id=actor.session_id)


@open_use_case("speaks to the citizen locker while no transaction is open; what it calls asks for the permission")
def finish_link(actor: Actor, entry: LockerEntry, visit: Visit, code: str) -> LinkView:
    """Link the identity that `code` stands for with the account that began the visit, in the session that did.

    Raises VisitNotKnown, VisitEndedWithout, IdentityMismatch, AnotherBirth, IdentityTaken, AlreadyLinked,
    LockerUnavailable.
    """
    if visit.purpose is not Purpose.LINK or (visit.person_id, visit.session_id) != (actor.person_id, actor.session_id):
        raise VisitNotKnown
    tokens, identity = prove(entry, code, visit.verifier)
    try:
        return _record_link(on_own_account(actor), entry, tokens, identity)
    except LockerError:
        give_back(entry, tokens)
        raise


def prove(entry: LockerEntry, code: str, verifier: str) -> tuple[Tokens, Identity]:
    """Tokens for a code, and whose they are: both answers of the locker must name the same person.

    No transaction may be open. Raises VisitEndedWithout, IdentityMismatch, LockerUnavailable.
    """
    adapter = adapter_of(entry)
    try:
        tokens = adapter.exchange(code, verifier)
        identity = adapter.identity(tokens.access_token)
    except TokensRefused:
        raise VisitEndedWithout from None
    if tokens.identity is None or tokens.identity.subject != identity.subject:
        give_back(entry, tokens)
        raise IdentityMismatch
    return tokens, identity


@use_case(Permission.ACCOUNT_OWN)
def _record_link(actor: Actor, entry: LockerEntry, tokens: Tokens, identity: Identity) -> LinkView:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    link = _find_link_at(actor, entry.key)
    if link is not None and (link.issuer, link.subject) != (entry.said_by, identity.subject):
        raise AlreadyLinked
    before = None if link is None else link.name
    if link is None:
        link = CitizenLink(
            id=uuid7(), created_at=utc_now(), person_id=actor.person_id, locker_key=entry.key,
            issuer=entry.said_by, subject=identity.subject,
        )  # fmt: skip
    else:
        _refuse_another_birth(link, identity)
        queue_revocation(entry.key, Sealed(link.wrapped_key, link.sealed_tokens), link.id)
    _write_identity(link, tokens, identity)
    keep_tokens(link, tokens)
    _put(link)
    _end_contradicted(link)
    subject = Subject("citizen_link", link.id, entry.name)
    same, renamed = same_name(actor.name, link.name), before is not None and not _is_as_before(before, link.name)
    record(actor, EventTag.CITIZEN_LINK, subject, locker=entry.key, same_name=same, renamed=renamed)
    if before is None:
        tell_linked(link, entry.name)
    elif renamed:
        _hide_shown(link)
        tell_renamed(link, entry.name)
    return _view(actor, link)


def _refuse_another_birth(link: CitizenLink, identity: Identity) -> None:
    """The name of the same account over there may change, a day of birth does not. Raises AnotherBirth.

    The reference key says nothing: it is another one each time.
    """
    if None not in (link.born_on, identity.born_on) and link.born_on != identity.born_on:
        raise AnotherBirth


def _is_as_before(before: str, now: str) -> bool:
    return before == now or same_name(before, now)


def _hide_shown(link: CitizenLink) -> None:
    """Show nobody what a link proved until now, in the running transaction of its person; jobs tell the trails."""
    hidden = db.session.execute(text("SELECT * FROM claim_back_shown_proofs(:source)"), {"source": link.id}).all()
    for row in hidden:
        after_unlinking(RENAMED, row.organisation_id, row.thing_id)


def _write_identity(link: CitizenLink, tokens: Tokens, identity: Identity) -> None:
    link.name, link.reference_key = identity.name, identity.reference_key
    # A locker that leaves it out this time takes nothing back: else any other day could follow.
    link.born_on = identity.born_on or link.born_on
    link.proved_at = utc_now()
    link.scopes, link.consent_valid_till = tokens.scopes, tokens.consent_valid_till


def keep_tokens(link: CitizenLink, tokens: Tokens, before: KeptTokens | None = None) -> None:
    """Seal tokens into the link's row: it is whole again, and the turn of whoever refreshes the old ones ends.

    A locker that sends no new refresh token means the old one to go on.
    """
    refresh_token = tokens.refresh_token or (before.refresh_token if before else None)
    sealed = seal(link.id, KeptTokens(tokens.access_token, refresh_token))
    link.wrapped_key, link.sealed_tokens = sealed.wrapped_key, sealed.sealed_tokens
    link.tokens_expire_at = tokens.expires_at
    link.refresh_id, link.refreshing_until, link.broken_at = None, None, None


def _put(link: CitizenLink) -> None:
    """Write the row; the database knows whether the identity belongs to somebody else, nobody here does."""
    try:
        with db.session.begin_nested():
            db.session.add(link)
            tenancy.flush()
    except IntegrityError:
        raise IdentityTaken from None


def _end_contradicted(link: CitizenLink) -> None:
    """Show offline e-KYC files of another day of birth than the link proves to nobody any longer."""
    found = select(CitizenProof.id).where(
        CitizenProof.person_id == link.person_id,
        CitizenProof.born_on.is_not(None),
        CitizenProof.born_on != link.born_on,
    )
    for proof_id in list(db.session.scalars(found)):
        end_source(proof_id)


def _find_link_at(actor: Actor, locker_key: str) -> CitizenLink | None:
    found = select(CitizenLink).where(CitizenLink.person_id == actor.person_id, CitizenLink.locker_key == locker_key)
    return db.session.scalars(found.with_for_update()).one_or_none()


def locked_link(actor: Actor, link_id: UUID, *, read: bool = False) -> CitizenLink:
    """The actor's own link, locked until the commit. Raises NotFound."""
    found = (
        select(CitizenLink)
        .where(CitizenLink.person_id == actor.person_id, CitizenLink.id == link_id)
        .with_for_update(read=read)
        .execution_options(populate_existing=True)
    )
    link = db.session.scalars(found).one_or_none()
    if link is None:
        raise NotFound
    return link


@use_case(Permission.ACCOUNT_OWN)
def list_links(actor: Actor) -> list[LinkView]:
    """The actor's links, the oldest first."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(CitizenLink).where(CitizenLink.person_id == actor.person_id).order_by(CitizenLink.id)
    return [_view(actor, link) for link in db.session.scalars(found)]


@use_case(Permission.ACCOUNT_OWN)
def get_link(actor: Actor, link_id: UUID) -> LinkView:
    """One of the actor's links. Raises NotFound."""
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    found = select(CitizenLink).where(CitizenLink.person_id == actor.person_id, CitizenLink.id == link_id)
    link = db.session.scalars(found).one_or_none()
    if link is None:
        raise NotFound
    return _view(actor, link)


@open_use_case("what it calls asks for the permission")
def end_link(actor: Actor, link_id: UUID) -> None:
    """End a link: our tokens go at once, with everything lent and shown through it, in every organisation.

    The citizen locker is told by a job. Raises NotFound.
    """
    _end_link(on_own_account(actor), link_id)


@use_case(Permission.ACCOUNT_OWN)
def _end_link(actor: Actor, link_id: UUID) -> None:
    require(actor, Permission.ACCOUNT_OWN, actor.facts)
    assert actor.person_id is not None
    void_proofs(actor.person_id)
    _remove(actor, locked_link(actor, link_id))


def on_account_recovered(event: AccountRecovered) -> None:
    """Reaction: what somebody else may have linked to an account is linked no longer."""
    actor = tenancy.current().actor or as_actor(event.person_id, "")
    found = select(CitizenLink).where(CitizenLink.person_id == event.person_id, CitizenLink.created_at >= event.since)
    for link in list(db.session.scalars(found.order_by(CitizenLink.id).with_for_update())):
        _remove(actor, link)


def _remove(actor: Actor, link: CitizenLink) -> None:
    """Remove a locked link in the running transaction of its person."""
    end_source(link.id)
    queue_revocation(link.locker_key, Sealed(link.wrapped_key, link.sealed_tokens), link.id)
    name = locker_name(link.locker_key)
    tell_unlinked(link, name)
    db.session.execute(delete(CitizenLink).where(CitizenLink.person_id == link.person_id, CitizenLink.id == link.id))
    record(actor, EventTag.CITIZEN_UNLINK, Subject("citizen_link", link.id, name), locker=link.locker_key)


def end_source(source_id: UUID) -> None:
    """End what rests on a link or proof of the running transaction's person, wherever it is; jobs do the rest."""
    ended = db.session.execute(text("SELECT * FROM claim_back_citizen_source(:source)"), {"source": source_id}).all()
    for row in ended:
        after_unlinking(row.kind, row.organisation_id, row.thing_id)


def locker_name(locker_key: str) -> str:
    """What a locker is called; its key if it is set up no longer."""
    return next((entry.name for entry in list_lockers() if entry.key == locker_key), locker_key)


def _view(actor: Actor, link: CitizenLink) -> LinkView:
    return LinkView(
        id=link.id,
        locker_key=link.locker_key,
        locker_name=locker_name(link.locker_key),
        name=link.name,
        born_on=link.born_on,
        proved_at=link.proved_at,
        scopes=link.scopes,
        consent_valid_till=link.consent_valid_till,
        same_name=same_name(actor.name, link.name),
        broken=link.broken_at is not None or _is_over(link.consent_valid_till),
        only_way_in=is_only_way_in(link),
    )


def _is_over(until: datetime | None) -> bool:
    return until is not None and until <= utc_now()
