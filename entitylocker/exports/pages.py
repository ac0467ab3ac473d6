"""The page “Take everything with you”, and the archive."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template, stream_with_context

from entitylocker.access import Actor
from entitylocker.errors import NotFound
from entitylocker.exports import service
from entitylocker.exports.archive import make_archive
from entitylocker.exports.names import clean_part
from entitylocker.extensions import limiter
from entitylocker.web.actors import current_actor, current_person, loaders
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import disposition
from entitylocker.web.formats import ZONE

pages = Blueprint("exports", __name__)

# An export reads everything there is.
EXPORTS = "6 per hour"


def _exporter() -> str:
    return f"export:{current_person().person_id}"


@pages.get("/organisations/<uuid:organisation_id>/export")
@session_only
def export(organisation_id: UUID) -> str:
    """How much there is to take, and which exports were made."""
    return render_template("exports/export.html", amount=service.get_amount(current_actor()))


@pages.post("/organisations/<uuid:organisation_id>/export")
@session_only
@limiter.limit(EXPORTS, key_func=_exporter)
def download(organisation_id: UUID) -> Response:
    """The archive, made while it is sent."""
    actor = current_actor()
    plan = service.begin_export(actor)
    archive = make_archive(plan, lambda: _now(actor))
    response = Response(stream_with_context(archive.pieces), mimetype="application/zip")
    response.content_length = archive.size
    name = clean_part(f"{plan.organisation_name} {plan.made_at.astimezone(ZONE).date().isoformat()}")
    response.headers["Content-Disposition"] = disposition(f"{name}.zip")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _now(actor: Actor) -> Actor:
    """The actor with the rights of this moment. Raises NotFound for who is no member any more."""
    assert loaders.member is not None and actor.person_id is not None and actor.session_id is not None
    assert actor.organisation_id is not None
    found = loaders.member(actor.person_id, actor.session_id, actor.organisation_id)
    if found is None:
        raise NotFound
    return found
