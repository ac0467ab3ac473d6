"""The endpoints for portals: they bring signed assertions, never a cookie, and are read by programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from entitylocker.extensions import csrf, limiter
from entitylocker.oauth import service
from entitylocker.oauth.client import AUTH_METHOD, issuer
from entitylocker.oauth.details import TYPE
from entitylocker.portals.keys import ALGORITHMS
from entitylocker.web.arrival import client_only, open_to_all

endpoints = Blueprint("endpoints", __name__)

PUSH_LIMIT = "300 per minute"
REDEEM_LIMIT = "600 per minute"


@endpoints.get("/.well-known/oauth-authorization-server")
@open_to_all("portals find the endpoints here (RFC 8414)")
def metadata() -> Response:
    """What this authorization server does, and where."""
    return jsonify(describe_server())


# A signed assertion cannot be forged by a page that the browser shows.
@csrf.exempt
@endpoints.post("/oauth/par")
@client_only
@limiter.limit(PUSH_LIMIT)
def push() -> Response:
    """Take an authorization request (RFC 9126)."""
    return service.answer_push()


@csrf.exempt
@endpoints.post("/oauth/token")
@client_only
@limiter.limit(REDEEM_LIMIT)
def token() -> Response:
    """A code or a refresh token for an access token."""
    return service.answer_token()


@csrf.exempt
@endpoints.post("/oauth/revoke")
@client_only
@limiter.limit(REDEEM_LIMIT)
def revoke() -> Response:
    """Take a token back (RFC 7009)."""
    return service.answer_revoke()


@endpoints.get("/oauth/jwks")
@open_to_all("public keys are public")
def jwks() -> Response:
    """The keys this server signs with: none so far."""
    return jsonify({"keys": []})


def describe_server() -> dict[str, Any]:
    """The members of RFC 8414, RFC 9126, RFC 9207 and RFC 9396 that hold here."""
    base = issuer()
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "pushed_authorization_request_endpoint": f"{base}/oauth/par",
        "require_pushed_authorization_requests": True,
        "revocation_endpoint": f"{base}/oauth/revoke",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": [AUTH_METHOD],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [AUTH_METHOD],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_details_types_supported": [TYPE],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["en-IN", "hi-IN"],
    }
