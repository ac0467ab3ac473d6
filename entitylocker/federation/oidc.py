"""The OpenID Connect code flow as a relying party (OpenID Connect Core 1.0, section 3.1), with PKCE (RFC 7636).

Every call goes through the guarded client. What a provider says is believed only after its signature, its issuer, its
audience, its time and our nonce were checked.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from entitylocker.federation.errors import ProviderDoesNotAnswer, ProviderUntrustworthy
from entitylocker.outgoing import Limits, Outgoing
from entitylocker.outgoing.errors import OutgoingError

SCOPE = "openid profile email"
# What is signed with a shared secret, or not at all, proves nothing of who signed it.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
LEEWAY_SECONDS = 60
LONGEST_SUBJECT = 255
# Somebody waits for each of these calls, in a thread that others wait for.
_LIMITS = Limits(connect_seconds=3, total_seconds=5, max_bytes=256 * 1024)
_METHODS = ("client_secret_basic", "client_secret_post")
_OF_KEYS = ("kty", "use", "alg", "kid", "n", "e", "crv", "x", "y")
_FORM = "application/x-www-form-urlencoded"
_WELL_KNOWN = "/.well-known/openid-configuration"


class _MetadataSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    issuer = fields.String(required=True)
    authorization_endpoint = fields.Url(required=True, schemes={"https", "http"}, require_tld=False)
    token_endpoint = fields.Url(required=True, schemes={"https", "http"}, require_tld=False)
    jwks_uri = fields.Url(required=True, schemes={"https", "http"}, require_tld=False)
    token_endpoint_auth_methods_supported = fields.List(fields.String(), load_default=["client_secret_basic"])
    authorization_response_iss_parameter_supported = fields.Boolean(load_default=False)


@dataclass(frozen=True)
class Metadata:
    """Where a provider answers (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str]
    authorization_response_iss_parameter_supported: bool

    def to_json(self) -> dict[str, Any]:
        """For keeping."""
        return asdict(self)


@dataclass(frozen=True)
class Client:
    """This locker at a provider."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Claims:
    """Who came, as the provider says: `subject` is the only thing that is believed to stay."""

    issuer: str
    subject: str
    called: str


def discover(outgoing: Outgoing, issuer: str) -> Metadata:
    """Where the provider `issuer` answers. Raises ProviderDoesNotAnswer, ProviderUntrustworthy."""
    return read_metadata(outgoing, issuer, _read(outgoing, issuer.rstrip("/") + _WELL_KNOWN))


def read_metadata(outgoing: Outgoing, issuer: str, found: dict[str, Any]) -> Metadata:
    """What a provider says of itself, once it holds: now, or when it is taken out of what was kept.

    Raises ProviderUntrustworthy.
    """
    try:
        loaded = _MetadataSchema().load(found)
    except ValidationError:
        raise ProviderUntrustworthy(why="metadata") from None
    offered = loaded.pop("token_endpoint_auth_methods_supported")
    known = [method for method in _METHODS if method in offered]
    metadata = Metadata(**loaded, token_endpoint_auth_methods_supported=known)
    if metadata.issuer != issuer:
        raise ProviderUntrustworthy(why="issuer")
    asked = (issuer, metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri)
    if not all(_is_safe(outgoing, url) for url in asked):
        raise ProviderUntrustworthy(why="https")
    return metadata


def _is_safe(outgoing: Outgoing, url: str) -> bool:
    """Whether nobody on the way can change what is said there: https, or a host that the operator allowed.

    And whether it can be kept: half a character cannot.
    """
    if not url.isprintable():
        return False
    try:
        return url.startswith("https://") or outgoing.hosts.target(url).allowed
    except OutgoingError:
        return False


def authorization_url(metadata: Metadata, client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where the browser goes to sign in."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": SCOPE,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    return metadata.authorization_endpoint + joint + urlencode(query, quote_via=quote)


def fetch_keys(outgoing: Outgoing, metadata: Metadata) -> dict[str, Any]:
    """The public keys of a provider, and nothing else of what stands there.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    return {"keys": [_public_part(key) for key in _only_public(_read(outgoing, metadata.jwks_uri))["keys"]]}


def _public_part(key: dict[str, Any]) -> dict[str, str]:
    found = {name: key[name] for name in _OF_KEYS if name in key}
    return {name: value for name, value in found.items() if isinstance(value, str) and value.isprintable()}


def exchange(outgoing: Outgoing, metadata: Metadata, client: Client, *, code: str, verifier: str) -> str:
    """The ID token for a code, as it came: nothing of it is checked.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }
    headers = {"Accept": "application/json", "Content-Type": _FORM}
    if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    try:
        answer = outgoing.call("POST", metadata.token_endpoint, urlencode(form).encode(), _LIMITS, headers=headers)
    except OutgoingError as fault:
        raise ProviderDoesNotAnswer from fault
    token = _as_object(answer.body).get("id_token")
    if not isinstance(token, str):
        raise ProviderUntrustworthy(why="no_id_token")
    return token


def read_id_token(token: str, keys: dict[str, Any], *, issuer: str, client_id: str, nonce: str) -> Claims:
    """What an ID token says, once all of it holds (OpenID Connect Core 1.0, section 3.1.3.7).

    Raises ProviderUntrustworthy; `why` names what did not hold: `signature` where none of `keys` made it.
    """
    try:
        claims = jwt.decode(token, KeySet.import_key_set(_only_public(keys)), algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise ProviderUntrustworthy(why="signature") from fault
    try:
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as fault:
        raise ProviderUntrustworthy(why="id_token") from fault
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise ProviderUntrustworthy(why="azp")
    if claims.get("azp", client_id) != client_id:
        raise ProviderUntrustworthy(why="azp")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise ProviderUntrustworthy(why="sub")
    return Claims(issuer, subject, _called(claims))


def _called(claims: dict[str, Any]) -> str:
    """What the person recognises of the identity. Shown to them, believed of nobody."""
    for name in ("email", "preferred_username", "name"):
        value = claims.get(name)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()[:200]
    return ""


def _only_public(keys: dict[str, Any]) -> Any:
    """The keys that can check a signature of somebody else: a shared secret is none."""
    listed = keys.get("keys")
    if not isinstance(listed, list):
        raise ProviderUntrustworthy(why="keys")
    kept = [key for key in listed if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")]
    if not kept:
        raise ProviderUntrustworthy(why="keys")
    return {"keys": kept}


def _read(outgoing: Outgoing, url: str) -> dict[str, Any]:
    try:
        return _as_object(outgoing.get(url, _LIMITS, accept="application/json").body)
    except OutgoingError as fault:
        raise ProviderDoesNotAnswer from fault


def _as_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderUntrustworthy(why="json") from None
    if not isinstance(found, dict):
        raise ProviderUntrustworthy(why="json")
    return found
