"""Use cases of lists: documents, what is due, the bin, what may be offered to a portal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from entitylocker.access import Actor, Permission, require
from entitylocker.extensions import db
from entitylocker.tenancy import use_case
from entitylocker.trust.policy import policy_of
from entitylocker.trust.rules import why_not_offered
from entitylocker.vault import rows, rules
from entitylocker.vault.models import Document, DocumentType, Version
from entitylocker.vault.telling import changed_lately
from entitylocker.vault.views import DocumentView, Filters, Offer, Page

PAGE_SIZE = 25


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: behind `older_than`, or before `newer_than` on the way back."""

    older_than: UUID | None = None
    newer_than: UUID | None = None


@use_case(Permission.DOCUMENT_READ)
def list_documents(actor: Actor, filters: Filters, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page:
    """A page of the documents that the actor may see, newest first.

    Raises NotFound for a folder not to be seen.
    """
    query = rows.views().where(rows.in_vault(actor, Permission.DOCUMENT_READ), *_narrowing(actor, filters))
    return _page(query, cursor or Cursor(), size)


@use_case(Permission.DOCUMENT_READ)
def list_due(actor: Actor) -> dict[rules.Due, list[DocumentView]]:
    """The documents that have expired or will within 90 days, the most pressing first."""
    day = rules.today()
    query = (
        rows.views()
        .where(rows.in_vault(actor, Permission.DOCUMENT_READ), Document.expires_on <= day + timedelta(days=90))
        .order_by(Document.expires_on, Document.id)
    )
    groups: dict[rules.Due, list[DocumentView]] = {group: [] for group in rules.Due}
    for view in map(rows.as_view, db.session.execute(query)):
        group = rules.due(view.document.expires_on, day)
        if group is not None:
            groups[group].append(view)
    return groups


@use_case(Permission.DOCUMENT_BIN)
def list_bin(actor: Actor, cursor: Cursor | None = None, size: int = PAGE_SIZE) -> Page:
    """A page of the documents that can still be taken out of the bin, newest first."""
    return _page(rows.views().where(rows.in_bin(actor)), cursor or Cursor(), size)


@use_case(Permission.CONSENT_GIVE)
def list_offerable(actor: Actor, type_codes: Sequence[str]) -> list[Offer]:
    """The documents of these types that the actor might give to a portal, by type and newest first.

    Those that may not be given now (being checked, with a red verdict, kept back by the organisation's policy) are
    there too, with the reason.
    """
    query = (
        rows.views()
        .where(rows.in_vault(actor, Permission.CONSENT_GIVE), Document.type_code.in_(list(type_codes)))
        .order_by(Document.type_code, Document.id.desc())
    )
    suffices = policy_of(actor.organisation_id).claimed_time_suffices
    return [_offer(rows.as_view(row), suffices) for row in db.session.execute(query)]


@use_case(Permission.ORGANISATION_READ)
def list_document_types(actor: Actor) -> list[DocumentType]:
    """Every type of document, by its English name."""
    require(actor, Permission.ORGANISATION_READ, actor.facts)
    return list(db.session.scalars(select(DocumentType).order_by(DocumentType.label_en)))


def _narrowing(actor: Actor, filters: Filters) -> Iterable[ColumnElement[bool]]:
    if filters.folder_id is not None:
        folder = rows.folder_row(actor, filters.folder_id)
        require(actor, Permission.FOLDER_READ, rows.facts_of_folder(folder))
        yield Document.folder_path.startswith(folder.path, autoescape=True)
    if filters.type_code:
        yield Document.type_code == filters.type_code
    if filters.verdict:
        yield Version.verdict == filters.verdict
    if filters.changed:
        yield changed_lately()
    for word in rules.clean_line(filters.text).split():
        yield Document.title.icontains(word, autoescape=True) | Document.number.icontains(word, autoescape=True)


def _page(query: Select[Any], cursor: Cursor, size: int) -> Page:
    """One row more than is shown tells whether the list goes on."""
    backwards = cursor.newer_than is not None
    if cursor.newer_than is not None:
        query = query.where(Document.id > cursor.newer_than).order_by(Document.id)
    elif cursor.older_than is not None:
        query = query.where(Document.id < cursor.older_than).order_by(Document.id.desc())
    else:
        query = query.order_by(Document.id.desc())
    found = [rows.as_view(row) for row in db.session.execute(query.limit(size + 1))]
    goes_on, items = len(found) > size, found[:size]
    if backwards:
        items.reverse()
    has_newer = goes_on if backwards else cursor.older_than is not None
    has_older = True if backwards else goes_on
    newer = items[0].document.id if items and has_newer else None
    older = items[-1].document.id if items and has_older else None
    return Page(tuple(items), newer, older)


def _offer(view: DocumentView, claimed_time_suffices: bool) -> Offer:
    document, verdict = view.document, view.version.verdict_for_others
    why_not = why_not_offered(verdict, claimed_time_suffices)
    return Offer(
        document_id=document.id,
        title=document.title,
        type_code=document.type_code or "",
        type_label=view.type.label_en if view.type else "",
        number=document.number,
        issued_on=document.issued_on,
        expires_on=document.expires_on,
        verdict=verdict,
        version_id=view.version.id,
        folder_path=document.folder_path,
        may_be_given=why_not is None,
        why_not=why_not,
    )
