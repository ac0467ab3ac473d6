"""Pages that take files: a new document, a newer version. They work as plain forms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from entitylocker.extensions import csrf
from entitylocker.vault import service
from entitylocker.vault.blueprint import folder_name, folder_rights, pages, query
from entitylocker.vault.schemas import AddVersionSchema, DepositSchema
from entitylocker.vault.upload_form import UploadForm, upload_values
from entitylocker.vault.views import Deposited
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.engine_room import engines


@pages.get("/organisations/<uuid:organisation_id>/documents/upload")
@session_only
def upload(organisation_id: UUID) -> str:
    """The form for a new document."""
    return _upload_page(upload_values(query()["folder"]), {})


# The token is a field in front of the file: looking for it the usual way would read the whole body into
# memory.
@csrf.exempt
@pages.post("/organisations/<uuid:organisation_id>/documents/upload")
@session_only
def send_document(organisation_id: UUID) -> Response | tuple[str, int]:
    """Store a new document."""
    actor = current_actor()
    form = UploadForm(
        DepositSchema, lambda file, data: service.deposit(actor, file, data["details"], data["folder_id"])
    )
    if form.done is not None:
        return _to_document(organisation_id, form.done, gettext("The document was stored. It is being checked now."))
    return _upload_page({**form.values, **_fresh_key()}, form.problems), form.status


@pages.get("/organisations/<uuid:organisation_id>/documents/<uuid:document_id>/versions/add")
@session_only
def add_version(organisation_id: UUID, document_id: UUID) -> str:
    """The form for a newer version."""
    view = service.get_document(current_actor(), document_id)
    return _version_page(view, upload_values(), {})


@csrf.exempt
@pages.post("/organisations/<uuid:organisation_id>/documents/<uuid:document_id>/versions/add")
@session_only
def send_version(organisation_id: UUID, document_id: UUID) -> Response | tuple[str, int]:
    """Store a newer version of a document."""
    actor = current_actor()
    view = service.get_document(actor, document_id)
    form = UploadForm(AddVersionSchema, lambda file, data: service.add_version(actor, file, document_id))
    if form.done is not None:
        return _to_document(organisation_id, form.done, gettext("The new version was stored. It is being checked now."))
    return _version_page(view, {**form.values, **_fresh_key()}, form.problems), form.status


def _fresh_key() -> dict[str, Any]:
    return {"idempotency_key": upload_values()["idempotency_key"]}


def _upload_page(values: dict[str, Any], problems: dict[str, list[str]]) -> str:
    actor = current_actor()
    folders = service.list_folders(actor)
    return render_template(
        "vault/upload.html",
        values=values,
        problems=problems,
        folders=[folder for folder in folders if folder_rights(actor, folder)["deposit"]],
        folder_name=folder_name,
        types=service.list_document_types(actor),
        limit=engines().settings.max_upload_bytes,
    )


def _version_page(view: Any, values: dict[str, Any], problems: dict[str, list[str]]) -> str:
    limit = engines().settings.max_upload_bytes
    return render_template("vault/add_version.html", view=view, values=values, problems=problems, limit=limit)


def _to_document(organisation_id: UUID, done: Deposited, message: str) -> Response:
    flash(message, "ok")
    if done.duplicate_of is not None:
        address = url_for("vault.document", organisation_id=organisation_id, document_id=done.duplicate_of)
        said = gettext("The same file is in the locker already.")
        flash(Markup('{} <a href="{}">{}</a>').format(said, address, gettext("Look at the other one")), "info")
    address = url_for("vault.document", organisation_id=organisation_id, document_id=done.document_id)
    return redirect(address, 303)
