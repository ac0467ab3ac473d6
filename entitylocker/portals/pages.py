"""Pages of the portals that an organisation keeps."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from entitylocker.portals import service
from entitylocker.portals.addresses import host_of
from entitylocker.portals.keys import LARGEST_SET
from entitylocker.portals.schemas import PortalSchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.display import select_language
from entitylocker.web.forms import Form

pages = Blueprint("portals", __name__)


@pages.get("/organisations/<uuid:organisation_id>/portals")
@session_only
def portals(organisation_id: UUID) -> str:
    """The portals that the organisation keeps."""
    return render_template("portals/portals.html", portals=service.list_portals(current_actor()), host_of=host_of)


@pages.route("/organisations/<uuid:organisation_id>/portals/new", methods=["GET", "POST"])
@session_only
def register(organisation_id: UUID) -> Response | tuple[str, int]:
    """Propose a portal."""
    actor = current_actor()
    form = Form(PortalSchema)
    if form.valid:
        data = {**form.data, "jwks": form.data["jwks"].strip() or _uploaded_keys()}
        with form.catching():
            portal = service.register_portal(actor, data)
            return redirect(url_for(".portal", organisation_id=organisation_id, portal_id=portal.id), 303)
    types = [(found.code, found.label(select_language())) for found in service.list_document_types(actor)]
    chosen = request.form.getlist("document_types")
    return render_template("portals/register.html", form=form, types=types, chosen=chosen), form.status


def _uploaded_keys() -> str:
    """The text of an uploaded key set; a file that is too long or no text is refused as no JSON further down."""
    file = request.files.get("jwks_file")
    return file.read(LARGEST_SET + 1).decode("utf-8", "replace") if file else ""


@pages.get("/organisations/<uuid:organisation_id>/portals/<uuid:portal_id>")
@session_only
def portal(organisation_id: UUID, portal_id: UUID) -> str:
    """One portal: its state, and what its program needs to know."""
    actor = current_actor()
    found = service.get_portal(actor, portal_id)
    labels = {t.code: t.label(select_language()) for t in service.list_document_types(actor)}
    return render_template("portals/portal.html", portal=found, labels=labels)
