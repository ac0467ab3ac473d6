"""Pages that list documents: the vault, what is due, the bin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault import rules, service
from entitylocker.vault.blueprint import folder_name, folder_rights, pages, query
from entitylocker.vault.schemas import ListSchema
from entitylocker.vault.upload_form import upload_values
from entitylocker.vault.views import Page
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only


@pages.get("/organisations/<uuid:organisation_id>/documents")
@session_only
def documents(organisation_id: UUID) -> str:
    """The documents of a folder and below, newest first, narrowed by type, verdict and words."""
    actor, asked = current_actor(), query()
    filters = ListSchema.filters(asked)
    shelf = service.open_shelf(actor, filters, service.Cursor(asked["older"], asked["newer"]))
    folder = shelf.place.folder
    return render_template(
        "vault/documents.html",
        place=shelf.place,
        page=shelf.page,
        filters=filters,
        types=shelf.types,
        verdicts=list(Verdict),
        counts=shelf.counts,
        rights=folder_rights(actor, folder),
        folder_name=folder_name,
        values=upload_values(folder.id if folder else None),
        **_ways(shelf.page, "vault.documents", organisation_id),
    )


@pages.get("/organisations/<uuid:organisation_id>/documents/due")
@session_only
def due(organisation_id: UUID) -> str:
    """What has expired, what expires in 30 days, what in 90."""
    return render_template("vault/due.html", groups=service.list_due(current_actor()), folder_name=folder_name)


@pages.get("/organisations/<uuid:organisation_id>/bin")
@session_only
def bin(organisation_id: UUID) -> str:
    """What was put in the bin and can still be restored."""
    asked = query()
    page = service.list_bin(current_actor(), service.Cursor(asked["older"], asked["newer"]))
    return render_template(
        "vault/bin.html",
        page=page,
        folder_name=folder_name,
        kept=timedelta(days=rules.BIN_DAYS),
        **_ways(page, "vault.bin", organisation_id),
    )


@pages.post("/organisations/<uuid:organisation_id>/bin/<uuid:document_id>/restore")
@session_only
def restore(organisation_id: UUID, document_id: UUID) -> Response:
    """Take a document out of the bin."""
    document = service.restore_document(current_actor(), document_id)
    flash(gettext("“%(title)s” is back where it was.", title=document.title), "ok")
    return redirect(url_for("vault.document", organisation_id=organisation_id, document_id=document_id), 303)


def _ways(page: Page, endpoint: str, organisation_id: UUID) -> dict[str, Any]:
    """The addresses of the newer and the older page, with the same filters."""
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if value and name not in ("older", "newer")
    }
    return {
        "newer_url": page.newer and url_for(endpoint, organisation_id=organisation_id, newer=page.newer, **kept),
        "older_url": page.older and url_for(endpoint, organisation_id=organisation_id, older=page.older, **kept),
    }
