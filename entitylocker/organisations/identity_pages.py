"""The page of who an organisation is: identifiers, directors, signatories, its name and the names it had."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.presenting import identifier_choices, identifier_helps
from entitylocker.organisations.rules import is_ending
from entitylocker.organisations.schemas import DirectorSchema, IdentifierSchema, NewNameSchema
from entitylocker.organisations.states import STATE_FACES, STATE_LABELS, IdentifierState
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form


def uploaded_letter() -> service.Letter | None:
    """The letter that came with the form, if one did."""
    file = request.files.get("letter")
    return service.Letter(file.filename, file.stream) if file is not None and file.filename else None


@pages.get("/organisations/<uuid:organisation_id>/details")
@session_only
def details(organisation_id: UUID) -> str:
    """Name, kind, identifiers with their states, directors and signatories."""
    return _page()


@pages.post("/organisations/<uuid:organisation_id>/identifiers")
@session_only
def state_identifier(organisation_id: UUID) -> Response | tuple[str, int]:
    """State one more identifier."""
    form = Form(IdentifierSchema)
    if form.valid:
        with form.catching():
            service.state_identifier(
                current_actor(),
                kind=form.data["identifier_kind"],
                typed=form.data["identifier"],
                letter=uploaded_letter(),
                valid_until=form.data["valid_until"],
            )
            flash(gettext("The identifier was sent to the operator for verification."), "ok")
            return _back(organisation_id)
    return _page(form=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/directors")
@session_only
def add_director(organisation_id: UUID) -> Response | tuple[str, int]:
    """Name a director or partner."""
    form = Form(DirectorSchema)
    if form.valid:
        with form.catching():
            service.add_director(current_actor(), **form.data)
            flash(gettext("%(name)s is on the list.", name=form.data["name"]), "ok")
            return _back(organisation_id)
    return _page(director_form=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/directors/<uuid:director_id>/end")
@session_only
def end_director(organisation_id: UUID, director_id: UUID) -> Response:
    """Take a director or partner off the list."""
    service.end_director(current_actor(), director_id)
    flash(gettext("The name was taken off the list."), "ok")
    return _back(organisation_id)


@pages.route("/organisations/<uuid:organisation_id>/name", methods=["GET", "POST"])
@session_only
def change_name(organisation_id: UUID) -> Response | tuple[str, int]:
    """Give the organisation another name."""
    form = Form(NewNameSchema)
    if form.valid:
        with form.catching():
            if service.change_name(current_actor(), **form.data, letter=uploaded_letter()):
                flash(gettext("The organisation has its new name."), "ok")
            else:
                flash(gettext("The new name was sent to the operator. Until it is confirmed the old one stays."), "ok")
            return _back(organisation_id)
    found = service.get_name(current_actor())
    return render_template("organisations/name.html", form=form, name=found.name, verified=found.verified), form.status


@pages.post("/organisations/<uuid:organisation_id>/name/withdraw")
@session_only
def withdraw_name(organisation_id: UUID) -> Response:
    """Withdraw the change of name that waits for the operator."""
    service.withdraw_name_change(current_actor())
    flash(gettext("The change of name was withdrawn."), "ok")
    return _back(organisation_id)


def _back(organisation_id: UUID) -> Response:
    return redirect(url_for(".details", organisation_id=organisation_id), 303)


def _page(form: Form | None = None, director_form: Form | None = None) -> str:
    found = service.get_details(current_actor())
    return render_template(
        "organisations/details.html",
        form=form or _unsent(),
        director_form=director_form or _unsent(),
        details=found,
        kind_label=_kind_label,
        identifier_label=_identifier_label,
        state_label=_state_label,
        state_faces=STATE_FACES,
        is_ending=is_ending,
        identifier_kinds=identifier_choices(found.kind),
        helps=identifier_helps(found.kind),
        din=IdentifierKind.DIN,
    )


def _unsent() -> dict[str, dict[str, Any]]:
    """A form of the page that is not the one that was sent."""
    return {"values": {}, "problems": {}}


def _kind_label(kind: Any) -> str:
    return str(gettext(OrganisationKind(kind).label))


def _identifier_label(kind: Any) -> str:
    return str(gettext(IdentifierKind(kind).label))


def _state_label(state: Any) -> str:
    return str(gettext(STATE_LABELS[IdentifierState(state)]))
