"""Agencies: letters by which one organisation acts for another, on both sides, and who acts by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response as Download
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Permission, decide
from entitylocker.extensions import limiter
from entitylocker.organisations.rules import ROLE_MEANINGS
from entitylocker.units import service
from entitylocker.units.blueprint import pages
from entitylocker.units.presenting import needed_letter, words
from entitylocker.units.rules import AGENCY_ROLES, Phase
from entitylocker.units.schemas import AgencySchema, AgentSchema, ConfirmSchema
from entitylocker.units.tree_pages import ASKS, asker
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.downloads import disposition
from entitylocker.web.formats import ZONE
from entitylocker.web.forms import Form
from entitylocker.web.shell import role_label


@pages.get("/organisations/<uuid:organisation_id>/agencies")
@session_only
def agencies(organisation_id: UUID) -> str:
    """Who acts for the organisation, for whom it acts, and what waits for a yes."""
    actor = current_actor()
    found = service.list_authorisations(actor)
    open_ones = [each for each in found if each.phase is not Phase.ENDED]
    return render_template(
        "units/agencies.html",
        for_us=[each for each in open_ones if each.ours],
        by_us=[each for each in open_ones if not each.ours],
        ended=[each for each in found if each.phase is Phase.ENDED],
        code=service.find_code(actor),
        **words(),
    )


@pages.route("/organisations/<uuid:organisation_id>/agencies/offer", methods=["GET", "POST"])
@session_only
@limiter.limit(ASKS, key_func=asker, methods=["POST"])
def offer(organisation_id: UUID) -> Response | tuple[str, int]:
    """As a department: let an agency act."""
    return _propose(organisation_id, service.offer_authorisation, as_agency=False)


@pages.route("/organisations/<uuid:organisation_id>/agencies/propose", methods=["GET", "POST"])
@session_only
@limiter.limit(ASKS, key_func=asker, methods=["POST"])
def propose(organisation_id: UUID) -> Response | tuple[str, int]:
    """As an agency: ask a department to be let act."""
    return _propose(organisation_id, service.propose_authorisation, as_agency=True)


def _propose(organisation_id: UUID, act: Callable[..., UUID], *, as_agency: bool) -> Response | tuple[str, int]:
    actor = current_actor()
    form = Form(AgencySchema, {"starts_on": datetime.now(ZONE).date().isoformat()})
    if form.valid:
        with form.catching():
            data = dict(form.data)
            made = act(actor, code=data.pop("organisation_code"), terms=service.Terms(**data), letter=needed_letter())
            flash(gettext("The letter was sent to the other side. It counts once they say yes."), "ok")
            return redirect(url_for(".agency", organisation_id=organisation_id, authorisation_id=made), 303)
    folders = service.list_choices(actor)
    return render_template(
        "units/agency_new.html",
        form=form,
        as_agency=as_agency,
        roles=[
            {"value": role.value, "label": role_label(role), "hint": gettext(ROLE_MEANINGS[role])}
            for role in AGENCY_ROLES
        ],
        folders=[] if as_agency else _options(folders),
    ), form.status


def _options(folders: list[Any]) -> list[tuple[str, str]]:
    return [(str(folder.id), folder.name) for folder in folders]


@pages.get("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>")
@session_only
def agency(organisation_id: UUID, authorisation_id: UUID) -> str:
    """One letter: its terms, who said yes, who acts by it."""
    return _agency_page(authorisation_id, Form(ConfirmSchema))


def _agency_page(authorisation_id: UUID, form: Form) -> str:
    actor = current_actor()
    found = service.get_authorisation(actor, authorisation_id)
    may = bool(decide(actor, Permission.AUTHORISATION_MANAGE, actor.facts))
    names = may and not found.ours and found.phase is not Phase.ENDED
    return render_template(
        "units/agency.html",
        letter=found,
        agents=service.list_agents(actor, authorisation_id),
        members=[(row.id, row.person_name) for row in service.list_agents_to_name(actor)] if names else [],
        folders=_options(service.list_choices(actor)) if may and found.ours and found.waits_for_us else [],
        form=form,
        may=may,
        meaning=gettext(ROLE_MEANINGS[found.role]),
        **words(),
    )


@pages.get("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/letter")
@session_only
def letter(organisation_id: UUID, authorisation_id: UUID) -> Download:
    """The letter itself, to be saved and read."""
    found = service.open_letter(current_actor(), authorisation_id)
    response = Download(found.pieces, mimetype="application/pdf")
    response.content_length = found.size
    # Hostile until shown otherwise: never opened inside this site.
    response.headers["Content-Disposition"] = disposition(found.name)
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


def _then(organisation_id: UUID, authorisation_id: UUID, text: str) -> Response:
    flash(text, "ok")
    return redirect(url_for(".agency", organisation_id=organisation_id, authorisation_id=authorisation_id), 303)


def _attempt(form: Form, organisation_id: UUID, authorisation_id: UUID, act: Callable[[], Any], done: str) -> Any:
    if form.valid:
        with form.catching():
            act()
            return _then(organisation_id, authorisation_id, done)
    return _agency_page(authorisation_id, form), form.status


@pages.post("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/confirm")
@session_only
def confirm(organisation_id: UUID, authorisation_id: UUID) -> Response | tuple[str, int]:
    """As the department: say yes."""
    form = Form(ConfirmSchema)
    return _attempt(
        form,
        organisation_id,
        authorisation_id,
        lambda: service.confirm_authorisation(current_actor(), authorisation_id, **form.data),
        gettext("You confirmed the letter. The agency acts on the days it names."),
    )


@pages.post("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/accept")
@session_only
def accept(organisation_id: UUID, authorisation_id: UUID) -> Response:
    """As the agency: take it up."""
    service.accept_authorisation(current_actor(), authorisation_id)
    return _then(organisation_id, authorisation_id, gettext("You accepted the letter. Name now who acts by it."))


@pages.post("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/end")
@session_only
def end_agency(organisation_id: UUID, authorisation_id: UUID) -> Response:
    """End or refuse it, as either side."""
    service.end_authorisation(current_actor(), authorisation_id)
    return _then(organisation_id, authorisation_id, gettext("The letter ended. Nobody acts by it any more."))


@pages.post("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/agents")
@session_only
def name_agent(organisation_id: UUID, authorisation_id: UUID) -> Response | tuple[str, int]:
    """As the agency: name who acts."""
    form = Form(AgentSchema)
    return _attempt(
        form,
        organisation_id,
        authorisation_id,
        lambda: service.name_agent(current_actor(), authorisation_id, form.data["membership_id"]),
        gettext("The person was named, and told by mail."),
    )


@pages.post("/organisations/<uuid:organisation_id>/agencies/<uuid:authorisation_id>/agents/<uuid:agent_id>/end")
@session_only
def end_agent(organisation_id: UUID, authorisation_id: UUID, agent_id: UUID) -> Response:
    """As the agency: somebody acts no longer."""
    service.end_agent(current_actor(), authorisation_id, agent_id)
    return _then(organisation_id, authorisation_id, gettext("The person acts by this letter no longer."))
