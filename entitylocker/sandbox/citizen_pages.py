"""The sandbox locker's own pages: who is there, what each person agreed to, and the switches for faults."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from entitylocker.sandbox.citizen_faults import CALLS, FAULTS
from entitylocker.sandbox.citizen_house import house
from entitylocker.sandbox.citizen_people import CITIZENS, Citizen, find_citizen

pages = Blueprint("citizen_pages", __name__)


@pages.get("/")
def start() -> str:
    """What this is, and who is there."""
    return render_template("sandbox/citizen/start.html", citizens=CITIZENS, on=house().faults.list_on())


@pages.get("/people/<key>")
def person(key: str) -> str:
    """One person: facts, papers, and the applications that were let in."""
    citizen = _citizen(key)
    grants = house().grants.list_of(citizen)
    return render_template(
        "sandbox/citizen/person.html",
        citizen=citizen,
        papers=house().shelves.papers(citizen),
        uploads=house().shelves.uploads(citizen),
        grants=[(grant, house().clients.find(grant.client_id), _moment(grant.ends_at)) for grant in grants],
        now=house().clock(),
    )


@pages.post("/people/<key>/withdraw")
def withdraw(key: str) -> Response:
    """The person takes a consent back."""
    _own_form()
    citizen = _citizen(key)
    house().grants.withdraw(citizen, request.form.get("grant", ""))
    return redirect(f"/people/{citizen.key}", 303)


@pages.get("/faults")
def faults() -> str:
    """The switches."""
    return render_template("sandbox/citizen/faults.html", faults=FAULTS, calls=CALLS, on=house().faults.list_on())


@pages.post("/faults")
def switch() -> Response:
    """Turn one of them on, or all off."""
    _own_form()
    form = request.form
    if form.get("act") == "off":
        house().faults.switch_off(form.get("fault") or None)
        return redirect("/faults", 303)
    times, seconds = form.get("times", type=int), form.get("seconds", 5.0, type=float)
    try:
        house().faults.switch_on(form.get("fault", ""), form.get("call", "any"), times=times or None, seconds=seconds)
    except KeyError:
        abort(400)
    return redirect("/faults", 303)


@pages.get("/signin/logout/Y")
def log_out() -> Response:
    """The browser's sign-in ends. Nobody is ever signed in here, so it leads back at once, to a registered address."""
    client, address = house().clients.find(request.args.get("client_id")), request.args.get("redirect_uri", "")
    if client is None or address not in client.redirect_uris:
        return redirect("/", 303)
    mark = "&" if "?" in address else "?"
    return redirect(f"{address}{mark}error=user_loggedout&error_description=user", 302)


def _citizen(key: str) -> Citizen:
    citizen = find_citizen(key)
    if citizen is None:
        abort(404)
    return citizen


def _own_form() -> None:
    """Forms of other sites change nothing."""
    if not hmac.compare_digest(request.form.get("form_token", "").encode(), house().form_token.encode()):
        abort(400)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
