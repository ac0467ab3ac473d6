"""A portal as authlib's OAuth client, and how it proves itself: with a signed assertion, in no other way."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Request
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import CursorResult
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from entitylocker.extensions import db, utc_now
from entitylocker.oauth.doors import digest
from entitylocker.oauth.models import ClientAssertion
from entitylocker.portals.keys import ALGORITHMS, key_set
from entitylocker.portals.lookup import KnownPortal, find_portal
from entitylocker.web.engine_room import engines

AUTH_METHOD = "private_key_jwt"
LONGEST_ASSERTION = 8 * 1024
LIFE_SECONDS = 300
LEEWAY_SECONDS = 10
NOT_ACCEPTED = "The client assertion was not accepted"


class PortalClient(ClientMixin):
    """What authlib asks of a client, answered from a registered portal."""

    def __init__(self, portal: KnownPortal) -> None:
        self.portal = portal
        self.client_id = portal.client_id

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the address must always be said."""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """There are no scopes: what is asked stands in authorization_details. None is refused by authlib."""
        return None if scope else ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly one of the registered ones, letter by letter."""
        return redirect_uri in self.portal.redirect_uris

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == AUTH_METHOD

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


def find_client(client_id: str) -> PortalClient | None:
    """The client of a portal, whatever the portal's state. Needs a running transaction."""
    portal = find_portal(client_id)
    return PortalClient(portal) if portal is not None else None


def issuer() -> str:
    """This authorization server, as it names itself everywhere."""
    return engines().settings.base_url.rstrip("/")


class StrictAssertion(JWTBearerClientAssertion):
    """private_key_jwt as FAPI 2.0 section 5.3.2.1 wants it, where authlib accepts more (RFC 7523)."""

    CLIENT_AUTH_METHOD = AUTH_METHOD

    def __call__(self, query_client: Any, request: OAuth2Request) -> PortalClient:
        """The client. Raises InvalidClientError, the same for an unknown client as for a wrong signature."""
        form = request.form
        if "Authorization" in request.headers or "client_secret" in form:
            raise InvalidClientError("Send a client assertion and no other credential")
        if not form.get("client_assertion") or len(form["client_assertion"]) > LONGEST_ASSERTION:
            raise InvalidClientError("A client assertion is missing or too long")

        def known(client_id: str) -> PortalClient:
            found: PortalClient | None = query_client(client_id)
            if found is None:
                raise InvalidClientError(NOT_ACCEPTED)
            return found

        try:
            client: PortalClient | None = super().__call__(known, request)
        except RecursionError as fault:  # a header or payload that is nothing but brackets
            raise InvalidClientError(NOT_ACCEPTED) from fault
        if client is None:
            raise InvalidClientError("client_assertion_type is missing or wrong")
        if form.get("client_id", client.client_id) != client.client_id:
            raise InvalidClientError("client_id and the client assertion differ")
        return client

    def resolve_client_public_key(self, client: PortalClient) -> KeySet:
        return key_set(client.portal.jwks)

    def get_audiences(self) -> list[str]:
        return [issuer()]

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """Check signature and claims. The algorithm must be on the list, whatever the header says."""
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError) as fault:
            raise InvalidClientError(NOT_ACCEPTED) from fault
        self.verify_claims(token.claims)
        return token.claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """Raises InvalidClientError for an assertion that is not for us, not for now, or used before."""
        if claims.get("iss") != claims.get("sub"):
            raise InvalidClientError("iss and sub must both be the client_id")
        # A list of audiences, or the address of an endpoint, could be replayed at another server that it names.
        if claims.get("aud") != issuer():
            raise InvalidClientError("aud must be the issuer as one string and nothing else")
        self._check_times(claims)
        self._use_once(claims)

    @staticmethod
    def _check_times(claims: dict[str, Any]) -> None:
        now = time.time()
        for name in ("iat", "exp"):
            if not _is_number(claims.get(name)):
                raise InvalidClientError(f"{name} is missing or no number")
        if claims["exp"] <= now:
            raise InvalidClientError("The client assertion has expired")
        if claims["exp"] > now + LIFE_SECONDS + LEEWAY_SECONDS:
            raise InvalidClientError("exp is more than five minutes ahead")
        if claims["iat"] > now + LEEWAY_SECONDS:
            raise InvalidClientError("iat is in the future")
        if "nbf" in claims and (not _is_number(claims["nbf"]) or claims["nbf"] > now + LEEWAY_SECONDS):
            raise InvalidClientError("nbf is in the future")

    @staticmethod
    def _use_once(claims: dict[str, Any]) -> None:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 256:
            raise InvalidClientError("jti is missing, or too long")
        used = insert(ClientAssertion).values(
            id=uuid7(),
            created_at=utc_now(),
            jti_digest=digest(f"{claims['sub']}\0{jti}"),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
        # Waits for a transaction that is using the same one just now. Nothing may be read back from behind this door,
        # so the number of rows says whether it was put in.
        put = used.on_conflict_do_nothing().execution_options(preserve_rowcount=True)
        if cast("CursorResult[Any]", db.session.execute(put)).rowcount != 1:
            raise InvalidClientError("This client assertion was used before")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e11
