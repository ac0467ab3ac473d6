"""Reading rows inside a running transaction: always of the actor's organisation, absent is NotFound."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import defer

from entitylocker.access import Actor, Columns, Facts, Permission, list_condition
from entitylocker.errors import N_, InvalidInput, NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.rights import lock_state
from entitylocker.storage.stream import RangeReader
from entitylocker.vault import rules
from entitylocker.vault.models import Document, DocumentType, Folder, Version
from entitylocker.vault.views import DocumentView, FolderPlace
from entitylocker.web.engine_room import engines

DOCUMENT_COLUMNS = Columns(Document.organisation_id, Document.folder_path, Document.id)
FOLDER_COLUMNS = Columns(Folder.organisation_id, Folder.path)


def folder_row(actor: Actor, folder_id: UUID | None) -> Folder:
    """A folder; None: the root. Raises NotFound."""
    which = Folder.parent_id.is_(None) if folder_id is None else Folder.id == folder_id
    folder = db.session.scalars(
        select(Folder).where(Folder.organisation_id == actor.organisation_id, which)
    ).one_or_none()
    if folder is None:
        raise NotFound
    return folder


def document_row(actor: Actor, document_id: UUID, *, locked: bool = False) -> Document:
    """A document, in the bin or not.

    `locked`: until the commit nobody else may change it. Raises NotFound.
    """
    if locked and actor.organisation_id is not None:
        lock_state(actor.organisation_id)
    query = select(Document).where(Document.organisation_id == actor.organisation_id, Document.id == document_id)
    document = db.session.scalars(query.with_for_update() if locked else query).one_or_none()
    if document is None:
        raise NotFound
    return document


def active_document_row(actor: Actor, document_id: UUID, *, locked: bool = False) -> Document:
    """A document that is not in the bin. Raises NotFound."""
    document = document_row(actor, document_id, locked=locked)
    if document.binned_at is not None:
        raise NotFound
    return document


def version_row(actor: Actor, document: Document, number: int | None = None) -> Version:
    """A version of a document, by default the current one. Raises NotFound."""
    found = select(Version).where(
        Version.organisation_id == actor.organisation_id,
        Version.document_id == document.id,
        Version.number == (document.version_number if number is None else number),
    )
    version = db.session.scalars(found).one_or_none()
    if version is None:
        raise NotFound
    return version


def ancestors_of(actor: Actor, folder: Folder) -> tuple[Folder, ...]:
    """The folders above `folder` that the actor may see, the root first."""
    found = select(Folder).where(visible_folders(actor), Folder.path.in_(rules.paths_above(folder.path)))
    return tuple(db.session.scalars(found.order_by(Folder.path)))


def place_of(actor: Actor, folder: Folder) -> FolderPlace:
    """The folder with the way to it and what lies in it."""
    children = select(Folder).where(visible_folders(actor), Folder.parent_id == folder.id).order_by(Folder.name)
    return FolderPlace(folder, ancestors_of(actor, folder), tuple(db.session.scalars(children)))


def facts_of_folder(folder: Folder) -> Facts:
    """What a decision needs to know of a folder."""
    return Facts(folder.organisation_id, folder_path=folder.path)


def facts_of_document(document: Document) -> Facts:
    """What a decision needs to know of a document."""
    return Facts(document.organisation_id, folder_path=document.folder_path, document_id=document.id)


def visible_folders(actor: Actor) -> ColumnElement[bool]:
    """The condition of all lists of folders."""
    return list_condition(actor, Permission.FOLDER_READ, FOLDER_COLUMNS)


def in_vault(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    """The condition of lists of documents that are not in the bin."""
    return and_(list_condition(actor, permission, DOCUMENT_COLUMNS), Document.binned_at.is_(None))


def in_bin(actor: Actor) -> ColumnElement[bool]:
    """The condition of the list of documents that can still be taken out of the bin."""
    allowed = list_condition(actor, Permission.DOCUMENT_BIN, DOCUMENT_COLUMNS)
    return and_(allowed, Document.binned_at >= rules.bin_opens(utc_now()))


def views() -> Any:
    """Documents with current version, type and folder, for lists: `as_view` makes a view of each row.

    The reports stay in the database: a list shows verdicts, and a report may be as long as a page.
    """
    return _joined().options(defer(Version.report, raiseload=True))


def _joined() -> Any:
    return (
        select(Document, Version, DocumentType, Folder)
        .join(
            Version,
            and_(
                Version.organisation_id == Document.organisation_id,
                Version.document_id == Document.id,
                Version.number == Document.version_number,
            ),
        )
        .join(Folder, and_(Folder.organisation_id == Document.organisation_id, Folder.id == Document.folder_id))
        .outerjoin(DocumentType, DocumentType.code == Document.type_code)
    )


def as_view(row: Any) -> DocumentView:
    """A row of `views`."""
    return DocumentView(*row)


def document_view(document: Document) -> DocumentView:
    """The view of one document of which the row is at hand."""
    found = _joined().where(Document.organisation_id == document.organisation_id, Document.id == document.id)
    return as_view(db.session.execute(found).one())


def reader_of(version: Version) -> RangeReader:
    """A reader of the bytes of a version; to be made inside a transaction, to be read outside of it."""
    return engines().documents.open_document(
        key=rules.object_key(version.organisation_id, version.id),
        wrapped_key=version.wrapped_key,
        ciphertext_size=version.ciphertext_size,
        organisation_key=open_key(version.organisation_id),
        context=rules.object_context(version.organisation_id, version.document_id, version.id),
    )


def require_type(code: str | None) -> None:
    """Raises InvalidInput if there is no such type of document."""
    if code is not None and db.session.get(DocumentType, code) is None:
        raise InvalidInput({"type_code": [N_("There is no such type of document.")]})
