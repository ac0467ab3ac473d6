"""Pages that make and rename folders."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.errors import NotFound
from entitylocker.vault import service
from entitylocker.vault.blueprint import folder_name, pages
from entitylocker.vault.schemas import FolderSchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form


@pages.route("/organisations/<uuid:organisation_id>/folders/<uuid:folder_id>/new", methods=["GET", "POST"])
@session_only
def new_folder(organisation_id: UUID, folder_id: UUID) -> Response | tuple[str, int]:
    """Make a folder in this one."""
    actor = current_actor()
    place = service.get_folder(actor, folder_id)
    form = Form(FolderSchema)
    if form.valid:
        with form.catching():
            made = service.create_folder(actor, folder_id, form.data["name"])
            flash(gettext("The folder “%(name)s” was made.", name=made.name), "ok")
            return _to_folder(organisation_id, made.id)
    page = render_template("vault/folder.html", form=form, place=place, renaming=False, folder_name=folder_name)
    return page, form.status


@pages.route("/organisations/<uuid:organisation_id>/folders/<uuid:folder_id>/rename", methods=["GET", "POST"])
@session_only
def rename_folder(organisation_id: UUID, folder_id: UUID) -> Response | tuple[str, int]:
    """Give this folder another name."""
    actor = current_actor()
    place = service.get_folder(actor, folder_id)
    if place.folder is None or place.folder.parent_id is None:
        raise NotFound
    form = Form(FolderSchema, {"name": place.folder.name})
    if form.valid:
        with form.catching():
            folder = service.rename_folder(actor, folder_id, form.data["name"])
            flash(gettext("The folder is now called “%(name)s”.", name=folder.name), "ok")
            return _to_folder(organisation_id, folder_id)
    page = render_template("vault/folder.html", form=form, place=place, renaming=True, folder_name=folder_name)
    return page, form.status


def _to_folder(organisation_id: UUID, folder_id: UUID) -> Response:
    return redirect(url_for("vault.documents", organisation_id=organisation_id, folder=folder_id), 303)
