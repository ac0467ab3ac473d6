"""Pages of an organisation: choosing, registering, overview, details, and invitations one holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.audit.service import list_recent
from entitylocker.audit.tags import LABELS
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import people_pages, service
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.presenting import attention, first_steps, identifier_choices, kind_choices
from entitylocker.organisations.rules import ROLE_MEANINGS
from entitylocker.organisations.schemas import IdentifierSchema, RegisterSchema
from entitylocker.organisations.states import STATE_FACES, STATE_LABELS, IdentifierState
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.forms import Form

# Importing `people_pages` adds its routes.
__all__ = ["pages", "people_pages"]


def uploaded_letter() -> service.Letter | None:
    """The order letter that came with the form, if one did."""
    file = request.files.get("letter")
    return service.Letter(file.filename, file.stream) if file is not None and file.filename else None


@pages.get("/")
@open_to_all("who is not signed in is sent to sign in")
def start() -> Response:
    """Where one begins: the only organisation one belongs to, else the choice."""
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"), 303)
    found = service.list_my_organisations(current_user.person_id)
    if len(found) == 1:
        return redirect(url_for(".overview", organisation_id=found[0].organisation_id), 303)
    if not found and current_user.is_operator:
        return redirect(url_for("operator.approvals"), 303)
    return redirect(url_for(".mine"), 303)


@pages.get("/organisations")
@session_only
def mine() -> str:
    """Choose an organisation, or register one."""
    found = service.list_my_organisations(current_person().person_id)
    return render_template("organisations/mine.html", organisations=found)


@pages.route("/organisations/new", methods=["GET", "POST"])
@session_only
def register() -> Response | tuple[str, int]:
    """Register an organisation with one identifier."""
    form = Form(RegisterSchema)
    if form.valid:
        with form.catching():
            organisation_id = service.register_organisation(current_actor(), **form.data, letter=uploaded_letter())
            flash(gettext("The organisation is registered."), "ok")
            return redirect(url_for(".overview", organisation_id=organisation_id), 303)
    return render_template(
        "organisations/register.html", form=form, kinds=kind_choices(), identifier_kinds=identifier_choices()
    ), form.status


@pages.get("/organisations/<uuid:organisation_id>")
@session_only
def overview(organisation_id: UUID) -> str:
    """What to do first and what needs attention."""
    actor = current_actor()
    found = service.get_overview(actor)
    return render_template(
        "organisations/overview.html",
        overview=found,
        tasks=first_steps(actor, found),
        attention=attention(actor, found),
        recent=list_recent(actor) if decide(actor, Permission.AUDIT_READ, actor.facts) else [],
        labels=LABELS,
    )


@pages.get("/organisations/<uuid:organisation_id>/details")
@session_only
def details(organisation_id: UUID) -> str:
    """Name, kind and identifiers with their states."""
    return _details_page(Form(IdentifierSchema))


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
            )
            flash(gettext("The identifier was sent to the operator for verification."), "ok")
            return redirect(url_for(".details", organisation_id=organisation_id), 303)
    return _details_page(form), form.status


def _details_page(form: Form) -> str:
    found = service.get_details(current_actor())
    return render_template(
        "organisations/details.html",
        form=form,
        details=found,
        kind_label=_kind_label,
        identifier_label=_identifier_label,
        state_label=_state_label,
        state_faces=STATE_FACES,
        identifier_kinds=identifier_choices(OrganisationKind(found.kind)),
    )


def _kind_label(kind: Any) -> str:
    return str(gettext(OrganisationKind(kind).label))


def _identifier_label(kind: Any) -> str:
    return str(gettext(IdentifierKind(kind).label))


def _state_label(state: Any) -> str:
    return str(gettext(STATE_LABELS[IdentifierState(state)]))


@pages.get("/invitations/<token>")
@open_to_all("the link is what one was given; accepting asks for a sign-in")
def invitation(token: str) -> str:
    """What the bearer of a link is invited to."""
    found = service.get_invitation(token)
    return render_template(
        "organisations/invitation.html",
        invitation=found,
        token=token,
        meaning=gettext(ROLE_MEANINGS[found.role]),
    )


@pages.post("/invitations/<token>")
@session_only
def redeem(token: str) -> Response:
    """Accept an invitation."""
    organisation_id = service.redeem_invitation(current_actor(), token)
    flash(gettext("Welcome. You belong to this organisation now."), "ok")
    return redirect(url_for(".overview", organisation_id=organisation_id), 303)
