"""The operator's page of organisations: how they stand, suspending, lifting and bringing back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.organisations import operator_life
from entitylocker.organisations.life_schemas import OrganisationQuery, ReasonSchema
from entitylocker.organisations.presenting import LIFE_FACES, LIFE_LABELS
from entitylocker.web.actors import acting_actor
from entitylocker.web.arrival import operator_only
from entitylocker.web.forms import Form, load

pages = Blueprint("operator_organisations", __name__)


@pages.get("/operator/organisations")
@operator_only
def organisations() -> str:
    """The organisations of the installation."""
    return _page(None, {})


@pages.post("/operator/organisations/<uuid:organisation_id>/suspend")
@operator_only
def suspend(organisation_id: UUID) -> Response | tuple[str, int]:
    """Suspend an organisation."""
    form = Form(ReasonSchema)
    if form.valid:
        name = operator_life.suspend_by_operator(_operator(), organisation_id, form.data["reason"])
        return _done(gettext("%(name)s is suspended. Its administrators read your reason.", name=name))
    return _page(organisation_id, form.problems), form.status


@pages.post("/operator/organisations/<uuid:organisation_id>/lift")
@operator_only
def lift(organisation_id: UUID) -> Response | tuple[str, int]:
    """Lift a suspension."""
    form = Form(ReasonSchema)
    if form.valid:
        name = operator_life.lift_by_operator(_operator(), organisation_id, form.data["reason"])
        return _done(gettext("%(name)s is active again.", name=name))
    return _page(organisation_id, form.problems), form.status


@pages.post("/operator/organisations/<uuid:organisation_id>/reopen")
@operator_only
def reopen(organisation_id: UUID) -> Response | tuple[str, int]:
    """Bring a closed organisation back, suspended."""
    form = Form(ReasonSchema)
    if form.valid:
        name = operator_life.reopen_by_operator(_operator(), organisation_id, form.data["reason"])
        return _done(gettext("%(name)s is no longer closed. It stays suspended until you lift that.", name=name))
    return _page(organisation_id, form.problems), form.status


def _operator() -> Any:
    """The operator that `operator_only` found."""
    return acting_actor()


def _done(words: str) -> Response:
    flash(words, "ok")
    return redirect(url_for(".organisations"), 303)


def _page(about: UUID | None, problems: dict[str, list[str]]) -> str:
    """The page; `problems` belong to the form of the row `about`."""
    query = load(OrganisationQuery, request.args.to_dict())
    return render_template(
        "operator/organisations.html",
        page=operator_life.list_organisations(_operator(), named=query["q"].strip(), before=query["before"]),
        named=query["q"],
        labels=LIFE_LABELS,
        faces=LIFE_FACES,
        about=about,
        problems=problems,
    )
