"""Before an act with a risk: the page that asks who it is, and the hook that takes the answer out of the request.

The page posts what was sent before to the same address, with its own fields in addition. They are taken out before any
view sees them; with a right answer the view goes on as if nothing had been asked. Passwords and codes that were sent
are not put into the page: the form is shown again, with all else that was typed, and asks for these once more.
"""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response

from entitylocker.accounts.assertions import assertion_options
from entitylocker.accounts.blueprint import pages
from entitylocker.accounts.browsers import browser_mark, renew_login, visit
from entitylocker.accounts.challenges import Purpose
from entitylocker.accounts.confirming import confirm_person
from entitylocker.accounts.factors import find_factors
from entitylocker.accounts.passkey_pages import passkey_place
from entitylocker.accounts.people import on_own_account
from entitylocker.accounts.rules import PASSWORD_MAX
from entitylocker.accounts.second_step import SecondFactor
from entitylocker.accounts.throttling import limit_addresses
from entitylocker.errors import LockerError, SecondFactorRequired, StepUpRequired
from entitylocker.extensions import csrf
from entitylocker.web.actors import person_actor
from entitylocker.web.arrival import session_only
from entitylocker.web.display import local_path
from entitylocker.web.errors import answer, asked_for, is_secret, wants_json, words

_PREFIX = "step_up_"
FIELDS = ("password", "code", "recovery_code", "passkey")
# The names of the fields that were left out of the page.
_AGAIN = f"{_PREFIX}again"
_PLAIN_FORM = "application/x-www-form-urlencoded"


@pages.before_app_request
def take_confirmation() -> Response | tuple[str, int] | None:
    """Take the answer out of a form, check it, and let the request go on in the session that takes its place.

    The form's CSRF token is checked first, also where the address itself asks for none: programs come there with tokens
    of theirs, and no page of another site may make a browser guess. Without a right answer nothing else happens.
    """
    if request.method != "POST" or request.mimetype != _PLAIN_FORM:
        return None
    given = {name: request.form[_PREFIX + name] for name in FIELDS if _PREFIX + name in request.form}
    if not given:
        return None
    csrf.protect()
    g.asked_again = tuple(request.form.getlist(_AGAIN))
    _hide_answer()
    if not current_user.is_authenticated:
        return None
    try:
        renew_login(_confirm(**given))
    except LockerError as wrong:
        if wrong.field is None:
            raise
        return _ask({wrong.field: [words(wrong)]}), 422
    return None


def _hide_answer() -> None:
    """Neither the view nor whatever it shows again or writes down may see the answer."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if not name.startswith(_PREFIX)]
    request.form = ImmutableMultiDict(kept)
    # Made of the form when it is first asked for; a hook before this one may have asked.
    request.__dict__.pop("values", None)


def _confirm(password: str = "", code: str = "", recovery_code: str = "", passkey: str = "") -> str:
    return confirm_person(
        on_own_account(person_actor()),
        password=password[: PASSWORD_MAX + 1],
        shown=SecondFactor(code, recovery_code, passkey),
        browser=browser_mark(),
        visit=visit(),
    )


@pages.app_errorhandler(StepUpRequired)
def ask_to_confirm(required: StepUpRequired) -> Response | tuple[str, int]:
    """A program is told; a page is asked for again afterwards; a form waits in the page that asks."""
    if wants_json():
        return answer(required)
    if request.method != "POST":
        return redirect(url_for("accounts.confirm_session", next=asked_for()), 303)
    if request.mimetype not in (_PLAIN_FORM, ""):
        return render_template("accounts/step_up_file.html", next=_page_of_form()), 403
    return _ask({}), 403


@pages.app_errorhandler(SecondFactorRequired)
def ask_for_factor(required: SecondFactorRequired) -> Response | tuple[str, int]:
    """Whoever has a second factor shows it; whoever has none is led to where one is set up."""
    if wants_json() or request.method != "GET":
        return answer(required)
    if find_factors(person_actor().person_id).any:  # type: ignore[arg-type]
        return redirect(url_for("accounts.confirm_session", next=asked_for()), 303)
    flash(words(required), "warn")
    return redirect(url_for("accounts.security", next=asked_for()), 303)


def _page_of_form() -> str:
    """Where the form with the file stands: at its own address, if that can be looked at."""
    there = current_app.url_map.bind("").allowed_methods(request.path)
    return asked_for() if "GET" in there else "/"


def _ask(problems: dict[str, list[str]]) -> str:
    """The page that asks, with all that was sent before."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    carried = [(name, value) for name, value in sent if not is_secret(name)]
    left_out = {name for name, value in sent if is_secret(name) and value} | set(g.get("asked_again", ()))
    carried += [(_AGAIN, name) for name in sorted(left_out)]
    return render_template("accounts/step_up.html", action=asked_for(), carried=carried, **_ways(problems))


def _ways(problems: dict[str, list[str]]) -> dict[str, Any]:
    person = person_actor()
    assert person.person_id is not None
    return {"problems": problems, "factors": find_factors(person.person_id), "place": passkey_place()}


@pages.route("/account/confirm", methods=["GET", "POST"])
@session_only
def confirm_session() -> Response | str:
    """Confirm that it is still you, then go on to `next`. The hook above has done it when a form comes here."""
    onward = local_path(request.values.get("next")) or "/"
    if request.method == "POST":
        return redirect(onward, 303)
    return render_template("accounts/step_up.html", action=asked_for(), carried=[("next", onward)], **_ways({}))


@pages.post("/account/confirm/options")
@session_only
@limit_addresses("120 per minute; 1200 per hour")
def confirm_options() -> Response:
    """What the browser is to ask the signed-in person's passkeys."""
    return jsonify(assertion_options(Purpose.CONFIRM, browser_mark(), person_actor().person_id))
