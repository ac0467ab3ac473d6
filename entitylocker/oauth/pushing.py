"""Pushed authorization requests (RFC 9126): checked once here, so that the browser can bring nothing but a name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import Endpoint, InvalidRequestError, InvalidScopeError, OAuth2Request
from authlib.oauth2.rfc6749.errors import UnsupportedResponseTypeError
from authlib.oauth2.rfc7636.challenge import CODE_CHALLENGE_PATTERN

from entitylocker.extensions import db, utc_now
from entitylocker.oauth.client import AUTH_METHOD, PortalClient
from entitylocker.oauth.details import parse_details
from entitylocker.oauth.doors import REQUEST_URI_PREFIX, digest, new_secret
from entitylocker.oauth.models import PushedRequest

LIFE_SECONDS = 300
LONGEST_STATE = 1024
S256_LENGTH = 43


class PushEndpoint(Endpoint):
    """POST /oauth/par."""

    ENDPOINT_NAME = "pushed_authorization_request"

    def create_endpoint_response(self, request: OAuth2Request) -> tuple[int, dict[str, Any], list[Any]]:
        """Store the request and answer the name the browser may bring. Raises OAuth2Error for anything weaker."""
        client = self.server.authenticate_client(request, [AUTH_METHOD], self.ENDPOINT_NAME)
        parameters = check_parameters(request.form, client)
        request_uri = REQUEST_URI_PREFIX + new_secret()
        now = utc_now()
        pushed = PushedRequest(
            request_digest=digest(request_uri),
            client_id=client.client_id,
            parameters=parameters,
            created_at=now,
            expires_at=now + timedelta(seconds=LIFE_SECONDS),
        )
        db.session.add(pushed)
        return 201, {"request_uri": request_uri, "expires_in": LIFE_SECONDS}, default_json_headers


def check_parameters(form: Any, client: PortalClient) -> dict[str, Any]:
    """The parameters to be stored: redirect_uri, state, code_challenge, details. Raises OAuth2Error."""
    _check_kind(form, client)
    _check_challenge(form)
    redirect_uri = form.get("redirect_uri")
    if not redirect_uri:
        raise InvalidRequestError("redirect_uri is missing")
    if not client.check_redirect_uri(redirect_uri):
        raise InvalidRequestError("redirect_uri is not registered for this portal, letter by letter")
    state = form.get("state")
    if state is not None and (len(state) > LONGEST_STATE or not state.isprintable()):
        raise InvalidRequestError("state is too long, or holds control characters")
    return {
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": form["code_challenge"],
        "details": parse_details(form.get("authorization_details"), client.portal.document_types),
    }


def _check_kind(form: Any, client: PortalClient) -> None:
    if form.get("client_id") != client.client_id:
        raise InvalidRequestError("client_id is missing or another portal's")
    for name in ("request", "request_uri"):
        if name in form:
            raise InvalidRequestError(f"{name} must not be pushed")
    response_type = form.get("response_type")
    if not response_type:
        raise InvalidRequestError("response_type is missing")
    if response_type != "code":
        raise UnsupportedResponseTypeError("other than code")
    if form.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode must be query")
    if client.get_allowed_scope(form.get("scope")) is None:
        raise InvalidScopeError("There are no scopes here: use authorization_details")


def _check_challenge(form: Any) -> None:
    """RFC 7636, of which only S256 is taken, and always."""
    challenge = form.get("code_challenge")
    if not challenge:
        raise InvalidRequestError("code_challenge is missing: PKCE is required")
    if form.get("code_challenge_method") != "S256":
        raise InvalidRequestError("code_challenge_method must be S256")
    if len(challenge) != S256_LENGTH or not CODE_CHALLENGE_PATTERN.match(challenge):
        raise InvalidRequestError("code_challenge is not the base64url of a SHA-256 digest")
