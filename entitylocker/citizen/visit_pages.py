"""Going to a citizen locker and coming back from it: to link it, or to sign in."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from entitylocker.access import Actor
from entitylocker.accounts.browsers import begin_session
from entitylocker.accounts.browsers import visit as this_browser
from entitylocker.accounts.openers import Opener
from entitylocker.accounts.other_ways import OtherWay
from entitylocker.accounts.throttling import limit_addresses
from entitylocker.citizen import service
from entitylocker.citizen.blueprint import pages, send_away, take_secret
from entitylocker.citizen.errors import NotLinkedYet, VisitEndedWithout
from entitylocker.citizen.lockers import LockerEntry
from entitylocker.citizen.states import Purpose
from entitylocker.citizen.visits import Return
from entitylocker.web.actors import current_actor, person_actor
from entitylocker.web.arrival import open_to_all, session_only
from entitylocker.web.errors import words

_LONGEST = 2048


def ways_to_sign_in() -> list[OtherWay]:
    """A way for each citizen locker that is set up, for the sign-in page."""
    return [
        OtherWay(
            label=gettext("Sign in with %(locker)s", locker=entry.name),
            action=url_for("citizen.begin_sign_in", locker_key=entry.key),
            origin=entry.origin,
            icon="id-card",
        )
        for entry in service.list_lockers()
    ]


def linked_lockers(actor: Actor) -> list[Opener]:
    """The citizen lockers that open the actor's account, for the page about its security."""
    page = url_for("citizen.links")
    return [
        Opener(gettext("%(locker)s, as %(name)s", locker=link.locker_name, name=link.name), link.proved_at, page)
        for link in service.list_links(actor)
    ]


@pages.post("/account/citizen/links/<locker_key>/begin")
@session_only
def begin_link(locker_key: str) -> Response:
    """Set out to link a citizen locker."""
    return send_away(service.begin_link(current_actor(), locker_key))


@pages.post("/citizen/<locker_key>/sign-in")
@open_to_all("this is how one becomes somebody")
@limit_addresses("60 per minute; 600 per hour")
def begin_sign_in(locker_key: str) -> Response:
    """Set out to sign in with a citizen locker."""
    return send_away(service.begin_sign_in(locker_key))


@pages.get("/citizen/<locker_key>/callback")
@open_to_all("who comes back is known by the two halves of the visit that was begun in this browser")
@limit_addresses("60 per minute; 600 per hour")
def callback(locker_key: str) -> Response:
    """Back from a citizen locker: the one address that it, and no other, sends people to."""
    entry = service.get_locker(locker_key)
    state = _argument("state")
    visit = service.arrive(entry, Return(state, take_secret(state)))
    code = _argument("code")
    if not code or "error" in request.args:
        raise VisitEndedWithout
    return _sign_in(entry, visit, code) if visit.purpose is Purpose.SIGN_IN else _link(entry, visit, code)


def _argument(name: str) -> str:
    """A parameter that came once; twice is a trick, and counts as none."""
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= _LONGEST else ""


def _link(entry: LockerEntry, visit: Any, code: str) -> Response:
    view = service.finish_link(person_actor(), entry, visit, code)
    flash(gettext("Your account is linked with %(locker)s.", locker=view.locker_name), "ok")
    return redirect(url_for(".links"), 303)


def _sign_in(entry: LockerEntry, visit: Any, code: str) -> Response:
    try:
        token = service.finish_sign_in(entry, visit, code, this_browser())
    except NotLinkedYet as nobody:
        flash(f"{words(nobody)} {gettext(nobody.advice)}", "warn")
        return redirect(url_for("accounts.sign_in"), 303)
    begin_session(token)
    return redirect("/", 303)
