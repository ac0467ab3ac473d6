"""The page on which an organisation asks its members for a second factor."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.accounts.methods import is_strong
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.second_factor import (
    get_second_factor_rule,
    list_unready_members,
    require_second_factor,
    waive_second_factor,
)
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import session_only


@pages.get("/organisations/<uuid:organisation_id>/second-factor")
@session_only
def second_factor(organisation_id: UUID) -> str:
    """Whether a second factor is asked for, who is ready, and what happens to who is not."""
    actor = current_actor()
    decides = bool(decide(actor, Permission.ORGANISATION_MANAGE, actor.facts))
    return render_template(
        "organisations/second_factor.html",
        unready=list_unready_members(actor) if decides else None,
        rule=get_second_factor_rule(actor),
        has_own=is_strong(current_person().amr),
    )


@pages.post("/organisations/<uuid:organisation_id>/second-factor")
@session_only
def set_second_factor(organisation_id: UUID) -> Response:
    """Ask for it, or ask no more."""
    if request.form.get("required") == "yes":
        require_second_factor(current_actor(), has_own=is_strong(current_person().amr))
        flash(gettext("A second factor is asked for from now on. All members were written to."), "ok")
    else:
        waive_second_factor(current_actor())
        flash(gettext("A second factor is not asked for any more."), "ok")
    return redirect(url_for("organisations.second_factor", organisation_id=organisation_id), 303)
