"""Pages of an organisation: choosing, registering, overview."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.audit.service import list_recent
from entitylocker.audit.tags import LABELS
from entitylocker.organisations import (
    identity_pages,
    invitation_pages,
    inviting_pages,
    life_pages,
    people_pages,
    proposal_pages,
    role_pages,
    second_factor_pages,
    service,
)
from entitylocker.organisations.blueprint import pages
from entitylocker.organisations.entrances import list_entrances
from entitylocker.organisations.identity_pages import uploaded_letter
from entitylocker.organisations.invitation_pages import forget_way_back, way_back
from entitylocker.organisations.presenting import (
    attention,
    first_steps,
    identifier_choices,
    identifier_helps,
    kind_choices,
)
from entitylocker.organisations.schemas import RegisterSchema
from entitylocker.web.actors import current_actor, current_person
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.forms import Form

# Importing these modules adds their routes.
__all__ = [
    "identity_pages",
    "invitation_pages",
    "inviting_pages",
    "life_pages",
    "pages",
    "people_pages",
    "proposal_pages",
    "role_pages",
    "second_factor_pages",
]


@pages.get("/")
@open_to_all("who is not signed in is sent to sign in")
def start() -> Response:
    """Where one begins: the only organisation one belongs to, else the choice."""
    if not current_user.is_authenticated:
        return redirect(url_for("accounts.sign_in"), 303)
    back = way_back()
    if back is not None:
        return forget_way_back(redirect(back, 303))
    if current_user.limited_to is not None:
        return redirect(url_for(".overview", organisation_id=current_user.limited_to), 303)
    found = service.list_my_organisations(current_user.person_id)
    if len(found) == 1:
        return redirect(url_for(".overview", organisation_id=found[0].organisation_id), 303)
    if not found and current_user.is_operator:
        return redirect(url_for("operator.approvals"), 303)
    return redirect(url_for(".mine"), 303)


@pages.get("/organisations")
@session_only
def mine() -> Response | str:
    """Choose an organisation, or register one. A session that counts for one organisation has nothing to choose."""
    person = current_person()
    if person.limited_to is not None:
        return redirect(url_for(".overview", organisation_id=person.limited_to), 303)
    return render_template(
        "organisations/mine.html",
        organisations=service.list_my_organisations(person.person_id),
        invitations=service.list_my_invitations(person.person_id),
        entrances=list_entrances(person.person_id),
    )


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
        "organisations/register.html",
        form=form,
        kinds=kind_choices(),
        identifier_kinds=identifier_choices(),
        helps=identifier_helps(),
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
