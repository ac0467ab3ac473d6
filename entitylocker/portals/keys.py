"""Which public keys a portal may prove itself with (FAPI 2.0 section 5.4: ES256, PS256, Ed25519)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any

from flask_babel import gettext
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from entitylocker.errors import N_
from entitylocker.portals.errors import BadKeys

ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")
MOST_KEYS = 10
LARGEST_SET = 64 * 1024
SMALLEST_RSA = 2048
LARGEST_RSA = 8192
SMALLEST_EXPONENT = 65537
_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_REMOTE_PARTS = frozenset({"x5u", "jku"})
# Members kept of a key: what is needed to check a signature, and nothing else that was sent along.
_KEPT = {"EC": ("kty", "crv", "x", "y"), "RSA": ("kty", "n", "e"), "OKP": ("kty", "crv", "x")}
_ALGORITHMS_OF = {"EC": {"ES256"}, "RSA": {"PS256"}, "OKP": {"Ed25519", "EdDSA"}}


def parse_public_keys(text: str) -> dict[str, Any]:
    """The key set in `text`, a JWK set or one JWK, reduced to what is needed.

    Raises BadKeys for private or symmetric keys, keys too weak or of another kind, keys without a `kid` or with the
    same one, and the same key twice.
    """
    keys = [_checked(key) for key in _read(text)]
    kids = [key["kid"] for key in keys]
    if len(set(kids)) != len(kids):
        raise _bad(N_("two keys have the same “kid”."))
    prints = {import_key({k: v for k, v in key.items() if k != "kid"}).thumbprint() for key in keys}
    if len(prints) != len(keys):
        raise _bad(N_("the same key stands in it twice."))
    return {"keys": keys}


def key_set(jwks: dict[str, Any]) -> KeySet:
    """A stored key set, ready to check signatures with."""
    return KeySet.import_key_set(jwks)  # type: ignore[arg-type]


def _read(text: str) -> list[Any]:
    if len(text) > LARGEST_SET:
        raise _bad(N_("the file is too large."))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _bad(N_("this is not JSON. Paste the public key set (JWKS) as your software wrote it.")) from None
    if not isinstance(found, dict):
        raise _bad(N_("this is not a key set (JWKS)."))
    keys = found.get("keys", [found] if "kty" in found else None)
    if not isinstance(keys, list) or not keys:
        raise _bad(N_("there is no key in it."))
    if len(keys) > MOST_KEYS:
        raise _bad(N_("there are too many keys in it."))
    return keys


def _checked(key: Any) -> dict[str, Any]:
    if not isinstance(key, dict):
        raise _bad(N_("a key in it is not a JSON object."))
    if _PRIVATE_PARTS & key.keys():
        raise _bad(
            N_("a private key stands in it. Treat that key as lost, make a new one, and send the public part only.")
        )
    if _REMOTE_PARTS & key.keys():
        raise _bad(N_("a key in it points to another address."))
    kid = key.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= 128 or not kid.isprintable():
        raise _bad(N_("every key needs a “kid” of at most 128 characters."))
    _check_use(key)
    kept = {"kid": kid, **{name: key.get(name) for name in _KEPT.get(str(key.get("kty")), ())}}
    try:
        _check_strength(kept)
        import_key(kept)  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError):
        raise _bad(N_("a key in it cannot be read. Only EC P-256, RSA and Ed25519 keys are taken.")) from None
    return kept


def _check_use(key: dict[str, Any]) -> None:
    if key.get("use", "sig") != "sig":
        raise _bad(N_("a key in it is not meant for signing."))
    allowed = _ALGORITHMS_OF.get(str(key.get("kty")))
    if allowed is None:
        raise _bad(N_("a key in it is of a kind that is not taken. Use EC P-256, RSA or Ed25519."))
    if "alg" in key and key["alg"] not in allowed:
        raise _bad(N_("a key in it is for an algorithm that is not taken. Use ES256, PS256 or Ed25519."))


def _check_strength(key: dict[str, Any]) -> None:
    """Before the key is imported. Raises BadKeys, or ValueError for numbers that are none."""
    if key["kty"] == "EC" and key["crv"] != "P-256":
        raise _bad(N_("an EC key in it is not on the curve P-256."))
    if key["kty"] == "OKP" and key["crv"] != "Ed25519":
        raise _bad(N_("a key in it is not an Ed25519 key."))
    if key["kty"] == "RSA":
        modulus, exponent = _number(key["n"]), _number(key["e"])
        if not SMALLEST_RSA <= modulus.bit_length() <= LARGEST_RSA:
            raise _bad(N_("an RSA key in it is too weak or too long: 2048 to 8192 bits are taken."))
        if exponent < SMALLEST_EXPONENT or exponent % 2 == 0:
            raise _bad(N_("an RSA key in it has an unsafe exponent."))


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _bad(why: str) -> BadKeys:
    return BadKeys(field="jwks", why=gettext(why))
