"""Giving, withdrawing and listing consents: the organisation's side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from entitylocker import tenancy
from entitylocker.access import Actor, Columns, Facts, Permission, decide, list_condition, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.consents.errors import NothingChosen, NotOffered
from entitylocker.consents.events import ConsentGiven, ConsentRevoked
from entitylocker.consents.models import Consent, ConsentItem
from entitylocker.consents.rights import widest_facts
from entitylocker.consents.rules import WhyNot, why_not
from entitylocker.consents.terms import AskedType, Choice, ConsentView, Terms
from entitylocker.consents.views import view_of
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.events import OrganisationClosed
from entitylocker.organisations.rights import lock_state
from entitylocker.tenancy import use_case
from entitylocker.trust.rules import NOT_PROVEN
from entitylocker.vault.listing import list_offerable
from entitylocker.vault.models import Document, DocumentType
from entitylocker.vault.views import Offer


@use_case(Permission.ORGANISATION_READ)
def list_choices(actor: Actor, terms: Terms) -> list[AskedType]:
    """The asked types in the portal's order, each with the organisation's documents and why one cannot be ticked.

    Shows only documents in folders for which the actor may give consent; empty for whoever may give none.
    """
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    offers = list_offerable(actor, list(terms.document_types))
    types = select(DocumentType).where(DocumentType.code.in_(terms.document_types))
    known = {found.code: found for found in db.session.scalars(types)}
    asked = []
    for code in terms.document_types:
        choices = tuple(_choice(actor, terms, offer) for offer in offers if offer.type_code == code)
        asked.append(AskedType(code, known[code].label_en, known[code].label_hi, choices))
    return asked


def _choice(actor: Actor, terms: Terms, offer: Offer) -> Choice:
    facts = Facts(actor.organisation_id, folder_path=offer.folder_path, document_id=offer.document_id)
    may_give = bool(decide(actor, Permission.CONSENT_GIVE, facts))
    return Choice(
        document_id=offer.document_id,
        title=offer.title,
        number=offer.number,
        issued_on=offer.issued_on,
        expires_on=offer.expires_on,
        verdict=offer.verdict,
        folder_path=offer.folder_path,
        why_not=_why_not(offer, terms, may_give),
    )


def _why_not(offer: Offer, terms: Terms, may_give: bool) -> WhyNot | None:
    return why_not(offer.verdict, terms.least_verdict, may_give, kept_back=offer.why_not == NOT_PROVEN)


@use_case(Permission.CONSENT_GIVE)
def give_consent(actor: Actor, consent_id: UUID, terms: Terms, document_ids: Iterable[UUID]) -> ConsentView:
    """Give `terms` for exactly these documents. What was asked and what was given both go into the trail.

    Raises NothingChosen, NotOffered, and PermissionDenied for a document in a folder where the actor may not consent
    or while the organisation is not verified.
    """
    chosen = set(document_ids)
    if not chosen:
        require(actor, Permission.CONSENT_GIVE, widest_facts(actor, Permission.CONSENT_GIVE))
        raise NothingChosen(field="documents")
    offers = {offer.document_id: offer for offer in list_offerable(actor, list(terms.document_types))}
    consent = _new_consent(actor, consent_id, terms)
    for document_id in sorted(chosen):
        offer = offers.get(document_id)
        path = offer.folder_path if offer is not None else None
        require(actor, Permission.CONSENT_GIVE, Facts(actor.organisation_id, folder_path=path))
        if offer is None or _why_not(offer, terms, True) is not None:
            raise NotOffered(field="documents")
        consent.items.append(_new_item(consent, offer))
    db.session.add(consent)
    db.session.flush()
    _record_given(actor, consent, terms)
    tenancy.publish(ConsentGiven(actor, consent.id, consent.organisation_id))
    return view_of(consent)


def _new_consent(actor: Actor, consent_id: UUID, terms: Terms) -> Consent:
    return Consent(
        id=consent_id,
        created_at=utc_now(),
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        portal_organisation_id=terms.portal_organisation_id,
        portal_id=terms.portal_id,
        portal_name=terms.portal_name,
        portal_homepage=terms.portal_homepage,
        keeper_name=terms.keeper_name,
        given_by_membership_id=actor.membership_id,
        given_by_name=actor.name,
        given_by_role=_role_for_consent(actor),
        document_types=list(terms.document_types),
        purpose_code=terms.purpose_code,
        purpose_text=terms.purpose_text,
        until=terms.until,
        ends_at=terms.ends_at,
        fetch_times=terms.fetch_times,
        retention_days=terms.retention_days,
        least_verdict=terms.least_verdict.value if terms.least_verdict is not None else None,
        revoked_by_name="",
        items=[],
    )


def _role_for_consent(actor: Actor) -> str:
    """The role by which the actor consents: the first of its grants that allows it."""
    roles = [g.role for g in actor.grants if g.role is not None and Permission.CONSENT_GIVE in g.permissions]
    return roles[0].value if roles else ""


def _new_item(consent: Consent, offer: Offer) -> ConsentItem:
    return ConsentItem(
        organisation_id=consent.organisation_id,
        portal_organisation_id=consent.portal_organisation_id,
        consent_id=consent.id,
        document_id=offer.document_id,
        document_type=offer.type_code,
        title=offer.title,
        verdict=offer.verdict.value,
        fetches=0,
    )


def _record_given(actor: Actor, consent: Consent, terms: Terms) -> None:
    record(
        actor,
        EventTag.CONSENT_GIVE,
        Subject("consent", consent.id, consent.portal_name),
        client_id=terms.client_id,
        documents=[{"id": str(item.document_id), "title": item.title} for item in consent.items],
        purpose=consent.purpose_text,
        until=consent.until,
        fetch_times=consent.fetch_times,
        retention_days=consent.retention_days,
        role=consent.given_by_role,
    )


@use_case(Permission.CONSENT_REVOKE)
def revoke_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """Withdraw a consent; the portal's next read is refused. Withdrawing it again changes nothing. Raises NotFound."""
    assert actor.organisation_id is not None
    lock_state(actor.organisation_id)
    found = select(Consent).where(Consent.organisation_id == actor.organisation_id, Consent.id == consent_id)
    consent = db.session.scalar(found.options(selectinload(Consent.items)).with_for_update())
    if consent is None:
        require(actor, Permission.CONSENT_LIST, actor.facts)
        raise NotFound
    require(actor, Permission.CONSENT_REVOKE, _facts_for(actor, Permission.CONSENT_REVOKE, consent))
    if consent.revoked_at is None:
        _end(actor, consent)
    return view_of(consent)


def _end(actor: Actor, consent: Consent, **because: Any) -> None:
    consent.revoked_at, consent.revoked_by_name = utc_now(), actor.name
    db.session.flush()
    record(actor, EventTag.CONSENT_REVOKE, Subject("consent", consent.id, consent.portal_name), **because)
    tenancy.publish(ConsentRevoked(actor, consent.id, consent.organisation_id))


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: every consent of an organisation that is closed ends, and with it the tokens that stand on it."""
    open_ones = select(Consent).where(
        Consent.organisation_id == event.organisation_id, Consent.revoked_at.is_(None), Consent.ends_at > utc_now()
    )
    for consent in db.session.scalars(open_ones.order_by(Consent.id).with_for_update()):
        _end(event.actor, consent, because="closed")


def _facts_for(actor: Actor, permission: Permission, consent: Consent) -> Facts:
    """The facts by which the actor may act on a consent: a role for the folder of one of its documents is enough."""
    ids = [item.document_id for item in consent.items]
    mine = select(Document.folder_path).where(Document.organisation_id == actor.organisation_id, Document.id.in_(ids))
    for path in db.session.scalars(mine):
        facts = Facts(actor.organisation_id, folder_path=path)
        if decide(actor, permission, facts):
            return facts
    return actor.facts


@use_case(Permission.CONSENT_LIST)
def list_consents(actor: Actor) -> list[ConsentView]:
    """The organisation's consents, newest first; whoever holds a role for some folders sees those that touch them."""
    if not any(Permission.CONSENT_LIST in grant.permissions for grant in actor.grants):
        require(actor, Permission.CONSENT_LIST, actor.facts)
    query = select(Consent).where(Consent.organisation_id == actor.organisation_id, _seen_by(actor))
    query = query.options(selectinload(Consent.items)).order_by(Consent.id.desc())
    return [view_of(consent) for consent in db.session.scalars(query)]


@use_case(Permission.ORGANISATION_READ)
def has_consent(actor: Actor) -> bool:
    """Whether the organisation ever gave a consent."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    given = select(Consent.id).where(Consent.organisation_id == actor.organisation_id)
    return db.session.scalars(given.limit(1)).one_or_none() is not None


@use_case(Permission.CONSENT_LIST)
def get_consent(actor: Actor, consent_id: UUID) -> ConsentView:
    """One consent of the organisation. Raises NotFound."""
    query = select(Consent).where(
        Consent.organisation_id == actor.organisation_id, Consent.id == consent_id, _seen_by(actor)
    )
    consent = db.session.scalar(query.options(selectinload(Consent.items)))
    if consent is None:
        require(actor, Permission.CONSENT_LIST, actor.facts)
        raise NotFound
    return view_of(consent)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    columns = Columns(Document.organisation_id, folder_path=Document.folder_path)
    return (
        select(ConsentItem.id)
        .join(
            Document,
            (Document.organisation_id == ConsentItem.organisation_id) & (Document.id == ConsentItem.document_id),
        )
        .where(ConsentItem.organisation_id == Consent.organisation_id, ConsentItem.consent_id == Consent.id)
        .where(list_condition(actor, Permission.CONSENT_LIST, columns))
        .exists()
    )
