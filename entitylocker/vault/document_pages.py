"""Pages of one document: verdict first; details, bytes, bin, check again, password."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.extensions import limiter
from entitylocker.vault import service
from entitylocker.vault.blueprint import document_rights, folder_name, pages
from entitylocker.vault.presenting import show
from entitylocker.vault.schemas import EditSchema, UnlockSchema
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import send_content
from entitylocker.web.forms import Form

ONE = "/organisations/<uuid:organisation_id>/documents/<uuid:document_id>"


@pages.get(ONE)
@session_only
def document(organisation_id: UUID, document_id: UUID) -> str:
    """A document: what the check says, its details, its versions."""
    return _page(document_id, {})


@pages.get(f"{ONE}/check")
@session_only
def document_check(organisation_id: UUID, document_id: UUID) -> str:
    """The part of the page that the check fills in, asked for again and again while it runs."""
    view = service.get_document(current_actor(), document_id)
    return render_template("vault/_check.html", **_shown(view), problems={})


@pages.get(f"{ONE}/content")
@session_only
def content(organisation_id: UUID, document_id: UUID) -> Response:
    """The bytes of the current version, whole or a range."""
    return _send(document_id)


@pages.get(f"{ONE}/versions/<int:number>/content")
@session_only
def version_content(organisation_id: UUID, document_id: UUID, number: int) -> Response:
    """The bytes of a version, whole or a range."""
    return _send(document_id, number)


@pages.route(f"{ONE}/edit", methods=["GET", "POST"])
@session_only
def edit(organisation_id: UUID, document_id: UUID) -> Response | tuple[str, int]:
    """Change what is said about a document."""
    actor = current_actor()
    view = service.get_document(actor, document_id)
    names = ("title", "type_code", "number", "issued_on", "expires_on")
    form = Form(EditSchema, {name: getattr(view.document, name) for name in names})
    if form.valid:
        with form.catching():
            service.edit_document(actor, document_id, form.data["details"])
            flash(gettext("The details were changed."), "ok")
            return _back(organisation_id, document_id)
    types = service.list_document_types(actor)
    return render_template("vault/edit.html", view=view, form=form, types=types), form.status


@pages.post(f"{ONE}/bin")
@session_only
def bin_document(organisation_id: UUID, document_id: UUID) -> Response:
    """Put a document in the bin."""
    binned = service.bin_document(current_actor(), document_id)
    flash(gettext("“%(title)s” is in the bin. It can be restored for 30 days.", title=binned.title), "ok")
    return redirect(url_for("vault.documents", organisation_id=organisation_id, folder=binned.folder_id), 303)


@pages.post(f"{ONE}/check-again")
@session_only
def check_again(organisation_id: UUID, document_id: UUID) -> Response:
    """Have a document checked anew."""
    service.check_again(current_actor(), document_id)
    return _back(organisation_id, document_id)


def _unlocker() -> str:
    return f"unlock:{current_person().person_id}:{(request.view_args or {})['document_id']}"


def _was_refused(response: Response) -> bool:
    return response.status_code >= 400


@pages.post(f"{ONE}/unlock")
@session_only
@limiter.limit("10 per 10 minutes", key_func=_unlocker, deduct_when=_was_refused)
def unlock(organisation_id: UUID, document_id: UUID) -> Response | tuple[str, int]:
    """Have a locked document checked with its password, which is kept nowhere."""
    form = Form(UnlockSchema)
    if form.valid:
        with form.catching():
            service.unlock(current_actor(), document_id, form.data["password"])
            flash(gettext("The document was checked with the password. The password was not stored."), "ok")
            return _back(organisation_id, document_id)
    return _page(document_id, form.problems), form.status


def _page(document_id: UUID, problems: dict[str, list[str]]) -> str:
    view = service.get_document(current_actor(), document_id)
    return render_template("vault/document.html", folder_name=folder_name, problems=problems, **_shown(view))


def _shown(view: Any) -> dict[str, Any]:
    return {
        "view": view,
        "shown": show(view.version),
        "rights": document_rights(current_actor(), view.document),
    }


def _send(document_id: UUID, number: int | None = None) -> Response:
    found = service.open_content(current_actor(), document_id, number)
    return send_content(
        request,
        found.reader,
        size=found.size,
        sha256=found.sha256,
        filename=found.filename,
        media_type=found.media_type,
    )


def _back(organisation_id: UUID, document_id: UUID) -> Response:
    return redirect(url_for("vault.document", organisation_id=organisation_id, document_id=document_id), 303)
