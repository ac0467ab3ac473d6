"""authlib's authorization server on this house's transactions: which grants there are, and how errors are answered."""

from __future__ import annotations

import json
from typing import Any

from authlib.consts import default_json_headers
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import (
    InvalidClientError,
    InvalidRequestError,
    OAuth2Request,
    UnauthorizedClientError,
)
from flask import Request, Response
from flask import request as flask_request

from entitylocker import tenancy
from entitylocker.oauth.client import AUTH_METHOD, PortalClient, StrictAssertion, find_client, issuer
from entitylocker.oauth.doors import sweep
from entitylocker.oauth.grants import CodeGrant, RefreshGrant, RequireS256
from entitylocker.oauth.pushing import PushEndpoint
from entitylocker.oauth.revoking import RevokeEndpoint
from entitylocker.oauth.tenants import tenant_of_request
from entitylocker.tenancy import Tenant, open_use_case

FORM = "application/x-www-form-urlencoded"


class _BodyPayload(FlaskOAuth2Payload):
    """Parameters from the body only: authlib would take them from the address too, where they end up in logs."""

    @property
    def data(self) -> Any:
        return self._request.form


class BodyRequest(OAuth2Request):
    """A request to one of the endpoints for portals."""

    def __init__(self, request: Request) -> None:
        # authlib wants to see https in the address; what terminates TLS stands before this process, and the address
        # that counts is the issuer's.
        super().__init__(method=request.method, uri="https://localhost" + request.path, headers=request.headers)
        self._request = request
        self.payload = _BodyPayload(request)

    @property
    def args(self) -> Any:
        return self._request.args

    @property
    def form(self) -> Any:
        return self._request.form

    def check_shape(self) -> None:
        """Raises InvalidRequestError for parameters in the address, repeated ones, and bodies that are no form."""
        if self._request.mimetype != FORM:
            raise InvalidRequestError(f"Send the parameters as {FORM}")
        if self._request.args:
            raise InvalidRequestError("Send the parameters in the body, not in the address")
        for name, values in self._request.form.lists():
            if len(values) > 1:
                raise InvalidRequestError(
                    f"The parameter {name!a} is repeated".replace('"', "'").replace("\\", "/")[:200]
                )


class LockerAuthorizationServer(AuthorizationServer):
    """The endpoints for portals: every one answers in one transaction of the organisation that the request is about."""

    def __init__(self) -> None:
        super().__init__()
        self.register_client_auth_method(AUTH_METHOD, StrictAssertion())
        self.register_grant(CodeGrant, [RequireS256(required=True)])
        self.register_grant(RefreshGrant)
        self.register_endpoint(PushEndpoint)
        self.register_endpoint(RevokeEndpoint)

    def query_client(self, client_id: str) -> PortalClient | None:
        return find_client(client_id)

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        return request if isinstance(request, OAuth2Request) else BodyRequest(flask_request)

    def authenticate_client(self, request: OAuth2Request, methods: list[str], endpoint: str = "token") -> PortalClient:
        """The client, proved. A portal that may not ask may give tokens back, and nothing else."""
        client: PortalClient = super().authenticate_client(request, methods, endpoint)
        if endpoint != RevokeEndpoint.ENDPOINT_NAME and not client.portal.may_ask:
            raise UnauthorizedClientError("This portal is not approved, or suspended")
        return client

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what happens is in the audit trail."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """The answer as Flask's; an empty one has no body."""
        text = json.dumps(body) if isinstance(body, dict) and body else ""
        return Response(text, status=status, headers=headers)

    def handle_error_response(self, request: OAuth2Request, error: OAuth2Error) -> Response:
        """RFC 6749 section 5.2, with 401 where the client was not proved."""
        status, body, _headers = error(self.get_error_uri(request, error))
        if isinstance(error, InvalidClientError):
            status = 401
        return self.handle_response(status, body, default_json_headers)


server = LockerAuthorizationServer()


@open_use_case("a portal proves itself in the request, by a key that the operator approved")
def answer_push() -> Response:
    """Answer a pushed authorization request. What is too old goes at the same time, so the tables stay small."""
    response = _answer(lambda request: server.create_endpoint_response(PushEndpoint.ENDPOINT_NAME, request))
    with tenancy.transaction(Tenant()):
        sweep()
    return response


@open_use_case("a portal proves itself in the request, by a key that the operator approved")
def answer_token() -> Response:
    """Answer a token request: a code or a refresh token for an access token."""
    return _answer(server.create_token_response)


@open_use_case("a portal proves itself in the request, by a key that the operator approved")
def answer_revoke() -> Response:
    """Answer a portal that gives a token back."""
    return _answer(lambda request: server.create_endpoint_response(RevokeEndpoint.ENDPOINT_NAME, request))


def _answer(answer: Any) -> Response:
    """Refusals are answers too, so that what they burn (an assertion, a code) is committed with them."""
    request = BodyRequest(flask_request)
    try:
        request.check_shape()
    except OAuth2Error as error:
        return server.handle_error_response(request, error)
    with tenancy.transaction(tenant_of_request(request.form)):
        response: Response = answer(request)
        return response


__all__ = ["answer_push", "answer_revoke", "answer_token", "issuer", "server"]
