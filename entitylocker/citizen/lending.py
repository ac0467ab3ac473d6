"""Use cases of lending: what can be lent, on which terms, and the lending itself.

Admit (short transaction), fetch and store (none), record (short transaction): all documents of one yes, or none.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from uuid import UUID

from flask_babel import gettext, lazy_gettext
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.citizen import rules
from entitylocker.citizen.adapters import IssuedDocument
from entitylocker.citizen.aftermath import check_later
from entitylocker.citizen.errors import NotAPdfDocument, NotLendable
from entitylocker.citizen.linking import locked_link, locker_name
from entitylocker.citizen.models import CitizenLink, Lending
from entitylocker.citizen.people import borrower, own_membership, towards
from entitylocker.citizen.tokens import ask_locker
from entitylocker.citizen.views import Offer, Terms, Wish
from entitylocker.errors import InvalidInput, LockerError
from entitylocker.extensions import db, utc_now
from entitylocker.notifications.service import send_mail
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.models import Membership
from entitylocker.signatures.verdicts import Verdict
from entitylocker.storage.documents import StoredDocument
from entitylocker.storage.keys import OrganisationKey
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.vault.errors import EmptyFile, NotAPdf
from entitylocker.vault.papers import PaperSource
from entitylocker.web.engine_room import engines
from entitylocker.web.links import link_to


@dataclass(frozen=True)
class _Admission:
    """A lending that may begin."""

    organisation_name: str
    key: OrganisationKey


@dataclass(frozen=True)
class _Taken:
    """A document that was fetched and stored."""

    lending_id: UUID
    document: IssuedDocument
    stored: StoredDocument


@open_use_case("what it calls asks for the permission; the citizen locker is spoken to while no transaction is open")
def list_lendable(actor: Actor, link_id: UUID) -> list[Offer]:
    """The person's issued documents, and why some cannot be lent. Raises NotFound, LinkBroken, LockerUnavailable."""
    issued = ask_locker(actor, link_id, lambda locker, token: locker.list_issued(token))
    return [Offer(document, rules.why_not_lent(document)) for document in issued]


@open_use_case("what it calls asks for the permission; the citizen locker is spoken to while no transaction is open")
def prepare_lending(actor: Actor, link_id: UUID, wish: Wish) -> Terms:
    """The terms of what the person wants, for them to agree to. Nothing is lent yet.

    Raises NotFound, InvalidInput, NotLendable, OrganisationMayNotBorrow, LinkBroken, LockerUnavailable.
    """
    admission = _admit(towards(actor, wish.organisation_id), wish)
    documents = _chosen(list_lendable(actor, link_id), wish)
    return Terms(
        wish.organisation_id,
        admission.organisation_name,
        documents,
        wish.purpose,
        wish.ends_on,
        rules.end_of(wish.ends_on),
    )


@open_use_case("admits and records in use cases of their own; no transaction is open while the documents come in")
def lend(actor: Actor, link_id: UUID, wish: Wish) -> list[UUID]:
    """Lend documents on the terms the person has seen and agreed to; answers the lendings.

    Raises as `prepare_lending` does, DocumentNotThere, DocumentDamaged, StoreUnavailable; nothing is lent then.
    """
    giver = towards(actor, wish.organisation_id)
    admission = _admit(giver, wish)
    documents = _chosen(list_lendable(actor, link_id), wish)
    taken: list[_Taken] = []
    try:
        for document in documents:
            taken.append(_take(actor, link_id, wish, admission, document))
        return _record(giver, link_id, wish, taken)
    except LockerError:
        # Refused, so certainly not committed; after any other fault the sweeper decides by the rows.
        for one in taken:
            _discard(one.stored)
        raise


@use_case(Permission.ACCOUNT_OWN)
def _admit(giver: Actor, wish: Wish) -> _Admission:
    require(giver, Permission.ACCOUNT_OWN, giver.facts)
    own_membership(giver)
    standing = borrower(giver)
    why_not = rules.why_not_until(wish.ends_on, utc_now())
    if why_not is not None:
        raise InvalidInput({"ends_on": [gettext(why_not)]})
    return _Admission(standing.name, open_key(wish.organisation_id))


def _chosen(offers: list[Offer], wish: Wish) -> tuple[IssuedDocument, ...]:
    """The chosen documents, if the list still has them and they can be lent. Raises InvalidInput."""
    there = {offer.document.uri: offer for offer in offers}
    found = [there.get(uri) for uri in dict.fromkeys(wish.uris)]
    if not found or None in found:
        raise InvalidInput({"uris": [gettext("Please choose from the documents of the list.")]})
    if len(found) > rules.MOST_AT_ONCE:
        raise InvalidInput({"uris": [gettext("Please lend at most ten documents at a time.")]})
    chosen = [offer for offer in found if offer is not None]
    for offer in chosen:
        if offer.why_not is not None:
            raise NotLendable({"uris": [gettext(offer.why_not)]})
    return tuple(offer.document for offer in chosen)


def _take(actor: Actor, link_id: UUID, wish: Wish, admission: _Admission, document: IssuedDocument) -> _Taken:
    """Fetch a document and put it into the store under a key of its own; nobody looks into it here."""
    body = ask_locker(actor, link_id, lambda locker, token: locker.fetch(token, document.uri))
    lending_id = uuid7()
    try:
        stored = engines().documents.put_document(
            rules.object_key(wish.organisation_id, lending_id),
            PaperSource(io.BytesIO(body)),
            organisation_key=admission.key,
            context=rules.object_context(wish.organisation_id, lending_id),
        )
    except (EmptyFile, NotAPdf):
        raise NotAPdfDocument(field="uris") from None
    return _Taken(lending_id, document, stored)


def _discard(stored: StoredDocument) -> None:
    """Remove what no row will name. If the store does not answer, the sweeper does it later."""
    try:
        engines().documents.delete(stored.key)
    except LockerError:
        return


@use_case(Permission.ACCOUNT_OWN)
def _record(giver: Actor, link_id: UUID, wish: Wish, taken: list[_Taken]) -> list[UUID]:
    """Make the stored bytes lendings, if link and membership still stand and the organisation may still borrow."""
    require(giver, Permission.ACCOUNT_OWN, giver.facts)
    membership = own_membership(giver)
    organisation_name = borrower(giver).name
    # Locked until the commit: who ends the link meanwhile ends these lendings, too, or they do not begin.
    link = locked_link(giver, link_id, read=True)
    rows = [_row(membership, organisation_name, link, wish, one) for one in taken]
    db.session.add_all(rows)
    tenancy.flush()
    for row in rows:
        subject = Subject("lending", row.id, row.title)
        record(giver, EventTag.LENDING_GIVE, subject, purpose=row.purpose, until=row.ends_on.isoformat())
        check_later(row.organisation_id, row.id)
    _tell(membership, organisation_name, rows)
    return [row.id for row in rows]


def _row(membership: Membership, organisation_name: str, link: CitizenLink, wish: Wish, taken: _Taken) -> Lending:
    return Lending(
        id=taken.lending_id,
        created_at=utc_now(),
        organisation_id=membership.organisation_id,
        organisation_name=organisation_name,
        membership_id=membership.id,
        person_id=membership.person_id,
        person_name=membership.person_name,
        link_id=link.id,
        locker_name=locker_name(link.locker_key),
        title=taken.document.title,
        type_code=taken.document.type_code,
        issuer_name=taken.document.issuer_name,
        purpose=wish.purpose,
        ends_on=wish.ends_on,
        ends_at=rules.end_of(wish.ends_on),
        size=taken.stored.plaintext_size,
        ciphertext_size=taken.stored.ciphertext_size,
        sha256=taken.stored.sha256,
        wrapped_key=taken.stored.wrapped_key,
        verdict=Verdict.CHECKING.value,
        signers=[],
        reads=0,
    )


def _tell(membership: Membership, organisation_name: str, rows: list[Lending]) -> None:
    send_mail(
        to=membership.person_email,
        subject=lazy_gettext("You have lent documents"),
        template="mail/lent",
        name=membership.person_name,
        organisation=organisation_name,
        titles=[row.title for row in rows],
        purpose=rows[0].purpose,
        ends_on=rows[0].ends_on,
        link=link_to("citizen.lending"),
    )
