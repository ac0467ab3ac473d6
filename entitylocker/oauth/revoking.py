"""Giving tokens back (RFC 7009)."""

from __future__ import annotations

from typing import Any, ClassVar

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint

from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.oauth.client import AUTH_METHOD
from entitylocker.oauth.doors import find_token, revoke_tokens
from entitylocker.oauth.issuing import portal_actor


class RevokeEndpoint(RevocationEndpoint):
    """POST /oauth/revoke. A refresh token takes the access tokens of its consent's code with it."""

    CLIENT_AUTH_METHODS: ClassVar[list[str]] = [AUTH_METHOD]

    def create_endpoint_response(self, request: OAuth2Request) -> tuple[int, dict[str, Any], list[Any]]:
        """Revoke. The answer is the same for tokens that are unknown, revoked already or another portal's."""
        client = self.server.authenticate_client(request, self.CLIENT_AUTH_METHODS, self.ENDPOINT_NAME)
        if not request.form.get("token"):
            raise InvalidRequestError("token is missing")
        token = find_token(request.form["token"])
        if token is not None and token.client_id == client.client_id:
            revoked = revoke_tokens(token.code_id, token.id if token.kind == "access" else None)
            if revoked:
                actor = portal_actor(client, token.organisation_id)
                record(actor, EventTag.TOKEN_REVOKE, Subject("consent", token.consent_id, client.portal.name))
        return 200, {}, default_json_headers
