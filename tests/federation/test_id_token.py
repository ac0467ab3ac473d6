"""An ID token is believed only when all of it holds (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from entitylocker.federation.errors import ProviderUntrustworthy
from entitylocker.federation.oidc import Claims, read_id_token

ISSUER, CLIENT, NONCE = "https://login.example.in", "locker", "n-0S6_WzA2Mj"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
KEYS: dict[str, Any] = {"keys": [KEY.as_dict(private=False)]}


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    found = {"iss": ISSUER, "aud": CLIENT, "sub": "asha", "nonce": NONCE, "iat": now, "exp": now + 300, **changed}
    return {name: value for name, value in found.items() if value is not None}


def signed(found: dict[str, Any], key: Any = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one", **header}, found, key, algorithms=["RS256", "ES256", "HS256"])


def read(token: str, keys: dict[str, Any] | None = None) -> Claims:
    return read_id_token(token, keys or KEYS, issuer=ISSUER, client_id=CLIENT, nonce=NONCE)


def test_a_token_that_holds_says_who_it_is() -> None:
    found = read(signed(claims(email="asha@example.in", email_verified=True)))
    assert found == Claims(ISSUER, "asha", "asha@example.in")


def test_a_list_of_audiences_names_who_asked() -> None:
    assert read(signed(claims(aud=[CLIENT, "other"], azp=CLIENT))).subject == "asha"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://login.example.in/"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": [CLIENT, "other"]},
        {"aud": [CLIENT, "other"], "azp": "other"},
        {"azp": "other"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
    ],
    ids=str,
)
def test_a_token_of_which_anything_does_not_hold_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ProviderUntrustworthy):
        read(signed(claims(**changed)))


def test_half_a_character_is_no_subject() -> None:
    """JSON can say it, the database cannot look for it."""
    said = json.dumps(claims(sub="a\ud800")).encode()
    with pytest.raises(ProviderUntrustworthy, match="sub"):
        read(jws.serialize_compact({"alg": "RS256", "kid": "one"}, said, KEY))


def test_a_token_signed_by_nobody_is_refused() -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    for token in (f"{head}.{body}.", f"{head}.{body}", "", "....", "x"):
        with pytest.raises(ProviderUntrustworthy):
            read(token)


def test_a_token_signed_with_the_public_key_as_a_shared_secret_is_refused() -> None:
    words = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "one"}, claims())]
    text = b".".join(base64.urlsafe_b64encode(word).rstrip(b"=") for word in words)
    mac = hmac.new(KEY.as_pem(private=False), text, hashlib.sha256).digest()
    with pytest.raises(ProviderUntrustworthy):
        read(f"{text.decode()}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def test_a_shared_secret_among_the_keys_counts_for_nothing() -> None:
    secret = OctKey.import_key(b"k" * 32, {"kid": "one"})
    with pytest.raises(ProviderUntrustworthy):
        read(signed(claims(), secret, alg="HS256"), {"keys": [secret.as_dict(private=True)]})


def test_a_token_of_another_key_is_refused() -> None:
    other = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(ProviderUntrustworthy):
        read(signed(claims(), other))
    with pytest.raises(ProviderUntrustworthy):
        read(signed(claims()), {"keys": [ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=False)]})


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]}], ids=str)
def test_keys_that_are_none_are_refused(keys: dict[str, Any]) -> None:
    with pytest.raises(ProviderUntrustworthy):
        read_id_token(signed(claims()), keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE)


def test_what_people_are_called_is_bounded_and_plain() -> None:
    assert read(signed(claims(email="x" * 500))).called == "x" * 200
    assert read(signed(claims(email="a\nb", preferred_username="asha"))).called == "asha"
    assert read(signed(claims(email=["a"]))).called == ""
