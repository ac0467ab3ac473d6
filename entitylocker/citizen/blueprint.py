"""The blueprint of this room, and what the browser keeps while it is away at a citizen locker."""

from __future__ import annotations

import hashlib

from flask import Blueprint, redirect, session
from werkzeug.wrappers import Response

from entitylocker.citizen.visits import Departure

pages = Blueprint("citizen", __name__)

_AWAY = "citizen_visits"
_MOST_AWAY = 4


def send_away(departure: Departure) -> Response:
    """Send the browser to the citizen locker; its half of the visit stays in its session cookie."""
    visits = dict(list(session.get(_AWAY, {}).items())[-(_MOST_AWAY - 1) :])
    session[_AWAY] = {**visits, _name(departure.state): departure.browser_secret}
    return redirect(departure.address, 303)


def take_secret(state: str) -> str | None:
    """What this browser kept for the visit of `state`; only once."""
    visits = dict(session.get(_AWAY, {}))
    found = visits.pop(_name(state), None)
    session[_AWAY] = visits
    return found


def _name(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]
