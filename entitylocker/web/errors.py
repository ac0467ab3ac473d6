"""One map from errors to answers: RFC 9457 problem JSON for programs, a page that says what to do for people."""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from entitylocker.access import Reason
from entitylocker.errors import (
    N_,
    InvalidInput,
    LockerError,
    NotFound,
    PermissionDenied,
    SameMoment,
    SignInRequired,
    TooManyRequests,
    Unavailable,
)

log = logging.getLogger(__name__)
# Fields with what nobody may read in a page: passwords, codes, answers of a passkey.
_SECRET = re.compile(r"^(.*password.*|codes?|recovery_code|.*secret.*|passkey|credential)$")

REASONS: dict[str, str] = {
    Reason.MEANS: N_("This cannot be done in this way."),
    Reason.LIMITED: N_("You came through the sign-in of one organisation, which counts for that organisation only."),
    Reason.OTHER_ORGANISATION: N_("This belongs to another organisation."),
    Reason.NO_ROLE: N_("None of your roles allows this."),
    Reason.OUT_OF_SCOPE: N_("Your role reaches other folders, not this one."),
    Reason.NOT_YET: N_("Your role for this has not begun yet."),
    Reason.ENDED: N_("Your role for this has ended."),
    Reason.NOT_VERIFIED: N_("Your organisation is not verified yet. Until then it can store and check documents only."),
    Reason.DRAFT: N_("Your organisation is being set up. This can be done as soon as an administrator answers for it."),
    Reason.SUSPENDED: N_("Your organisation is suspended. It can be read and exported, and nothing can be changed."),
    Reason.CLOSED: N_("Your organisation is closed. Its audit trail and its export remain."),
    Reason.NOT_CLOSED: N_("Your organisation is not closed."),
}


class FormExpired(LockerError):
    code = "form_expired"
    status = 400
    message = N_("This form was open for too long, or came from another page. Nothing was changed.")
    advice = N_("Go back, load the page again and send it once more.")


class BodyTooLarge(LockerError):
    code = "body_too_large"
    status = 413
    message = N_("This is larger than the locker takes.")
    advice = N_("Send a smaller file, or ask the operator to raise the limit.")


class BadRequest(LockerError):
    code = "bad_request"
    status = 400
    message = N_("The locker could not read what was sent.")


class MethodNotAllowed(LockerError):
    code = "method_not_allowed"
    status = 405
    message = N_("This address does not do that.")


class Fault(LockerError):
    code = "fault"
    status = 500
    message = N_("Something went wrong on our side. It was noted under the number %(number)s.")
    advice = N_("Try again. If it happens again, tell the operator that number.")


_HTTP: dict[int, type[LockerError]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}


def wants_json() -> bool:
    """Whether a program is asking."""
    return request.path.startswith(("/api/", "/oauth/", "/.well-known/")) and request.path != "/oauth/authorize"


def words(error: LockerError) -> str:
    """What is wrong, in the reader's language."""
    if isinstance(error, PermissionDenied) and error.reason in REASONS:
        return str(gettext(REASONS[error.reason]))
    text = gettext(error.message)
    facts = {name: gettext(fact) if name in error.worded else fact for name, fact in error.facts.items()}
    return str(text % facts if facts else text)


def problem(error: LockerError) -> dict[str, Any]:
    """The error as RFC 9457 members; `errors` names the fields."""
    body: dict[str, Any] = {
        "type": f"urn:entitylocker:error:{error.code}",
        "title": words(error),
        "status": error.status,
        "code": error.code,
    }
    if error.advice:
        body["detail"] = str(gettext(error.advice))
    if isinstance(error, PermissionDenied):
        body["reason"] = error.reason
    if isinstance(error, InvalidInput) and error.problems:
        body["errors"] = error.problems
    elif error.field:
        body["errors"] = {error.field: [words(error)]}
    return body


def asked_for() -> str:
    """The address of this request as it was written: Flask has decoded its path, but not its query."""
    query = request.query_string.decode("latin-1")
    return quote(request.path) + (f"?{query}" if query else "")


def answer(error: LockerError) -> Response:
    """The answer for `error`: problem JSON or a page."""
    headers: dict[str, str] = {}
    if error.status in (429, 503):
        headers["Retry-After"] = str(error.facts.get("seconds", 30))
    if error.status == 401 and request.path.startswith("/api/"):
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if wants_json():
        response = jsonify(problem(error))
        response.mimetype = "application/problem+json"
    elif isinstance(error, SignInRequired) and request.method == "GET":
        return redirect(url_for("accounts.sign_in", next=asked_for()), 303)  # type: ignore[return-value]
    elif isinstance(error, SameMoment) and (carried := _sendable()) is not None:
        page = render_template("errors/again.html", words=words(error), action=asked_for(), carried=carried)
        response = Response(page, mimetype="text/html")
    else:
        response = Response(render_template("errors/error.html", error=error, words=words(error)), mimetype="text/html")
    response.status_code = error.status
    response.headers.update(headers)
    return response


def is_secret(name: str) -> bool:
    """Whether what is typed into a field of this name may stand in no page, not even hidden."""
    return _SECRET.search(name) is not None


def _sendable() -> list[tuple[str, str]] | None:
    """What was typed into a form and may be sent once more; None if there are files or secrets, which no page holds."""
    if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded":
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return None if any(is_secret(name) for name, _ in fields) else fields


def translate(fault: Exception) -> LockerError:
    """Every exception as an error of the house; what nobody foresaw becomes a numbered fault."""
    if isinstance(fault, LockerError):
        return fault
    if isinstance(fault, RateLimitExceeded):
        return TooManyRequests(seconds=int(fault.limit.limit.get_expiry()) if fault.limit else 60)
    if isinstance(fault, CSRFError):
        return FormExpired()
    if isinstance(fault, RequestEntityTooLarge):
        return BodyTooLarge()
    if isinstance(fault, HTTPException):
        messages = getattr(fault, "data", {}).get("messages")
        if messages:
            return InvalidInput(_flatten(messages))
        return _HTTP.get(fault.code or 400, BadRequest)()
    if isinstance(fault, DataError):
        # A NUL in a text, a number that no column holds: what was sent cannot be a value of anything here.
        log.warning("a value was sent that the database cannot hold: %s", type(fault.orig).__name__)
        return BadRequest()
    if isinstance(fault, OperationalError):
        log.error("database does not answer", exc_info=fault)
        return Unavailable()
    number = str(g.get("request_id", "-"))
    log.error("fault %s", number, exc_info=fault)
    return Fault(number=number)


def _flatten(messages: dict[str, Any]) -> dict[str, list[str]]:
    """webargs nests messages by place (json, query): name the fields only."""
    flat: dict[str, list[str]] = {}
    for place in messages.values():
        for name, texts in place.items() if isinstance(place, dict) else [("", place)]:
            flat[str(name)] = [str(text) for text in (texts if isinstance(texts, list) else [texts])]
    return flat


def register_errors(app: Flask) -> None:
    """Answer every error of `app` through this map."""

    @app.errorhandler(Exception)
    def handle(fault: Exception) -> Response | HTTPException:
        if isinstance(fault, HTTPException) and fault.code is not None and fault.code < 400:
            return fault
        return answer(translate(fault))
