"""Signing in with a passkey, and the second step after a password."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from entitylocker.accounts import second_step as steps
from entitylocker.accounts.assertions import assertion_options, verify_assertion
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.browsers import begin_session, browser_mark, leave, visit
from entitylocker.accounts.challenges import Purpose
from entitylocker.accounts.errors import SecondStepRequired, TicketEnded
from entitylocker.accounts.other_ways import list_other_ways
from entitylocker.accounts.relying_party import find_relying_party
from entitylocker.accounts.schemas import PasskeySchema, SecondStepSchema
from entitylocker.accounts.signing import open_for
from entitylocker.accounts.throttling import limit_addresses
from entitylocker.web.arrival import open_to_all
from entitylocker.web.display import local_path
from entitylocker.web.forms import Form


def passkey_place() -> dict[str, Any]:
    """Whether passkeys work in this installation, and at which origin: the page's script looks whether it is there.

    Behind a proxy the locker itself does not know under which name it was reached.
    """
    party = find_relying_party()
    return {"works": party is not None, "origin": party.origin if party else ""}


def show_sign_in(form: Form) -> tuple[str, int]:
    """The page for signing in, with what was wrong."""
    page = render_template("accounts/sign_in.html", form=form, place=passkey_place(), other_ways=list_other_ways())
    return page, form.status


@pages.post("/sign-in/passkey/options")
@open_to_all("this is how one becomes somebody")
@limit_addresses("120 per minute; 1200 per hour")
def passkey_options() -> Response:
    """What the browser is to ask its passkeys."""
    return jsonify(assertion_options(Purpose.SIGN_IN, browser_mark()))


@pages.post("/sign-in/passkey")
@open_to_all("this is how one becomes somebody")
@limit_addresses("60 per minute; 600 per hour")
def passkey() -> Response | tuple[str, int]:
    """Sign in with what a passkey answered: that is both factors in one."""
    form = Form(PasskeySchema)
    if form.valid:
        with form.catching():
            proof = verify_assertion(form.data["credential"], Purpose.SIGN_IN, browser_mark())
            begin_session(open_for(proof.person_id, visit(), proof.amr, epoch=proof.epoch))
            return redirect(local_path(form.data["next"]) or "/", 303)
    return show_sign_in(form)


@pages.app_errorhandler(SecondStepRequired)
def ask_second_step(required: SecondStepRequired) -> Response:
    """Whichever way somebody came: the ticket into the cookie, and to the page of the second step."""
    onward = local_path(request.values.get("next")) or "/"
    leave()
    session["ticket"], session["onward"] = required.ticket, onward
    return redirect(url_for("accounts.second_step"), 303)


@pages.route("/sign-in/second-step", methods=["GET", "POST"])
@open_to_all("the ticket of the first step is the proof")
@limit_addresses("60 per minute; 600 per hour")
def second_step() -> Response | tuple[str, int]:
    """The second step after a password."""
    token = session.get("ticket", "")
    try:
        _ticket, factors = steps.get_step(token)
    except TicketEnded:
        return redirect(url_for(".sign_in", next=session.get("onward")), 303)
    form = Form(SecondStepSchema)
    if form.valid:
        with form.catching():
            onward = local_path(session.get("onward")) or "/"
            begin_session(steps.finish_sign_in(token, steps.SecondFactor(**form.data), browser_mark(), visit()))
            return redirect(onward, 303)
    page = render_template("accounts/second_step.html", form=form, factors=factors, place=passkey_place())
    return page, form.status


@pages.post("/sign-in/second-step/options")
@open_to_all("the ticket of the first step is the proof")
@limit_addresses("120 per minute; 1200 per hour")
def second_step_options() -> Response:
    """What the browser is to ask the passkeys of the ticket's person."""
    ticket, _factors = steps.get_step(session.get("ticket", ""))
    return jsonify(assertion_options(Purpose.SECOND_STEP, browser_mark(), ticket.person_id))
