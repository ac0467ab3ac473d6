"""Departments and units: the tree, opening, asking and joining, vouching, and entering what one administers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.extensions import limiter
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations.presenting import kind_choices
from entitylocker.units import service
from entitylocker.units.blueprint import pages
from entitylocker.units.presenting import matching, needed_letter, words
from entitylocker.units.schemas import (
    AskSchema,
    EnterSchema,
    HeadSchema,
    OpenSchema,
    SeenSchema,
    UnitQuery,
    VouchSchema,
)
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import Form, load

# A code is 60 bits long; whoever guesses does not get far, nor writes mail without end.
ASKS = "30 per hour; 100 per day"


def asker() -> str:
    """Whose questions are counted together."""
    return f"ask:{current_person().person_id}"


def _back(organisation_id: UUID) -> Response:
    return redirect(url_for("units.units", organisation_id=organisation_id), 303)


@pages.get("/organisations/<uuid:organisation_id>/units")
@session_only
def units(organisation_id: UUID) -> str:
    """The tree below the organisation, what is above it, and what was asked."""
    actor = current_actor()
    wanted = load(UnitQuery, request.args.to_dict())["q"]
    found = service.list_children(actor)
    links = service.list_links(actor)
    return render_template(
        "units/units.html",
        units=matching(found, wanted),
        total=len(found),
        wanted=wanted,
        above=service.list_above(actor),
        asked=[link for link in links if link.joined_at is None and link.ended_at is None],
        link_of={link.other_id: link for link in links if link.joined_at is not None and link.ended_at is None},
        code=service.find_code(actor),
        **words(),
    )


@pages.route("/organisations/<uuid:organisation_id>/units/new", methods=["GET", "POST"])
@session_only
def open_unit(organisation_id: UUID) -> Response | tuple[str, int]:
    """Open a unit."""
    form = Form(OpenSchema, {"kind": OrganisationKind.GOVERNMENT_DEPARTMENT.value})
    if form.valid:
        with form.catching():
            known = service.find_child_by_name(current_actor(), form.data["name"])
            service.open_child(current_actor(), **form.data)
            if known is not None:
                flash(gettext("This unit is there already: %(name)s.", name=known.name), "info")
            else:
                flash(gettext("The unit was opened. It has no administrator yet."), "ok")
            return _back(organisation_id)
    service.look_as_manager(current_actor())
    return render_template("units/open.html", form=form, kinds=kind_choices()), form.status


@pages.route("/organisations/<uuid:organisation_id>/units/ask", methods=["GET", "POST"])
@session_only
@limiter.limit(ASKS, key_func=asker, methods=["POST"])
def ask(organisation_id: UUID) -> Response | tuple[str, int]:
    """Ask an organisation that exists to become a unit."""
    form = Form(AskSchema)
    if form.valid:
        with form.catching():
            service.ask_to_join(current_actor(), code=form.data["organisation_code"], note=form.data["note"])
            flash(gettext("The organisation was asked. Its administrators decide."), "ok")
            return _back(organisation_id)
    service.look_as_manager(current_actor())
    return render_template("units/ask.html", form=form), form.status


@pages.post("/organisations/<uuid:organisation_id>/units/code")
@session_only
def renew_code(organisation_id: UUID) -> Response:
    """Make a code, or another one."""
    service.renew_code(current_actor())
    flash(gettext("There is a new code. An earlier one no longer leads here."), "ok")
    back = "units.agencies" if request.form.get("back") == "agencies" else "units.units"
    return redirect(url_for(back, organisation_id=organisation_id), 303)


@pages.post("/organisations/<uuid:organisation_id>/units/links/<uuid:link_id>/join")
@session_only
def join(organisation_id: UUID, link_id: UUID) -> Response:
    """Say yes to a parent, and to what is above it."""
    service.join_parent(current_actor(), link_id, **_seen())
    flash(gettext("Your organisation is a unit now."), "ok")
    return _back(organisation_id)


@pages.post("/organisations/<uuid:organisation_id>/units/agree")
@session_only
def agree(organisation_id: UUID) -> Response:
    """Say yes to what has come to stand above."""
    service.agree_to_above(current_actor(), **_seen())
    flash(gettext("Your organisation has agreed to everything that stands above it."), "ok")
    return _back(organisation_id)


def _seen() -> dict[str, Any]:
    """What the page showed above; nothing if it did not say so."""
    form = Form(SeenSchema)
    return form.data if form.valid else {"seen": set()}


@pages.post("/organisations/<uuid:organisation_id>/units/links/<uuid:link_id>/leave")
@session_only
def leave(organisation_id: UUID, link_id: UUID) -> Response:
    """Say no to a parent, or leave it."""
    service.leave_parent(current_actor(), link_id)
    flash(gettext("Your organisation is no unit of it."), "ok")
    return _back(organisation_id)


@pages.post("/organisations/<uuid:organisation_id>/units/links/<uuid:link_id>/end")
@session_only
def end(organisation_id: UUID, link_id: UUID) -> Response:
    """Take a request back, or let a unit go."""
    service.end_unit(current_actor(), link_id)
    flash(gettext("It is no unit of yours."), "ok")
    return _back(organisation_id)


@pages.route("/organisations/<uuid:organisation_id>/units/<uuid:unit_id>/vouch", methods=["GET", "POST"])
@session_only
def vouch(organisation_id: UUID, unit_id: UUID) -> Response | tuple[str, int]:
    """Vouch for a unit with its order letter."""
    form = Form(VouchSchema)
    unit = service.get_child_to_vouch(current_actor(), unit_id)
    if form.valid:
        with form.catching():
            service.vouch_for(current_actor(), unit_id, needed_letter(), code=form.data["code"])
            flash(gettext("Your organisation vouches for %(unit)s. It is verified now.", unit=unit.name), "ok")
            return _back(organisation_id)
    return render_template("units/vouch.html", form=form, unit=unit), form.status


@pages.route("/organisations/<uuid:organisation_id>/units/<uuid:unit_id>/administrator", methods=["GET", "POST"])
@session_only
def invite_head(organisation_id: UUID, unit_id: UUID) -> Response | tuple[str, int]:
    """Invite the first administrator of a unit."""
    form = Form(HeadSchema)
    unit = service.get_unit_to_staff(current_actor(), unit_id)
    if form.valid:
        with form.catching():
            service.invite_first_administrator(current_actor(), unit_id, **form.data)
            flash(gettext("The invitation is on its way. It can be accepted for seven days."), "ok")
            return _back(organisation_id)
    return render_template("units/invite_head.html", form=form, unit=unit), form.status


@pages.post("/organisations/<uuid:organisation_id>/units/<uuid:unit_id>/vouching/withdraw")
@session_only
def withdraw(organisation_id: UUID, unit_id: UUID) -> Response:
    """Vouch no longer."""
    service.withdraw_vouching(current_actor(), unit_id)
    flash(gettext("Your organisation no longer vouches for this unit."), "ok")
    return _back(organisation_id)


@pages.post("/units/<uuid:unit_id>/enter")
@session_only
def enter(unit_id: UUID) -> Response:
    """Begin to act in an organisation that one administers from above or acts for as an agency."""
    form = Form(EnterSchema)
    service.enter(current_actor(), unit_id, **(form.data if form.valid else {}))
    return redirect(url_for("organisations.overview", organisation_id=unit_id), 303)
