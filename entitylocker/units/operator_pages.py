"""The operator's page of vouchings: who says of whom that they are what they say, and ending that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.organisations.life_schemas import OrganisationQuery, ReasonSchema
from entitylocker.organisations.states import STATE_FACES
from entitylocker.units import vouchings as service
from entitylocker.web.actors import acting_actor
from entitylocker.web.arrival import operator_only
from entitylocker.web.forms import Form, load

pages = Blueprint("operator_vouchings", __name__)


@pages.get("/operator/vouchings")
@operator_only
def vouchings() -> str:
    """Who vouched for whom."""
    return _page(None, {})


@pages.post("/operator/vouchings/<uuid:identifier_id>/end")
@operator_only
def end(identifier_id: UUID) -> Response | tuple[str, int]:
    """End a vouching."""
    form = Form(ReasonSchema)
    if form.valid:
        name = service.end_vouching_by_operator(_operator(), identifier_id, form.data["reason"])
        flash(gettext("Nobody vouches for %(name)s any more. Both sides read your reason.", name=name), "ok")
        return redirect(url_for(".vouchings"), 303)
    return _page(identifier_id, form.problems), form.status


def _operator() -> Any:
    """The operator that `operator_only` found."""
    return acting_actor()


def _page(about: UUID | None, problems: dict[str, list[str]]) -> str:
    """The page; `problems` belong to the form of the row `about`."""
    query = load(OrganisationQuery, request.args.to_dict())
    return render_template(
        "operator/vouchings.html",
        page=service.list_vouchings(_operator(), named=query["q"].strip(), before=query["before"]),
        named=query["q"],
        faces=STATE_FACES,
        about=about,
        problems=problems,
    )
