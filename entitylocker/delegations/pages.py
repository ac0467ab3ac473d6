"""Pages of roles given: the list and the form."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.delegations import service
from entitylocker.delegations.rules import GIVABLE_ROLES, Phase
from entitylocker.delegations.schemas import GiveSchema
from entitylocker.organisations.rules import ROLE_MEANINGS
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.formats import ZONE
from entitylocker.web.forms import Form
from entitylocker.web.shell import role_label

pages = Blueprint("delegations", __name__)

_INDENT = "\u2003"


@pages.get("/organisations/<uuid:organisation_id>/delegations")
@session_only
def delegations(organisation_id: UUID) -> str:
    """Roles given: current, coming and ended."""
    found = service.list_delegations(current_actor())
    groups = {phase: [each for each in found if each.phase is phase] for phase in Phase}
    return render_template("delegations/delegations.html", groups=groups, Phase=Phase)


@pages.route("/organisations/<uuid:organisation_id>/delegations/new", methods=["GET", "POST"])
@session_only
def give(organisation_id: UUID) -> Response | tuple[str, int]:
    """Give a role for a folder and a time."""
    form = Form(GiveSchema, {"starts_on": datetime.now(ZONE).date().isoformat()})
    if form.valid:
        with form.catching():
            service.give_delegation(current_actor(), **form.data)
            flash(gettext("The role was given."), "ok")
            return redirect(url_for(".delegations", organisation_id=organisation_id), 303)
    choices = service.list_choices(current_actor())
    return render_template(
        "delegations/give.html",
        form=form,
        members=[(row.id, f"{row.person_name} ({row.person_email})") for row in choices.members],
        folders=[(row.id, _INDENT * (row.depth - 1) + row.name) for row in choices.folders],
        roles=[
            {"value": role.value, "label": role_label(role), "hint": gettext(ROLE_MEANINGS[role])}
            for role in GIVABLE_ROLES
        ],
    ), form.status


@pages.post("/organisations/<uuid:organisation_id>/delegations/<uuid:delegation_id>/revoke")
@session_only
def revoke(organisation_id: UUID, delegation_id: UUID) -> Response:
    """Take a role back at once."""
    service.revoke_delegation(current_actor(), delegation_id)
    flash(gettext("The role was taken back."), "ok")
    return redirect(url_for(".delegations", organisation_id=organisation_id), 303)
