"""SCIM 2.0 at /scim/v2 (RFC 7644): members and groups, for an organisation's directory with its token."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g, request
from scim2_models import (
    Error,
    InvalidFilterException,
    PayloadTooLargeException,
    SCIMException,
)
from scim2_server.handler import ScimHandler
from scim2_server.requests import ScimRequest
from scim2_server.responses import SCIM_MEDIA_TYPE, ScimResponse
from werkzeug.exceptions import HTTPException

from entitylocker.access import Actor
from entitylocker.errors import LockerError
from entitylocker.extensions import csrf, limiter
from entitylocker.federation.errors import DirectoryTokenEnded
from entitylocker.federation.resources import service
from entitylocker.federation.storage import DirectoryStorage
from entitylocker.federation.tokens import find_directory
from entitylocker.web.arrival import directory_only
from entitylocker.web.engine_room import engines
from entitylocker.web.errors import translate

PREFIX = "/scim/v2"
LONGEST_BODY = 1024 * 1024
LONGEST_FILTER = 2000
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

blueprint = Blueprint("scim", __name__, url_prefix=PREFIX)
csrf.exempt(blueprint)
# A first synchronisation brings some thousand people, one request each.
limiter.limit("3000 per minute")(blueprint)


def load_directory(token: str) -> Actor:
    """The directory that bears `token`. Raises DirectoryTokenEnded."""
    actor = find_directory(token)
    if actor is None:
        raise DirectoryTokenEnded
    return actor


@blueprint.route("/", methods=METHODS, defaults={"path": ""})
@blueprint.route("/<path:path>", methods=METHODS)
@directory_only
def serve(path: str) -> Response:
    """Whatever SCIM offers: discovery, Users, Groups, search."""
    body = request.get_data()
    if len(body) > LONGEST_BODY:
        raise PayloadTooLargeException
    # A search by POST carries its filter in the body; filters cost their length for each person looked at.
    asked_for = len(body) if path.endswith(".search") else len(request.args.get("filter", ""))
    if asked_for > LONGEST_FILTER:
        raise InvalidFilterException
    handler = ScimHandler(service, DirectoryStorage(g.actor))
    asked = ScimRequest(
        method=request.method,
        base_url=engines().settings.base_url.rstrip("/") + PREFIX,
        path=f"/{path}",
        query=request.args.to_dict(),
        headers=list(request.headers.items()),
        body=body,
    )
    return _answer(handler.handle(asked))


@blueprint.errorhandler(Exception)
def refuse(fault: Exception) -> Response:
    """Every error as RFC 7644 section 3.12 has it, with the words of the house and none of an exception."""
    if isinstance(fault, SCIMException):
        return _answer(service.error_response(fault))
    error = translate(fault)
    status = fault.code or error.status if isinstance(fault, HTTPException) else error.status
    return _refusal(error, status)


def _refusal(error: LockerError, status: int) -> Response:
    body: dict[str, Any] = Error(status=status, detail=error.text()).model_dump()
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return Response(json.dumps(body), status=status, headers=headers, content_type=SCIM_MEDIA_TYPE)


def _answer(response: ScimResponse) -> Response:
    body = None if response.body is None else json.dumps(response.body)
    return Response(body, status=response.status, headers=response.headers)
