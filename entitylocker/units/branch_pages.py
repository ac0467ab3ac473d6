"""Branches: which member administers which part of the tree, and giving one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Role
from entitylocker.organisations.rules import ROLE_MEANINGS
from entitylocker.units import service
from entitylocker.units.blueprint import pages
from entitylocker.units.presenting import unit_options, words
from entitylocker.units.rules import Phase
from entitylocker.units.schemas import BranchSchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.formats import ZONE
from entitylocker.web.forms import Form


@pages.get("/organisations/<uuid:organisation_id>/branches")
@session_only
def branches(organisation_id: UUID) -> str:
    """Branches given to members: current, coming and ended."""
    found = service.list_branches(current_actor())
    groups = {phase: [each for each in found if each.phase is phase] for phase in Phase}
    return render_template("units/branches.html", groups=groups, **words())


@pages.route("/organisations/<uuid:organisation_id>/branches/new", methods=["GET", "POST"])
@session_only
def give_branch(organisation_id: UUID) -> Response | tuple[str, int]:
    """Give a branch to a member."""
    actor = current_actor()
    first = {"starts_on": datetime.now(ZONE).date().isoformat(), "unit_id": request.args.get("unit", "")}
    form = Form(BranchSchema, first)
    if form.valid:
        with form.catching():
            service.give_branch(actor, **form.data)
            flash(gettext("The branch was given. The person was told by mail."), "ok")
            return redirect(url_for(".branches", organisation_id=organisation_id), 303)
    members = service.list_own_members(actor)
    return render_template(
        "units/give_branch.html",
        form=form,
        members=[(row.id, f"{row.person_name} ({row.person_email})") for row in members],
        units=unit_options([unit for unit in service.list_children(actor) if unit.agreed]),
        meaning=gettext(ROLE_MEANINGS[Role.BRANCH_ADMINISTRATOR]),
    ), form.status


@pages.post("/organisations/<uuid:organisation_id>/branches/<uuid:branch_id>/revoke")
@session_only
def revoke_branch(organisation_id: UUID, branch_id: UUID) -> Response:
    """Take a branch back at once."""
    service.revoke_branch(current_actor(), branch_id)
    flash(gettext("The branch was taken back."), "ok")
    return redirect(url_for(".branches", organisation_id=organisation_id), 303)
