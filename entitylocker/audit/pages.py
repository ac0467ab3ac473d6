"""The activity page."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext

from entitylocker.audit import service
from entitylocker.audit.act_words import ACT_WORDS
from entitylocker.audit.schemas import EventQuery
from entitylocker.audit.tags import LABELS
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.forms import load

pages = Blueprint("audit", __name__)


@pages.get("/organisations/<uuid:organisation_id>/activity")
@session_only
def activity(organisation_id: UUID) -> str:
    """Events, newest first, with a filter."""
    query = load(EventQuery, request.args.to_dict())
    page = service.list_events(current_actor(), **query)
    choices = [(tag.value, gettext(label)) for tag, label in LABELS.items()]
    return render_template(
        "audit/activity.html",
        page=page,
        labels=LABELS,
        acts=ACT_WORDS,
        choices=choices,
        wanted=query["wanted"],
        args=request.args,
    )


@pages.get("/organisations/<uuid:organisation_id>/activity.csv")
@session_only
def activity_csv(organisation_id: UUID) -> Response:
    """The same events as a file."""
    query = load(EventQuery, request.args.to_dict())
    text = service.export_events(current_actor(), query["wanted"])
    # The byte order mark tells spreadsheets that this is UTF-8.
    response = Response("\ufeff" + text, mimetype="text/csv")
    response.headers["Content-Disposition"] = "attachment; filename=activity.csv"
    return response
