"""Which keys and addresses a portal may register."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from itertools import count
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from entitylocker.errors import InvalidInput
from entitylocker.portals.addresses import check_homepage, check_redirects
from entitylocker.portals.keys import parse_public_keys


def public(key: Any, **changes: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "one", **changes}


EC = ECKey.generate_key("P-256", private=True)
RSA = RSAKey.generate_key(2048, private=True)
ED = OKPKey.generate_key("Ed25519", private=True)


@pytest.fixture(autouse=True)
def _context(app: Flask) -> Any:
    with app.test_request_context():
        yield


def test_the_three_kinds_are_taken_and_reduced() -> None:
    sent = {"keys": [public(EC, use="sig", x5c=["MII"]), public(RSA, kid="two", alg="PS256"), public(ED, kid="three")]}
    kept = parse_public_keys(json.dumps(sent))["keys"]
    assert [key["kid"] for key in kept] == ["one", "two", "three"]
    assert kept[0].keys() == {"kid", "kty", "crv", "x", "y"}


def test_a_single_key_is_taken_as_a_set_of_one() -> None:
    assert len(parse_public_keys(json.dumps(public(EC)))["keys"]) == 1


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([{**EC.as_dict(private=True), "kid": "one"}], "private"),
        ([{**RSA.as_dict(private=True), "kid": "one"}], "private"),
        ([{**ED.as_dict(private=True), "kid": "one"}], "private"),
        ([{**OctKey.generate_key(256, private=True).as_dict(private=True), "kid": "one"}], "private"),
        ([public(RSA, n=urlsafe_b64encode(b"\xff" * 128).decode())], "weak"),
        ([public(ECKey.generate_key("P-384", private=True))], "P-256"),
        ([public(ECKey.generate_key("secp256k1", private=True))], "P-256"),
        ([public(OKPKey.generate_key("X25519", private=True))], "Ed25519"),
        ([public(OKPKey.generate_key("Ed448", private=True))], "Ed25519"),
        ([public(RSA, e="Aw")], "exponent"),
        ([public(RSA, alg="RS256")], "algorithm"),
        ([public(EC, alg="HS256")], "algorithm"),
        ([public(EC, use="enc")], "signing"),
        ([public(EC, x5u="https://evil.example")], "another address"),
        ([public(EC, kid=None)], "kid"),
        ([public(EC, kid="")], "kid"),
        ([public(EC), public(ED)], "same “kid”"),
        ([public(EC), public(EC, kid="two")], "twice"),
        ([public(EC, x="AAAA")], "read"),
        ([{"kty": "EC", "kid": "one"}], "P-256"),
        ([{"kty": "RSA", "kid": "one"}], "read"),
        ([{"kty": "OKP", "crv": "Ed25519", "kid": "one"}], "read"),
        ([{"kty": "DSA", "kid": "one"}], "kind"),
        ([], "no key"),
        ([5], "JSON object"),
        ([public(EC)] * 11, "too many"),
    ],
    ids=count(),
)
def test_other_keys_are_refused(keys: list[Any], words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_public_keys(json.dumps({"keys": keys}))
    assert words in refusal.value.text()
    assert refusal.value.field == "jwks"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "5", "{}", '{"keys": 5}', "x" * 70_000, "[" * 50_000])
def test_what_is_no_key_set_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_public_keys(text)


@pytest.mark.parametrize(
    "address",
    [
        "https://portal.example.in/callback",
        "https://portal.example.in:8443/callback?a=b",
        "http://127.0.0.1:9000/callback",
        "http://[::1]:9000/callback",
        "http://localhost/callback",
    ],
)
def test_good_addresses_are_kept_as_they_are(address: str) -> None:
    assert check_redirects(f"\n {address} \n{address}\n") == [address]


@pytest.mark.parametrize(
    "address",
    [
        "http://portal.example.in/callback",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "https://portal.example.in/callback#part",
        "https://portal.example.in/callback#",
        "https://user:word@portal.example.in/",
        "https://portal.example.in@evil.example/",
        "https://*.example.in/",
        "https:///callback",
        "//portal.example.in/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://portal.example.in\\@evil.example/",
        "https://portal.example.in/a b",
        "https://portal.example.in/\u202e",
        "https://portal.example.in:port/",
        "https://[::1/",
        "https://portal.example.in/" + "x" * 2000,
        "",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_redirects(address)
    with pytest.raises(InvalidInput):
        check_homepage(address)


def test_eleven_addresses_are_too_many() -> None:
    with pytest.raises(InvalidInput):
        check_redirects("\n".join(f"https://portal.example.in/{number}" for number in range(11)))
