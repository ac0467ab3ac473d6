"""How a portal proves who it is and that bytes arrived whole: client assertions, PKCE, digests."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFE = 60
_SHA_256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class PortalKey:
    """The portal's private key. It signs; it is never sent, shown or logged."""

    def __init__(self, private_jwk: dict[str, Any]) -> None:
        self._key = ECKey.import_key(private_jwk)
        self.kid = str(private_jwk.get("kid") or self._key.thumbprint())

    def public_jwks(self) -> dict[str, Any]:
        """The key set to register with the locker: public parts only."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "ES256"}]}

    def assertion(self, client_id: str, issuer: str) -> str:
        """A `private_key_jwt` (RFC 7523) for one request: ES256, 60 seconds, the issuer alone as audience."""
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + ASSERTION_LIFE,
        }
        return jwt.encode({"alg": "ES256", "kid": self.kid}, claims, self._key, algorithms=["ES256"])


def new_code_verifier() -> str:
    """A fresh PKCE verifier (RFC 7636 section 4.1)."""
    return secrets.token_urlsafe(48)


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def digest_matches(header: str | None, data: bytes) -> bool:
    """Whether a `Repr-Digest` header (RFC 9530) states the SHA-256 of `data`. No digest is no match."""
    stated = _SHA_256.search(header or "")
    return stated is not None and base64.b64decode(stated[1]) == hashlib.sha256(data).digest()
