"""A citizen locker of pretence: it speaks the published DigiLocker API for individuals, with invented people."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, jsonify, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from entitylocker.sandbox import (
    citizen_authorize,
    citizen_files,
    citizen_pages,
    citizen_pull,
    citizen_tokens,
)
from entitylocker.sandbox.citizen_clients import ClientFacts, Clients
from entitylocker.sandbox.citizen_errors import WireError, unexpected_error
from entitylocker.sandbox.citizen_faults import HUGE_BYTES
from entitylocker.sandbox.citizen_grants import Grants
from entitylocker.sandbox.citizen_house import EXTENSION, House, house
from entitylocker.sandbox.citizen_papers import Printer
from entitylocker.sandbox.portal import _house
from entitylocker.sandbox.wording import moment

_API = "/public/"
_PIECE = b" " * 65536
# Which switch of the faults page a path belongs to, the first that fits.
_CALLS = (
    ("/authorize", "authorize"),
    ("/token", "token"),
    ("/revoke", "revoke"),
    ("/user", "user"),
    ("/files", "list"),
    ("/file/upload", "upload"),
    ("/file/", "file"),
    ("/xml/", "file"),
    ("/pull/", "pull"),
    ("/statistics/", "pull"),
)


def create_citizen_locker(
    *,
    clients: Mapping[str, ClientFacts | Mapping[str, Any]],
    base_url: str,
    authority_directory: Path | None = None,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """The locker as a Flask application at `base_url`.

    `clients`: by client_id, a ClientFacts or a mapping of its fields. `authority_directory`: keys that sign the papers
    (a new one of its own when None). `clock`: UNIX seconds. What it remembers is in memory: run it in one process
    (threads are fine).
    """
    app = Flask(
        __name__,
        template_folder=str(_house("templates")),
        static_folder=str(_house("static") / "css"),
        static_url_path="/css",
    )
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = House(
        base_url=base_url.rstrip("/"),
        clients=Clients(clients),
        grants=Grants(clock),
        printer=Printer(authority_directory or Path(tempfile.mkdtemp(prefix="citizen-locker-"))),
        clock=clock,
    )
    for part in (citizen_authorize, citizen_tokens, citizen_files, citizen_pull, citizen_pages):
        app.register_blueprint(part.pages)
    app.jinja_env.globals.update(form_token=lambda: house().form_token, moment=moment)
    app.before_request(_misbehave)
    app.after_request(_finish)
    app.register_error_handler(WireError, _show_refusal)
    app.register_error_handler(HTTPException, _show_wrong_call)
    return app


def _call() -> str:
    """The name of this call on the faults page; "" for a page of the locker's own."""
    if not request.path.startswith(_API):
        return ""
    return next((call for part, call in _CALLS if part in request.path), "any")


def _misbehave() -> AnyResponse | None:
    """Do what the switches say, for calls of the API only."""
    call, faults = _call(), house().faults
    if not call:
        return None
    if late := faults.take("slow", call):
        time.sleep(late.seconds)
    for name, status in (("error", 500), ("error_530", 530)):
        if faults.take(name, call):
            raise unexpected_error(status)
    if faults.take("not_json", call):
        return Response("<!doctype html><title>Maintenance</title><p>Please come back later.", mimetype="text/html")
    if faults.take("redirect", call):
        return redirect("http://169.254.169.254/latest/meta-data/", 302)
    if faults.take("huge_body", call):
        return Response(_endless(), mimetype="application/pdf" if call == "file" else "application/json")
    return None


def _endless() -> Iterator[bytes]:
    for _ in range(HUGE_BYTES // len(_PIECE)):
        yield _PIECE


def _show_refusal(error: WireError) -> tuple[Response, int, dict[str, str]]:
    return jsonify(error.body()), error.status, error.headers


def _show_wrong_call(error: HTTPException) -> AnyResponse:
    """Calls of the API hear their faults as JSON; readers of pages get a page."""
    if not request.path.startswith(_API) or error.code is None:
        return error.get_response()
    answer = jsonify({"error": error.name.lower().replace(" ", "_"), "error_description": error.description or ""})
    answer.status_code = error.code
    return answer


def _finish(response: Response) -> Response:
    if (call := _call()) and house().faults.take("cut_short", call):
        _cut(response)
    leads_to = g.get("form_leads_to", "")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {leads_to}"
    ).strip()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/css/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def _cut(response: Response) -> None:
    """Half of the body, under a length that announces all of it."""
    body = response.get_data()
    response.set_data(body[: len(body) // 2])
    response.headers["Content-Length"] = str(len(body))
