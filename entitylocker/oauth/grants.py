"""Codes and refresh tokens for access tokens: authlib's grants, with the claim in one statement."""

from __future__ import annotations

from typing import Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.oauth.client import AUTH_METHOD, PortalClient
from entitylocker.oauth.doors import (
    ClaimedCode,
    StoredToken,
    claim_code,
    find_code,
    find_token,
    revoke_tokens,
)
from entitylocker.oauth.issuing import Redeemed, issue_tokens, portal_actor
from entitylocker.tenancy import current

Answer = tuple[int, dict[str, Any], list[Any]]


class RequireS256(CodeChallenge):
    """PKCE with S256 only. Every stored code has a challenge, so a verifier is always asked for."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar[list[str]] = ["S256"]


class CodeGrant(AuthorizationCodeGrant):
    """A code for tokens, once."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [AUTH_METHOD]

    def query_authorization_code(self, code: str, client: PortalClient) -> ClaimedCode | None:
        """Claim the code: from here on it is used, whatever else is wrong with the request.

        A code that comes a second time may have been stolen: what was issued for it is revoked (RFC 6749 4.1.2).
        """
        claimed = claim_code(code, client.client_id)
        if claimed is None:
            self._revoke_after_replay(code, client)
        return claimed

    @staticmethod
    def _revoke_after_replay(code: str, client: PortalClient) -> None:
        stored = find_code(code)
        if stored is None or stored.used_at is None or stored.client_id != client.client_id:
            return
        if revoke_tokens(stored.id):
            record(
                portal_actor(client, stored.organisation_id),
                EventTag.TOKEN_REVOKE,
                Subject("portal", client.portal.id, client.portal.name),
                organisation_id=stored.organisation_id,
                reason="code_used_twice",
            )

    def create_token_response(self) -> Answer:
        """The tokens. Raises InvalidGrantError if the consent ended since."""
        code: ClaimedCode = self.request.authorization_code
        redeemed = Redeemed(code.organisation_id, code.consent_id, code.id)
        return 200, issue_tokens(self.request.client, redeemed, with_refresh=True), self.TOKEN_RESPONSE_HEADER


class RefreshGrant(RefreshTokenGrant):
    """A new access token. The refresh token stays as it is: FAPI 2.0 forbids rotating it for proved clients."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar[list[str]] = [AUTH_METHOD]

    def _validate_request_token(self, client: PortalClient) -> StoredToken:
        token = find_token(self.request.form.get("refresh_token") or "")
        if token is None or token.kind != "refresh" or token.client_id != client.client_id:
            raise InvalidGrantError("This refresh token is unknown, or another portal's")
        if token.revoked_at is not None or token.organisation_id != current().tenant.organisation_id:
            raise InvalidGrantError("This refresh token was revoked")
        return token

    def _validate_token_scope(self, token: StoredToken) -> None:
        """Nothing to narrow: the consent says what the token is for."""

    def create_token_response(self) -> Answer:
        """The access token. Raises InvalidGrantError if the consent ended."""
        token: StoredToken = self.request.refresh_token
        redeemed = Redeemed(token.organisation_id, token.consent_id, token.code_id)
        return (
            200,
            issue_tokens(self.request.client, redeemed, with_refresh=False),
            self.TOKEN_RESPONSE_HEADER,
        )
