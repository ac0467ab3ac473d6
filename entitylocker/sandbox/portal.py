"""The sample e-tender portal: a site of its own that asks organisations for documents through the locker."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, g, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.sandbox.faults import Declined, PortalFault, Untrustworthy
from entitylocker.sandbox.fetching import fetch_all
from entitylocker.sandbox.portal_client import PortalClient
from entitylocker.sandbox.questions import LEAST_VERDICTS, TYPES, Unanswerable, first_answers, read_question
from entitylocker.sandbox.visits import IDLE_SECONDS, Visit, Visits
from entitylocker.sandbox.wording import moment, refusal_words, verdict_words

# Not "session": all ports of a host share their cookies, and the locker may live on another port of this one.
COOKIE = "sample_portal_visit"
CALLBACK = "/callback"

_PACKAGE = Path(__file__).resolve().parents[1]

pages = Blueprint("portal", __name__)


def create_portal_app(*, issuer: str, client_id: str, private_jwk: dict[str, Any], base_url: str) -> Flask:
    """The portal as a Flask application. `issuer` knows it, with the redirect address `base_url` + /callback.

    What it remembers of its visitors is in memory: run it in one process (threads are fine).
    """
    app = Flask(
        __name__,
        template_folder=str(_house("templates")),
        static_folder=str(_house("static") / "css"),
        static_url_path="/css",
    )
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions["portal_client"] = PortalClient(
        issuer=issuer,
        client_id=client_id,
        private_jwk=private_jwk,
        redirect_uri=base_url.rstrip("/") + CALLBACK,
    )
    app.extensions["portal_visits"] = Visits()
    app.extensions["portal_is_https"] = base_url.startswith("https:")
    app.jinja_env.globals.update(verdict_words=verdict_words, refusal_words=refusal_words, moment=moment, types=TYPES)
    app.register_blueprint(pages)
    app.after_request(_secure)
    return app


@pages.get("/")
def start() -> str:
    """The form that asks for documents."""
    return _form(_visit(), first_answers(), ["CINCR", "GSTRC"], {})


@pages.post("/ask")
def ask() -> AnyResponse | tuple[str, int]:
    """Push the request to EntityLocker and send the browser there."""
    visit = _visit_of_form()
    chosen = request.form.getlist("document_types")
    try:
        question = read_question(request.form, chosen)
    except Unanswerable as error:
        return _form(visit, request.form.to_dict(), chosen, error.problems), 422
    pushed = _client().push_request(question)
    visit.ask(question, pushed)
    return redirect(_client().authorization_url(pushed), 303)


@pages.get(CALLBACK)
def callback() -> AnyResponse:
    """The browser is back with an answer: redeem it once, fetch, and leave the code out of the address."""
    visit = _visit()
    answer = request.args.to_dict()
    question, pushed = visit.questions.pop(answer.get("state", ""), (None, None))
    if question is None or pushed is None:
        raise Untrustworthy("This answer does not belong to a question that this browser has open.", code="wrong_state")
    try:
        grant = _client().redeem(answer, pushed)
    except Declined as fault:
        visit.answered(question, "declined")
        visit.fault = fault.facts()
    except PortalFault as fault:
        visit.answered(question, "failed")
        visit.fault = fault.facts()
    else:
        visit.answered(question, "shown")
        visit.grant = grant
        fetch_all(_client(), visit)
    return redirect("/result", 303)


@pages.get("/result")
def result() -> str | AnyResponse:
    """What the portal got, or why it got nothing."""
    visit = _visit()
    if visit.stage in ("start", "asked"):
        return redirect("/", 303)
    page = "sandbox/result.html" if visit.grant is not None else "sandbox/nothing.html"
    return render_template(page, visit=visit, issuer=_client().issuer)


@pages.post("/fetch")
def fetch_again() -> AnyResponse:
    """Fetch everything once more with the access that was given."""
    visit = _visit_of_form()
    fetch_all(_client(), visit)
    return redirect("/result", 303)


@pages.post("/give-back")
def give_back() -> AnyResponse:
    """Give up the access of one's own accord."""
    visit = _visit_of_form()
    if visit.grant is not None:
        _client().revoke(visit.grant)
        visit.given_back = True
    return redirect("/result", 303)


@pages.get("/run.json")
def run() -> Response:
    """What the pages of this browser show, for programs that watch them."""
    return jsonify(_visit().facts())


@pages.get("/jwks.json")
def jwks() -> Response:
    """The public key, to register this portal with a locker."""
    return jsonify(_client().key.public_jwks())


@pages.app_errorhandler(PortalFault)
def show_fault(fault: PortalFault) -> tuple[str, int]:
    """A step that failed outside a run: say so and lead back to the start."""
    status = 400 if isinstance(fault, Untrustworthy) else 502
    return render_template("sandbox/fault.html", fault=fault.facts()), status


def _form(visit: Visit, answers: dict[str, str], chosen: list[str], problems: dict[str, str]) -> str:
    return render_template(
        "sandbox/start.html",
        visit=visit,
        answers=answers,
        chosen=chosen,
        problems=problems,
        least_verdicts=LEAST_VERDICTS,
    )


def _client() -> PortalClient:
    client: PortalClient = current_app.extensions["portal_client"]
    return client


def _visit() -> Visit:
    """The visit of this browser; a new one, with its cookie, for a browser that has none."""
    visits: Visits = current_app.extensions["portal_visits"]
    visit = visits.find(request.cookies.get(COOKIE))
    if visit is None:
        g.new_visit, visit = visits.begin()
    return visit


def _visit_of_form() -> Visit:
    """The visit whose own page sent this form; Untrustworthy for a form from elsewhere."""
    visit = _visit()
    if not hmac.compare_digest(request.form.get("form_token", "").encode(), visit.form_token.encode()):
        raise Untrustworthy("This form is too old, or came from another page. Nothing was sent.", code="wrong_form")
    return visit


def _secure(response: Response) -> Response:
    # Browsers hold form-action against redirects too, and /ask leads to EntityLocker.
    locker = urlsplit(_client().issuer)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {locker.scheme}://{locker.netloc}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/css/"):
        response.headers["Cache-Control"] = "no-store"
    if "new_visit" in g:
        secure: bool = current_app.extensions["portal_is_https"]
        response.set_cookie(
            COOKIE, g.new_visit, max_age=IDLE_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
        )
    return response


def _house(name: str) -> Path:
    """A directory of the package's own files: inside it in a wheel, beside it in a checkout.

    The same rule as the rest of the package, written here because the portal imports nothing of it.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
