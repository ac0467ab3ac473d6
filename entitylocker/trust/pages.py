"""Pages of an organisation: whom it trusts besides the installation, and what suffices for sharing."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.accounts.schemas import one_line
from entitylocker.trust import service
from entitylocker.trust.presenting import added_words, encode, sent_files, why_words
from entitylocker.trust.schemas import LONGEST_ISSUER, AddSchema, LookSchema, PolicySchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form

pages = Blueprint("trust", __name__)


@pages.get("/organisations/<uuid:organisation_id>/trust")
@session_only
def certificates(organisation_id: UUID) -> str:
    """Whom the organisation trusts. `?issuer=` names somebody whose certificate a document lacks."""
    return _page({}, one_line(request.args.get("issuer", ""))[:LONGEST_ISSUER])


@pages.post("/organisations/<uuid:organisation_id>/trust/look")
@session_only
def look(organisation_id: UUID) -> tuple[str, int]:
    """What is in the files that were sent, before any of it counts."""
    form = Form(LookSchema)
    with form.catching():
        found = service.look(current_actor(), sent_files())
        return render_template("trust/look.html", look=found, encode=encode, why_words=why_words), 200
    return _page(form.problems, form.data.get("issuer", "")), form.status


@pages.post("/organisations/<uuid:organisation_id>/trust/certificates")
@session_only
def add(organisation_id: UUID) -> Response | tuple[str, int]:
    """Trust the certificates that were ticked."""
    form = Form(AddSchema)
    if form.valid:
        with form.catching():
            flash(added_words(service.add_certificates(current_actor(), form.data["certificates"])), "ok")
            return _back(organisation_id)
    return _page(form.problems), form.status


@pages.post("/organisations/<uuid:organisation_id>/trust/certificates/<uuid:certificate_id>/remove")
@session_only
def remove(organisation_id: UUID, certificate_id: UUID) -> Response:
    """Trust a certificate no longer."""
    row = service.remove_certificate(current_actor(), certificate_id)
    flash(gettext("%(name)s is no longer trusted. You can undo this below.", name=row.name), "ok")
    return _back(organisation_id)


@pages.post("/organisations/<uuid:organisation_id>/trust/certificates/<uuid:certificate_id>/restore")
@session_only
def restore(organisation_id: UUID, certificate_id: UUID) -> Response | tuple[str, int]:
    """Trust a removed certificate again."""
    form = Form(LookSchema)
    with form.catching():
        row = service.restore_certificate(current_actor(), certificate_id)
        flash(added_words([row.name]), "ok")
        return _back(organisation_id)
    return _page(form.problems), form.status


@pages.post("/organisations/<uuid:organisation_id>/trust/policy")
@session_only
def set_policy(organisation_id: UUID) -> Response | tuple[str, int]:
    """Say what suffices for sharing."""
    form = Form(PolicySchema)
    if form.valid:
        suffices = form.data["claimed_time"] == "suffices"
        service.set_policy(current_actor(), claimed_time_suffices=suffices)
        flash(gettext("This holds from now on, for consents that were given already too."), "ok")
        return _back(organisation_id)
    return _page(form.problems), form.status


def _back(organisation_id: UUID) -> Response:
    return redirect(url_for(".certificates", organisation_id=organisation_id), 303)


def _page(problems: dict[str, list[str]], issuer: str = "") -> str:
    trust = service.list_trust(current_actor())
    return render_template("trust/certificates.html", trust=trust, problems=problems, issuer=issuer)
