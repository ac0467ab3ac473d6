"""Pages: signing in through an organisation's provider, connecting it to one's account, the organisation's settings."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Actor
from entitylocker.accounts.browsers import begin_session, visit
from entitylocker.accounts.openers import Opener
from entitylocker.accounts.throttling import limit_addresses
from entitylocker.extensions import limiter, utc_now
from entitylocker.federation import arrivals, overview, providers, tokens
from entitylocker.federation import connections as own_connections
from entitylocker.federation.arrivals import Trip
from entitylocker.federation.providers import Provider
from entitylocker.federation.rules import GROUP_ROLES, TOLD_BEFORE, days_left
from entitylocker.federation.schemas import GroupRoleSchema, ProviderSchema, TokenSchema, WaySchema
from entitylocker.web.actors import current_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.display import local_path
from entitylocker.web.forms import Form
from entitylocker.web.links import link_to

pages = Blueprint("federation", __name__)
_TRIP = "provider_trip"
_PROVED = "provider_proved"


@pages.route("/sign-in/through", methods=["GET", "POST"])
@open_to_all("this is how one becomes somebody")
@limit_addresses("60 per minute; 600 per hour")
def choose() -> Response | tuple[str, int]:
    """Say through which organisation's sign-in one comes."""
    form = Form(WaySchema, {"next": local_path(request.args.get("next")) or ""})
    next_page = local_path(form.values.get("next")) or None
    if form.valid:
        with form.catching():
            return redirect(url_for(".go", slug=providers.find_way(form.data["way"]).slug, next=next_page), 303)
    return render_template("federation/choose.html", form=form, next_page=next_page), form.status


@pages.get("/sign-in/through/<slug>")
@open_to_all("this is how one becomes somebody")
@limiter.limit("60 per minute; 600 per hour")
def way(slug: str) -> str:
    """The way in of an organisation: who answers there, and a button. Nothing begins by following a link.

    Else another site could sign its visitors in as somebody else (login CSRF), or out of the account they are in.
    """
    next_page = local_path(request.args.get("next")) or None
    return render_template("federation/way.html", provider=providers.get_provider(slug), next_page=next_page)


@pages.post("/sign-in/through/<slug>")
@open_to_all("this is how one becomes somebody")
@limiter.limit("60 per minute; 600 per hour")
def go(slug: str) -> Response:
    """Go to the provider of an organisation to sign in there."""
    provider = providers.get_provider(slug)
    url, trip = arrivals.set_out(provider, next_page=local_path(request.form.get("next")) or "")
    return _lead_to(provider, url, trip)


def _lead_to(provider: Provider, url: str, trip: Trip) -> Response:
    """Send the browser to a provider by a page that leads on at once, and by its link where it does not.

    Not by a redirect: browsers hold a page's form-action against those, and against every further one over there.
    """
    session[_TRIP] = trip.to_json()
    answer = make_response(render_template("federation/leading.html", provider=provider, url=url))
    answer.headers["Refresh"] = f"0; url={url}"
    return answer


@pages.get("/sign-in/through/<slug>/back")
@open_to_all("the provider says who it is; the trip in the browser's cookie says that it was asked")
@limiter.limit("60 per minute; 600 per hour")
def come_back(slug: str) -> Response:
    """Come back from the provider of an organisation."""
    provider = providers.get_provider(slug)
    trip, claims = arrivals.arrive(provider, session.pop(_TRIP, None), request.args.to_dict())
    if trip.person_id is None:
        begin_session(arrivals.sign_in_through(provider, claims, visit()))
        return redirect(trip.next or url_for("organisations.overview", organisation_id=provider.organisation_id), 303)
    session[_PROVED] = own_connections.prove(provider, trip, claims).to_json()
    return redirect(url_for(".confirm"), 303)


@pages.get("/account/sign-ins")
@session_only
def connections() -> str:
    """The sign-ins of one's organisations, connected or not."""
    return render_template("federation/connections.html", connections=own_connections.list_connections(current_actor()))


def connected_sign_ins(actor: Actor) -> list[Opener]:
    """The sign-ins of organisations that open the actor's place there, for the page about their account's security."""
    return [
        Opener(
            gettext("Sign-in of %(organisation)s, as %(who)s", organisation=each.organisation_name, who=each.called),
            each.since,
            url_for("federation.connections"),
        )
        for each in own_connections.list_connections(actor)
        if each.called is not None
    ]


@pages.post("/account/sign-ins/<slug>/try")
@session_only
@limiter.limit("60 per minute; 600 per hour")
def try_connection(slug: str) -> Response:
    """Go to a provider to find out as whom it knows one. Nothing is connected before one has seen that."""
    actor = current_actor()
    own_connections.may_connect(actor)
    provider = providers.get_provider(slug)
    url, trip = arrivals.set_out(provider, person_id=actor.person_id)
    return _lead_to(provider, url, trip)


@pages.get("/account/sign-ins/confirm")
@session_only
def confirm() -> str:
    """As whom a provider knows one, before that is connected to the account."""
    proved = own_connections.read_proved(current_actor(), session.get(_PROVED))
    return render_template("federation/confirm.html", proved=proved)


@pages.post("/account/sign-ins/confirm")
@session_only
def connect() -> Response:
    """Connect what a provider knows one as."""
    proved = own_connections.read_proved(current_actor(), session.get(_PROVED))
    own_connections.connect(current_actor(), providers.get_provider(proved.slug), proved)
    session.pop(_PROVED, None)
    flash(gettext("The sign-in of %(name)s is connected to your account.", name=proved.organisation_name), "ok")
    return redirect(url_for(".connections"), 303)


@pages.post("/account/sign-ins/<uuid:provider_id>/disconnect")
@session_only
def disconnect(provider_id: UUID) -> Response:
    """Disconnect a provider from one's account."""
    own_connections.disconnect(current_actor(), provider_id)
    flash(gettext("The sign-in is disconnected. Sessions that it opened have ended."), "ok")
    return redirect(url_for(".connections"), 303)


@pages.get("/organisations/<uuid:organisation_id>/directory")
@session_only
def directory(organisation_id: UUID) -> str:
    """The organisation's own sign-in and directory."""
    return _directory_page(Form(ProviderSchema), Form(TokenSchema))


def _directory_page(provider_form: Form, token_form: Form) -> str:
    return render_template(
        "federation/directory.html",
        found=overview.get_overview(current_actor()),
        provider_form=provider_form,
        token_form=token_form,
        group_roles=GROUP_ROLES,
        scim_address=link_to("scim.serve").rstrip("/"),
        return_address=providers.return_address,
        left_of=lambda token: days_left(token.expires_at, utc_now()),
        warned_from=TOLD_BEFORE.days,
    )


@pages.post("/organisations/<uuid:organisation_id>/directory/providers")
@session_only
@limiter.limit("20 per hour", methods=["POST"])
def set_up_provider(organisation_id: UUID) -> Response | tuple[str, int]:
    """Set up the organisation's own sign-in."""
    form = Form(ProviderSchema)
    if form.valid:
        with form.catching():
            providers.set_up_provider(current_actor(), **form.data)
            flash(gettext("The sign-in is set up. Connect your own account first, to try it."), "ok")
            return redirect(url_for(".directory", organisation_id=organisation_id), 303)
    form.values.pop("client_secret", None)
    return _directory_page(form, Form(TokenSchema, {"name": ""})), form.status


@pages.post("/organisations/<uuid:organisation_id>/directory/providers/<uuid:provider_id>/end")
@session_only
def end_provider(organisation_id: UUID, provider_id: UUID) -> Response:
    """End the organisation's own sign-in."""
    providers.end_provider(current_actor(), provider_id)
    flash(gettext("Nobody signs in through it any more. Sessions that it opened have ended."), "ok")
    return redirect(url_for(".directory", organisation_id=organisation_id), 303)


@pages.post("/organisations/<uuid:organisation_id>/directory/tokens")
@session_only
def issue_token(organisation_id: UUID) -> tuple[str, int]:
    """Issue a token for the directory. The answer shows it, once."""
    form = Form(TokenSchema)
    if form.valid:
        issued = tokens.issue_token(current_actor(), form.data["name"])
        scim_address = link_to("scim.serve").rstrip("/")
        return render_template("federation/token.html", issued=issued, scim_address=scim_address), 201
    return _directory_page(Form(ProviderSchema, {}), form), form.status


@pages.post("/organisations/<uuid:organisation_id>/directory/tokens/<uuid:token_id>/revoke")
@session_only
def revoke_token(organisation_id: UUID, token_id: UUID) -> Response:
    """End a token of the directory."""
    tokens.revoke_token(current_actor(), token_id)
    flash(gettext("The token was ended. The directory can change nothing here any more."), "ok")
    return redirect(url_for(".directory", organisation_id=organisation_id), 303)


@pages.post("/organisations/<uuid:organisation_id>/directory/groups/<uuid:group_id>/role")
@session_only
def set_group_role(organisation_id: UUID, group_id: UUID) -> Response:
    """Decide which role a group of the directory means."""
    form = Form(GroupRoleSchema)
    if form.valid:
        overview.set_group_role(current_actor(), group_id, form.data["role"])
        flash(gettext("Saved. The members of the group have the role now."), "ok")
    return redirect(url_for(".directory", organisation_id=organisation_id), 303)
