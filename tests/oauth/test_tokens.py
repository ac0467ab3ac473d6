"""Codes and tokens: what they are worth, once, for whom and until when."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from entitylocker import tenancy
from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.consents import service as consents
from entitylocker.extensions import db, utc_now
from entitylocker.oauth import answering
from entitylocker.oauth.bearing import load_token
from entitylocker.oauth.errors import InvalidToken
from entitylocker.organisations import life
from entitylocker.tenancy import Tenant
from tests.oauth.world import World, callback


def refused(answer: TestResponse, error: str, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json["error"] == error


def is_good(world: World, tokens: dict[str, str]) -> bool:
    return world.program.get(f"/api/v1/consents/{tokens['consent_id']}", tokens["access_token"]).status_code == 200


def test_of_concurrent_redemptions_of_one_code_exactly_one_succeeds(world: World) -> None:
    code = world.code()
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: world.program.redeem(code), range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]
    for answer in answers:
        if answer.status_code == 400:
            refused(answer, "invalid_grant")
    assert world.tags().count("token:issue") == 1


def test_a_code_that_comes_twice_revokes_what_was_issued_for_it(world: World) -> None:
    code = world.code()
    tokens = world.program.redeem(code).json
    assert is_good(world, tokens)
    refused(world.program.redeem(code), "invalid_grant")
    assert not is_good(world, tokens)
    refused(world.program.refresh(tokens["refresh_token"]), "invalid_grant")
    assert "token:revoke" in world.tags()


def test_a_code_of_another_portal_is_refused_and_stays_good_for_its_own(world: World) -> None:
    code = world.code()
    other = world.another_program()
    refused(other.redeem(code, code_verifier=world.program.verifier), "invalid_grant")
    assert world.program.redeem(code).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "https://portal.example.in/callback"}, "invalid_grant"),
        ({"code": "guess"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
    ids=count(),
)
def test_a_redemption_that_does_not_fit_is_refused(world: World, changes: dict[str, str | None], error: str) -> None:
    answer = world.program.redeem(changes.pop("code", world.code()), **changes)  # type: ignore[arg-type]
    refused(answer, error)


def test_a_code_tried_with_the_wrong_verifier_is_used_up(world: World) -> None:
    code = world.code()
    refused(world.program.redeem(code, code_verifier="x" * 43), "invalid_grant")
    refused(world.program.redeem(code), "invalid_grant")


def test_a_code_is_too_old_after_its_life(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(seconds=60) >= answering.CODE_LIFE
    monkeypatch.setattr(answering, "CODE_LIFE", timedelta(seconds=-1))
    refused(world.program.redeem(world.code()), "invalid_grant")


def test_token_requests_take_parameters_from_the_body_only_and_once(world: World) -> None:
    client = world.app.test_client()
    data = {**world.program.proof(), "grant_type": "authorization_code", "code": world.code()}
    refused(client.post("/oauth/token?code_verifier=x", data=data), "invalid_request")
    refused(client.post("/oauth/token", data={**data, "code": [data["code"], "b"]}), "invalid_request")
    assert client.get("/oauth/token").status_code == 405


def test_without_proof_there_is_no_token(world: World) -> None:
    code = world.code()
    answer = world.program.redeem(code, client_assertion=None)
    refused(answer, "invalid_client", 401)
    assert world.program.redeem(code).status_code == 200


def test_a_consent_withdrawn_before_the_code_is_redeemed_gives_no_token(world: World) -> None:
    code = world.code()
    withdraw(world)
    refused(world.program.redeem(code), "invalid_grant")


def test_an_organisation_no_longer_verified_gives_no_token(app: Flask, world: World) -> None:
    code = world.code()
    unverify(world)
    refused(world.program.redeem(code), "invalid_grant")


def test_a_refresh_token_is_not_rotated_and_serves_its_portal_only(world: World) -> None:
    tokens = world.tokens()
    other = world.another_program()
    refused(other.refresh(tokens["refresh_token"]), "invalid_grant")
    for _ in range(2):
        fresh = world.program.refresh(tokens["refresh_token"])
        assert fresh.status_code == 200
        assert "refresh_token" not in fresh.json
        assert fresh.json["authorization_details"] == tokens["authorization_details"]
        assert fresh.json["access_token"] != tokens["access_token"]
        assert is_good(world, fresh.json)
    refused(world.program.refresh(tokens["access_token"]), "invalid_grant")
    refused(world.program.refresh("guess"), "invalid_grant")


def test_a_refresh_token_ends_with_its_consent(world: World) -> None:
    tokens = world.tokens()
    withdraw(world)
    refused(world.program.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_suspended_portal_gets_no_token(world: World) -> None:
    code, tokens = world.code(), world.tokens()
    world.suspend()
    refused(world.program.redeem(code), "unauthorized_client")
    refused(world.program.refresh(tokens["refresh_token"]), "unauthorized_client")


def test_an_access_token_given_back_is_no_good(world: World) -> None:
    tokens = world.tokens()
    assert world.program.revoke(tokens["access_token"]).status_code == 200
    assert not is_good(world, tokens)
    assert is_good(world, world.program.refresh(tokens["refresh_token"]).json)
    assert world.tags().count("token:revoke") == 1


def test_a_refresh_token_given_back_takes_the_access_tokens_with_it(world: World) -> None:
    tokens = world.tokens()
    assert world.program.revoke(tokens["refresh_token"]).status_code == 200
    assert not is_good(world, tokens)
    refused(world.program.refresh(tokens["refresh_token"]), "invalid_grant")


def test_attack_18_a_revoked_refresh_token_stays_revoked_after_a_restart(world: World, settings: Settings) -> None:
    """CVE-2026-9802 in Keycloak: what was revoked worked again once the server had restarted."""
    given_back, withdrawn = world.tokens(), world.tokens()
    assert world.program.revoke(given_back["refresh_token"]).status_code == 200
    with world.app.test_request_context():
        consents.revoke_consent(world.giver.actor, UUID(withdrawn["consent_id"]))
    good = world.tokens()
    restarted = replace(world.program, app=create_app(settings))
    for tokens in (given_back, withdrawn):
        for _ in range(2):
            refused(restarted.refresh(tokens["refresh_token"]), "invalid_grant")
        path = f"/api/v1/consents/{tokens['consent_id']}"
        assert restarted.get(path, tokens["access_token"]).status_code == 401
    assert restarted.refresh(good["refresh_token"]).status_code == 200, "the new process knows the good ones"


@pytest.mark.parametrize("limit", ["token", "consent", "portal", "organisation"])
def test_attack_20_each_limit_of_a_token_ends_it_alone(world: World, limit: str) -> None:
    """CVE-2026-8922 in Keycloak: of two limits only one was looked at when a token was asked about."""
    tokens = world.tokens()
    assert is_good(world, tokens)
    ends = {
        "token": lambda: world.program.revoke(tokens["access_token"]),
        "consent": lambda: withdraw(world),
        "portal": world.suspend,
        "organisation": lambda: suspend_organisation(world),
    }
    ends[limit]()
    assert not is_good(world, tokens)


def test_giving_back_answers_the_same_for_what_is_unknown_or_anothers(world: World) -> None:
    tokens = world.tokens()
    other = world.another_program()
    for token in (tokens["access_token"], "guess"):
        answer = other.revoke(token)
        assert (answer.status_code, answer.data) == (200, b"")
    assert is_good(world, tokens)
    client = world.app.test_client()
    refused(client.post("/oauth/revoke", data={"token": tokens["access_token"]}), "invalid_client", 401)


def test_a_suspended_portal_may_still_give_back(world: World) -> None:
    tokens = world.tokens()
    world.suspend()
    assert world.program.revoke(tokens["refresh_token"]).status_code == 200
    assert "token:revoke" in world.tags()


@pytest.mark.parametrize("text", ["", "guess", "x" * 5000, "\x00"])
def test_an_unknown_token_is_nobody(app: Flask, text: str) -> None:
    with app.app_context(), pytest.raises(InvalidToken):
        load_token(text)


def test_a_token_serves_in_the_header_only(world: World) -> None:
    tokens = world.tokens()
    client = world.app.test_client()
    path = f"/api/v1/consents/{tokens['consent_id']}"
    assert client.get(path, query_string={"access_token": tokens["access_token"]}).status_code == 401
    answer = client.get(path, headers={"Authorization": f"Basic {tokens['access_token']}"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json["code"] == "invalid_token"
    assert world.program.get(path, tokens["refresh_token"]).status_code == 401


def test_secrets_are_stored_by_digest_only(world: World) -> None:
    request_uri = world.program.pushed()
    code = callback(world.answer(request_uri))["code"]
    tokens = world.program.redeem(code).json
    with world.app.app_context(), tenancy.transaction(Tenant(organisation_id=world.giver.organisation_id)):
        seen = [
            str(row)
            for call in ("lookup_par_request", "lookup_code", "lookup_token")
            for secret in (request_uri, code, tokens["access_token"], tokens["refresh_token"])
            for row in db.session.execute(db.text(f"SELECT * FROM {call}(sha256(:s))"), {"s": secret.encode()})
        ]
    assert len(seen) == 4
    for secret in (request_uri, code, tokens["access_token"], tokens["refresh_token"]):
        assert not any(secret in row for row in seen)


def withdraw(world: World) -> None:
    """Withdraw every consent of the giver."""
    with world.app.test_request_context():
        for consent in consents.list_consents(world.giver.actor):
            consents.revoke_consent(world.giver.actor, consent.id)


def suspend_organisation(world: World) -> None:
    with world.app.test_request_context():
        life.suspend_organisation(world.giver.actor, "A key was lost")


def unverify(world: World) -> None:
    """As if the identifier of the giver had ended."""
    place = world.giver.organisation_id
    operator = Tenant(tenancy.DatabaseRole.OPERATOR)
    with world.app.app_context(), tenancy.transaction(operator):
        statement = "UPDATE identifiers SET state = 'expired', decided_at = :now WHERE organisation_id = :place"
        db.session.execute(db.text(statement), {"now": utc_now(), "place": place})
