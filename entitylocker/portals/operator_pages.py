"""The operator's page: identifiers with their letters, and portals, that wait for a decision."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.organisations import service as organisations
from entitylocker.portals import approval
from entitylocker.portals.addresses import host_of
from entitylocker.portals.schemas import DisputeSchema, NoteSchema, ReasonSchema
from entitylocker.web.actors import acting_actor
from entitylocker.web.arrival import operator_only
from entitylocker.web.display import select_language
from entitylocker.web.errors import words
from entitylocker.web.forms import Form

pages = Blueprint("operator", __name__)


@pages.get("/operator")
@operator_only
def approvals() -> str:
    """What waits for the operator."""
    return _page(None, {})


@pages.get("/operator/identifiers/<uuid:identifier_id>/letter")
@operator_only
def letter(identifier_id: UUID) -> Response:
    """The order letter of an identifier, to be saved and read."""
    return _sent(organisations.open_letter(_operator(), identifier_id))


def _sent(found: organisations.OpenLetter) -> Response:
    response = Response(found.pieces, mimetype="application/pdf")
    response.content_length = found.size
    # Hostile until shown otherwise: never opened inside this site.
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(found.name, safe='')}"
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@pages.post("/operator/identifiers/<uuid:identifier_id>/verify")
@operator_only
def verify_identifier(identifier_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say that an organisation is who it says."""
    form = Form(NoteSchema)
    if form.valid:
        with form.catching():
            given = form.data
            organisations.verify_identifier(
                _operator(),
                identifier_id,
                given["note"],
                valid_until=given["valid_until"],
                seen_name=given["seen_name"],
            )
            return _done(gettext("The identifier is verified."))
    return _page(identifier_id, form.problems), form.status


@pages.post("/operator/identifiers/<uuid:identifier_id>/refuse")
@operator_only
def refuse_identifier(identifier_id: UUID) -> AnyResponse | tuple[str, int]:
    """Do not accept an identifier."""
    form = Form(ReasonSchema)
    if form.valid:
        organisations.refuse_identifier(_operator(), identifier_id, form.data["reason"])
        return _done(gettext("The identifier is refused. The organisation reads your reason."))
    return _page(identifier_id, form.problems), form.status


@pages.post("/operator/identifiers/<uuid:identifier_id>/dispute")
@operator_only
def decide_dispute(identifier_id: UUID) -> AnyResponse | tuple[str, int]:
    """Decide between the holder of an identifier and who claims it."""
    form = Form(DisputeSchema)
    if form.valid:
        with form.catching():
            passes = form.data["decision"] == "passes"
            organisations.decide_dispute(_operator(), identifier_id, passes=passes, note=form.data["reason"])
            if passes:
                return _done(gettext("The identifier passed over. Both were told; neither knows of the other."))
            return _done(gettext("The identifier stays. Both were told; neither knows of the other."))
    return _page(identifier_id, form.problems), form.status


@pages.get("/operator/names/<uuid:change_id>/letter")
@operator_only
def name_letter(change_id: UUID) -> Response:
    """The order or certificate of a change of name, to be saved and read."""
    return _sent(organisations.open_name_letter(_operator(), change_id))


@pages.post("/operator/names/<uuid:change_id>/confirm")
@operator_only
def confirm_name(change_id: UUID) -> AnyResponse:
    """Let an organisation have its new name."""
    organisations.confirm_name(_operator(), change_id)
    return _done(gettext("The organisation has its new name."))


@pages.post("/operator/names/<uuid:change_id>/refuse")
@operator_only
def refuse_name(change_id: UUID) -> AnyResponse | tuple[str, int]:
    """Do not accept a new name."""
    form = Form(ReasonSchema)
    if form.valid:
        organisations.refuse_name(_operator(), change_id, form.data["reason"])
        return _done(gettext("The new name is refused. The organisation reads your reason."))
    return _page(change_id, form.problems), form.status


@pages.post("/operator/portals/<uuid:portal_id>/approve")
@operator_only
def approve_portal(portal_id: UUID) -> AnyResponse:
    """Let a portal ask for documents."""
    portal = approval.approve_portal(_operator(), portal_id)
    return _done(gettext("%(name)s may now ask for documents.", name=portal.name))


@pages.post("/operator/portals/<uuid:portal_id>/refuse")
@operator_only
def refuse_portal(portal_id: UUID) -> AnyResponse | tuple[str, int]:
    """Say no to a portal."""
    form = Form(ReasonSchema)
    if form.valid:
        portal = approval.refuse_portal(_operator(), portal_id, form.data["reason"])
        return _done(gettext("%(name)s is refused. Its keeper reads your reason.", name=portal.name))
    return _page(portal_id, form.problems), form.status


@pages.post("/operator/portals/<uuid:portal_id>/suspend")
@operator_only
def suspend_portal(portal_id: UUID) -> AnyResponse | tuple[str, int]:
    """Stop a portal at once."""
    form = Form(ReasonSchema)
    if form.valid:
        portal = approval.suspend_portal(_operator(), portal_id, form.data["reason"])
        return _done(gettext("%(name)s is suspended. Its next request is refused.", name=portal.name))
    return _page(portal_id, form.problems), form.status


def _operator() -> Any:
    """The operator that `operator_only` found."""
    return acting_actor()


def _done(words: str) -> AnyResponse:
    flash(words, "ok")
    return redirect(url_for(".approvals"), 303)


def _page(about: UUID | None, problems: dict[str, list[str]]) -> str:
    """The page; `problems` belong to the form of the row `about`."""
    actor = _operator()
    return render_template(
        "operator/approvals.html",
        identifiers=organisations.list_pending_identifiers(actor),
        names=organisations.list_pending_names(actor),
        portals=approval.list_for_approval(actor),
        labels={found.code: found.label(select_language()) for found in approval.list_document_types(actor)},
        host_of=host_of,
        words_of=words,
        about=about,
        problems=problems,
    )
