"""Pages of an organisation's consents: what holds, what ended, withdraw."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.consents import service
from entitylocker.consents.rules import ConsentState
from entitylocker.portals.addresses import host_of
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only

pages = Blueprint("consents", __name__)


@pages.get("/organisations/<uuid:organisation_id>/consents")
@session_only
def consents(organisation_id: UUID) -> str:
    """Every consent: first those that hold."""
    found = service.list_consents(current_actor())
    active = [consent for consent in found if consent.state is ConsentState.ACTIVE]
    ended = [consent for consent in found if consent.state is not ConsentState.ACTIVE]
    return render_template("consents/consents.html", active=active, ended=ended, host_of=host_of)


@pages.get("/organisations/<uuid:organisation_id>/consents/<uuid:consent_id>")
@session_only
def consent(organisation_id: UUID, consent_id: UUID) -> str:
    """One consent: what was given, to whom, and what was taken of it."""
    found = service.get_consent(current_actor(), consent_id)
    return render_template("consents/consent.html", consent=found, host_of=host_of)


@pages.post("/organisations/<uuid:organisation_id>/consents/<uuid:consent_id>/revoke")
@session_only
def revoke(organisation_id: UUID, consent_id: UUID) -> Response:
    """Withdraw a consent."""
    found = service.revoke_consent(current_actor(), consent_id)
    flash(
        gettext("The consent to %(portal)s is withdrawn. It can fetch nothing any more.", portal=found.portal_name),
        "ok",
    )
    return redirect(url_for(".consents", organisation_id=organisation_id), 303)
