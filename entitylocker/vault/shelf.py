"""The use case behind the page of a folder: everything it shows, out of one transaction."""

from __future__ import annotations

from entitylocker.access import Actor, Permission
from entitylocker.tenancy import use_case
from entitylocker.vault.folders import get_folder, get_top
from entitylocker.vault.listing import Cursor, list_document_types, list_documents
from entitylocker.vault.overview import count_documents
from entitylocker.vault.views import Filters, Shelf


@use_case(Permission.DOCUMENT_READ)
def open_shelf(actor: Actor, filters: Filters, cursor: Cursor | None = None) -> Shelf:
    """A folder (none named: the top of what the actor sees) with a page of its documents.

    Raises NotFound for a folder not to be seen.
    """
    return Shelf(
        place=get_folder(actor, filters.folder_id) if filters.folder_id else get_top(actor),
        page=list_documents(actor, filters, cursor),
        types=tuple(list_document_types(actor)),
        counts=count_documents(actor),
    )
