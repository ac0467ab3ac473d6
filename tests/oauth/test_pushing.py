"""What a pushed request must be, and every weaker one that is refused."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import OctKey, OKPKey, RSAKey
from werkzeug.test import TestResponse

from entitylocker import tenancy
from entitylocker.extensions import utc_now
from entitylocker.oauth.doors import find_request
from entitylocker.portals import approval, service
from entitylocker.tenancy import Tenant
from tests.oauth.world import REDIRECT, Program, World, new_key, portal_data, until


def refused(answer: TestResponse, error: str, words: str = "") -> None:
    assert answer.json["error"] == error, answer.text
    assert words in answer.json.get("error_description", "")
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_is_taken_and_named(world: World) -> None:
    answer = world.program.push()
    assert answer.status_code == 201
    assert answer.json["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert 0 < answer.json["expires_in"] < 600
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code_challenge": None}, "PKCE"),
        ({"code_challenge": None, "code_challenge_method": None}, "PKCE"),
        ({"code_challenge_method": "plain"}, "S256"),
        ({"code_challenge_method": None}, "S256"),
        ({"code_challenge": "short"}, "code_challenge"),
        ({"redirect_uri": None}, "redirect_uri"),
        ({"redirect_uri": REDIRECT + "&more=1"}, "redirect_uri"),
        ({"redirect_uri": REDIRECT.split("?")[0]}, "redirect_uri"),
        ({"redirect_uri": REDIRECT.upper()}, "redirect_uri"),
        ({"redirect_uri": "https://evil.example/callback"}, "redirect_uri"),
        ({"response_type": None}, "response_type"),
        ({"response_mode": "fragment"}, "response_mode"),
        ({"client_id": "somebody-else"}, ""),
        ({"client_id": None}, "client_id"),
        ({"request_uri": "urn:example"}, "request_uri"),
        ({"request": "eyJ"}, "request"),
        ({"state": "x" * 2000}, "state"),
    ],
)
def test_a_weaker_request_is_refused(world: World, changes: dict[str, Any], words: str) -> None:
    answer = world.program.push(**changes)
    refused(answer, "invalid_client" if changes.get("client_id") else "invalid_request", words)


def test_other_response_types_and_scopes_are_refused(world: World) -> None:
    refused(world.program.push(response_type="token"), "unsupported_response_type")
    refused(world.program.push(response_type="code id_token"), "unsupported_response_type")
    refused(world.program.push(scope="openid"), "invalid_scope")


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "account_information"},
        {"document_types": []},
        {"document_types": ["NOSUCH"]},
        {"document_types": ["ITRET"]},
        {"document_types": ["PANCR", "PANCR"]},
        {"document_types": "PANCR"},
        {"document_types": None},
        {"purpose": None},
        {"purpose": {"code": "tender"}},
        {"purpose": {"code": "tender", "text": ""}},
        {"purpose": {"code": "tender", "text": "\u202e\u200b"}},
        {"purpose": {"code": "tender", "text": "x" * 201}},
        {"purpose": {"code": "not a code", "text": "x"}},
        {"purpose": {"code": "a", "text": "x", "more": 1}},
        {"until": None},
        {"until": "2020-01-01"},
        {"until": until(370)},
        {"until": "tomorrow"},
        {"until": "2027-01-01T00:00:00"},
        {"fetch": {"times": 0}},
        {"fetch": {"times": "5"}},
        {"fetch": {"times": True}},
        {"fetch": {"times": 1, "unit": "day"}},
        {"retention": {"days": -1}},
        {"retention": 5},
        {"least_verdict": "altered"},
        {"least_verdict": "checking"},
        {"least_verdict": "perfect"},
        {"documents": ["01939c3e-0000-7000-8000-000000000000"]},
        {"unknown": True},
    ],
    ids=count(),
)
def test_details_that_do_not_fit_are_refused(world: World, changes: dict[str, Any]) -> None:
    refused(world.program.push(details=world.program.details(**changes)), "invalid_authorization_details")


@pytest.mark.parametrize(
    "text", [None, "", "nonsense", "{}", "[]", "[1]", '[{"type": "a"}, {"type": "b"}]', "[" * 9000, "[" * 20000]
)
def test_details_that_are_no_list_of_one_are_refused(world: World, text: str | None) -> None:
    refused(world.program.push(authorization_details=text), "invalid_authorization_details")


def test_what_is_left_out_means_the_least(world: World) -> None:
    details = world.program.details(fetch=None, retention=None, least_verdict=None)
    tokens = world.tokens(details)
    assert tokens["authorization_details"][0]["fetch"] == {"times": 1}
    assert tokens["authorization_details"][0]["retention"] == {"days": 0}


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": ["ISSUER"]}, "aud"),
        ({"aud": ["ISSUER", "https://other.example"]}, "aud"),
        ({"aud": "ISSUER/oauth/token"}, "aud"),
        ({"aud": "ISSUER/oauth/par"}, "aud"),
        ({"aud": "ISSUER/"}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": -1}, "expired"),
        ({"exp": 3600}, "five minutes"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": 60}, "future"),
        ({"nbf": 60}, "future"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 5}, "jti"),
        ({"iss": "somebody-else"}, "iss"),
        ({"sub": None}, ""),
        ({"sub": 5}, ""),
        ({"sub": "somebody-else"}, ""),
    ],
    ids=count(),
)
def test_assertions_that_do_not_fit_are_refused(world: World, claims: dict[str, Any], words: str) -> None:
    now = int(time.time())
    for name, value in claims.items():
        if isinstance(value, int) and name in ("exp", "iat", "nbf"):
            claims = {**claims, name: now + value}
    text = json.dumps(claims).replace("ISSUER", world.issuer)
    refused(world.program.push(assertion=world.program.assertion(**json.loads(text))), "invalid_client", words)


def test_small_differences_between_clocks_are_forgiven(world: World) -> None:
    now = int(time.time())
    assert world.program.push(assertion=world.program.assertion(iat=now + 8, nbf=now + 8)).status_code == 201
    assert world.program.push(assertion=world.program.assertion(iat=now - 30, exp=now + 295)).status_code == 201


def _unsigned(program: Program) -> str:
    header = urlsafe_b64encode(b'{"alg":"none","kid":"one"}').rstrip(b"=").decode()
    return f"{header}.{program.assertion().split('.')[1]}."


def test_other_algorithms_are_refused(world: World) -> None:
    program = world.program
    public = json.dumps(program.key.as_dict(private=False)).encode()
    refused(program.push(assertion=_unsigned(program)), "invalid_client")
    refused(program.push(assertion=program.assertion(alg="HS256", key=OctKey.import_key(public))), "invalid_client")
    rsa = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
    refused(program.push(assertion=program.assertion(alg="RS256", key=rsa)), "invalid_client")
    refused(program.push(assertion=program.assertion(alg="PS256", key=rsa)), "invalid_client")


def test_a_wrong_signature_is_answered_like_an_unknown_portal(world: World) -> None:
    stranger = Program(world.app, world.issuer, world.program.portal, new_key())
    wrong = stranger.push()
    refused(wrong, "invalid_client")
    assertion = world.program.assertion(iss="nobody", sub="nobody")
    unknown = world.program.push(assertion=assertion, client_id="nobody")
    refused(unknown, "invalid_client")
    assert wrong.json == unknown.json


DEEP = urlsafe_b64encode(b"[" * 5000).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
        "é.é.é",
        "x" * 9000,
        f"eyJhbGciOiJFUzI1NiJ9.{DEEP}.AA",
        f"{DEEP}.e30.AA",
    ],
    ids=count(),
)
def test_assertions_that_are_none_are_refused(world: World, text: str) -> None:
    refused(world.program.push(client_assertion=text), "invalid_client")


def test_other_credentials_are_refused(world: World) -> None:
    program = world.program
    refused(program.push(client_assertion=None, client_assertion_type=None, client_secret="secret"), "invalid_client")
    refused(program.push(client_secret="secret"), "invalid_client")
    refused(program.push(client_assertion_type="urn:other"), "invalid_client")
    client = world.app.test_client()
    basic = client.post("/oauth/par", data=program.parameters(), headers={"Authorization": "Basic eDp5"})
    refused(basic, "invalid_client")
    nothing = client.post("/oauth/par", data={"client_id": program.client_id})
    refused(nothing, "invalid_client")


def test_an_assertion_works_once(world: World) -> None:
    assertion = world.program.assertion()
    assert world.program.push(assertion=assertion).status_code == 201
    refused(world.program.push(assertion=assertion), "invalid_client", "before")
    refused(world.program.redeem("x", assertion=assertion), "invalid_client", "before")


def test_an_assertion_is_used_up_by_a_refused_request_too(world: World) -> None:
    assertion = world.program.assertion()
    refused(world.program.push(assertion=assertion, redirect_uri="https://evil.example"), "invalid_request")
    refused(world.program.push(assertion=assertion), "invalid_client", "before")


def test_of_many_uses_at_once_one_succeeds(world: World) -> None:
    assertion = world.program.assertion()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.program.push(assertion=assertion).status_code, range(4)))
    assert sorted(answers) == [201, 401, 401, 401]


def test_repeated_parameters_and_parameters_in_the_address_are_refused(world: World) -> None:
    client = world.app.test_client()
    data = world.program.parameters()
    repeated = {**data, "state": ["one", "two"]}
    refused(client.post("/oauth/par", data=repeated), "invalid_request", "repeated")
    twice = {**data, "authorization_details": [data["authorization_details"]] * 2}
    refused(client.post("/oauth/par", data=twice), "invalid_request", "repeated")
    refused(client.post("/oauth/par?client_id=x", data=data), "invalid_request", "body")
    refused(client.post("/oauth/par", json=data), "invalid_request", "urlencoded")


def test_only_approved_portals_may_ask(world: World) -> None:
    key = new_key()
    with world.app.test_request_context():
        portal = service.register_portal(world.keeper.actor, portal_data(key))
    program = Program(world.app, world.issuer, portal, key)
    refused(program.push(), "unauthorized_client")
    with world.app.test_request_context():
        approval.approve_portal(world.organisations.operator(), portal.id)
    assert program.push().status_code == 201
    world.suspend()
    refused(world.program.push(), "unauthorized_client")


@pytest.mark.parametrize("kind", ["RSA", "Ed25519"])
def test_the_other_kinds_of_keys_work(app: Flask, world: World, kind: str) -> None:
    key: Any = (
        RSAKey.generate_key(2048, {"kid": "one"}) if kind == "RSA" else OKPKey.generate_key("Ed25519", {"kid": "one"})
    )
    with app.test_request_context():
        portal = service.register_portal(world.keeper.actor, portal_data(key))
        approval.approve_portal(world.organisations.operator(), portal.id)
    program = Program(app, world.issuer, portal, key)
    alg = "PS256" if kind == "RSA" else "Ed25519"
    assert program.push(assertion=program.assertion(alg=alg)).status_code == 201
    if kind == "RSA":
        refused(program.push(assertion=program.assertion(alg="RS256")), "invalid_client")


def test_the_metadata_say_what_holds_and_nothing_else(app: Flask, world: World) -> None:
    client = app.test_client()
    found = client.get("/.well-known/oauth-authorization-server").json
    assert found["issuer"] == world.issuer
    assert found["require_pushed_authorization_requests"] is True
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code"]
    assert "RS256" not in found["token_endpoint_auth_signing_alg_values_supported"]
    assert "jwks_uri" not in found
    for name, address in found.items():
        if name.endswith("_endpoint"):
            assert address.startswith(world.issuer + "/oauth/")
            assert client.open(address.removeprefix(world.issuer), method="OPTIONS").status_code == 200


def test_what_expired_long_ago_is_swept_with_the_next_request(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr("entitylocker.oauth.pushing.utc_now", lambda: utc_now() - timedelta(days=2))
        request_uri = world.program.pushed()
    fresh = world.program.pushed()
    with app.app_context(), tenancy.transaction(Tenant()):
        assert find_request(request_uri) is None
        assert find_request(fresh) is not None
