"""The consent page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from entitylocker.access import Actor, Reason
from entitylocker.consents.rights import obstacle
from entitylocker.consents.service import list_choices
from entitylocker.consents.terms import AskedType, Terms
from entitylocker.errors import NotFound
from entitylocker.oauth import service
from entitylocker.oauth.endpoints import endpoints
from entitylocker.oauth.schemas import AnswerSchema
from entitylocker.organisations.service import MyOrganisation, list_my_organisations
from entitylocker.portals.addresses import host_of
from entitylocker.web.actors import loaders, person_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.display import select_language
from entitylocker.web.errors import REASONS
from entitylocker.web.forms import Form
from entitylocker.web.headers import allow_form_action

pages = Blueprint("oauth", __name__)
pages.register_blueprint(endpoints)


@dataclass(frozen=True)
class Acting:
    """For whom the person answers, and what stands in the way of a yes, if anything does."""

    organisations: list[MyOrganisation]
    actor: Actor | None
    obstacle: Reason | None


@pages.route("/oauth/authorize", methods=["GET", "POST"])
@session_only
def authorize() -> Response | tuple[str, int]:
    """Show what a portal asks, and take the answer."""
    person = person_actor()
    client_id, request_uri = request.values.get("client_id", ""), request.values.get("request_uri", "")
    form = Form(AnswerSchema)
    if form.valid:
        with form.catching():
            return redirect(_answer(person, client_id, request_uri, form.data), 303)
    question = service.get_question(person, client_id, request_uri)
    acting = _acting(person, form.data.get("organisation_id") or _wanted_organisation())
    allow_form_action(question.redirect_uri)
    page = render_template(
        "oauth/authorize.html",
        form=form,
        question=question,
        terms=question.terms,
        acting=acting,
        asked=_asked(acting, question.terms),
        ticked=set(request.form.getlist("documents")),
        host=host_of(question.terms.portal_homepage),
        reasons=REASONS,
        language=select_language(),
    )
    return page, form.status


def _answer(person: Actor, client_id: str, request_uri: str, data: dict[str, object]) -> str:
    """Take the answer for the organisation that was chosen. Where to send the browser."""
    organisation_id = data["organisation_id"]
    if organisation_id is None:
        if data["decision"] == "deny":
            return service.decline_request(person, client_id, request_uri)
        raise NotFound
    actor = _member(person, organisation_id)  # type: ignore[arg-type]
    if data["decision"] == "deny":
        return service.deny_request(actor, client_id, request_uri)
    return service.allow_request(actor, client_id, request_uri, data["documents"])  # type: ignore[arg-type]


def _member(person: Actor, organisation_id: UUID) -> Actor:
    assert loaders.member is not None and person.person_id is not None and person.session_id is not None
    actor = loaders.member(person.person_id, person.session_id, organisation_id)
    if actor is None:
        raise NotFound
    return actor


def _wanted_organisation() -> UUID | None:
    """The organisation that the person switched to. Anything but an id chooses none."""
    try:
        return UUID(request.args.get("organisation_id", ""))
    except ValueError:
        return None


def _acting(person: Actor, wanted: UUID | None) -> Acting:
    """The organisation asked for, else the first that could consent, else the first."""
    assert person.person_id is not None
    found = list_my_organisations(person.person_id)
    mine = [each for each in found if person.limited_to in (None, each.organisation_id)]
    if wanted is not None:
        actor = _member(person, wanted)
        return Acting(mine, actor, obstacle(actor))
    actors = [_member(person, organisation.organisation_id) for organisation in mine]
    able = [actor for actor in actors if obstacle(actor) is None]
    first = next(iter(able or actors), None)
    return Acting(mine, first, obstacle(first) if first is not None else None)


def _asked(acting: Acting, terms: Terms) -> list[AskedType]:
    if acting.actor is None or acting.obstacle is not None:
        return []
    return list_choices(acting.actor, terms)
