"""What a portal may read with its token, and what it is refused at the very next read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from entitylocker.consents import reading
from entitylocker.consents import service as consents
from entitylocker.consents.errors import ConsentWithdrawn
from entitylocker.extensions import utc_now
from entitylocker.oauth.bearing import load_token
from tests.oauth.test_tokens import unverify, withdraw
from tests.oauth.world import PDF, World


def content(world: World, tokens: dict[str, Any], document_id: object, **headers: str) -> Any:
    path = f"/api/v1/consents/{tokens['consent_id']}/documents/{document_id}/content"
    return world.program.get(path, tokens["access_token"], **headers)


def refused(answer: Any, code: str, status: int) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.mimetype == "application/problem+json"


def last_refusal(world: World) -> dict[str, Any]:
    event = world.events()[-1]
    assert event.tag == "document:fetch_refused"
    assert event.actor_name == "State e-Tender Portal"
    return event.data


def test_a_document_that_was_not_consented_is_not_there(world: World) -> None:
    other = world.deposit("PANCR")
    tokens = world.tokens()
    for document_id in (other, uuid4()):
        refused(content(world, tokens, document_id), "not_found", 404)
        path = f"/api/v1/consents/{tokens['consent_id']}/documents/{document_id}"
        refused(world.program.get(path, tokens["access_token"]), "not_found", 404)
    assert last_refusal(world)["reason"] == "not_found"


def test_another_consent_is_not_there(world: World) -> None:
    first, second = world.tokens(), world.tokens()
    for path in ("", "/documents", f"/documents/{world.documents['PANCR']}"):
        answer = world.program.get(f"/api/v1/consents/{first['consent_id']}{path}", second["access_token"])
        refused(answer, "not_found", 404)


def test_a_withdrawn_consent_is_refused_at_the_next_read_and_recorded(world: World) -> None:
    tokens = world.tokens()
    withdraw(world)
    document_id = world.documents["PANCR"]
    refused(content(world, tokens, document_id), "consent_withdrawn", 401)
    for path in ("", "/documents", f"/documents/{document_id}"):
        answer = world.program.get(f"/api/v1/consents/{tokens['consent_id']}{path}", tokens["access_token"])
        refused(answer, "consent_withdrawn", 401)
    assert last_refusal(world)["reason"] == "consent_withdrawn"
    assert "document:fetch" not in world.tags()


def test_a_withdrawal_between_token_and_fetch_is_noticed(world: World) -> None:
    tokens = world.tokens()
    with world.app.test_request_context():
        portal = load_token(tokens["access_token"])
        withdraw(world)
        assert portal.consent_id is not None
        with pytest.raises(ConsentWithdrawn):
            reading.admit_fetch(portal, portal.consent_id, world.documents["PANCR"])
    assert last_refusal(world)["reason"] == "consent_withdrawn"


def test_a_consent_ends_with_its_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = world.tokens()
    for module in ("entitylocker.consents.reading", "entitylocker.oauth.bearing"):
        monkeypatch.setattr(f"{module}.utc_now", lambda: utc_now() + timedelta(days=40))
    refused(content(world, tokens, world.documents["PANCR"]), "consent_expired", 401)
    assert last_refusal(world)["reason"] == "consent_expired"


def test_a_suspended_portal_reads_nothing(world: World) -> None:
    tokens = world.tokens()
    world.suspend()
    refused(content(world, tokens, world.documents["PANCR"]), "portal_suspended", 403)
    assert last_refusal(world)["reason"] == "portal_suspended"


def test_of_an_organisation_no_longer_verified_nothing_is_read(world: World) -> None:
    tokens = world.tokens()
    unverify(world)
    refused(content(world, tokens, world.documents["PANCR"]), "organisation_not_verified", 403)
    assert last_refusal(world)["reason"] == "organisation_not_verified"


def test_more_fetches_than_consented_are_refused(world: World) -> None:
    tokens = world.tokens()
    document_id = world.documents["PANCR"]
    assert [content(world, tokens, document_id).status_code for _ in range(2)] == [200, 200]
    refused(content(world, tokens, document_id), "fetch_limit_reached", 403)
    refused(content(world, tokens, document_id, Range="bytes=0-9"), "fetch_limit_reached", 403)
    assert last_refusal(world)["reason"] == "fetch_limit_reached"
    assert world.tags().count("document:fetch") == 2


def test_of_many_fetches_at_once_no_more_than_consented_succeed(world: World) -> None:
    tokens = world.tokens()
    with ThreadPoolExecutor(5) as pool:
        fetch = lambda _: content(world, tokens, world.documents["PANCR"]).status_code  # noqa: E731
        answers = list(pool.map(fetch, range(5)))
    assert sorted(answers) == [200, 200, 403, 403, 403]


def test_each_document_has_its_own_count(world: World) -> None:
    other = world.deposit("GSTRC")
    tokens = world.tokens(world.program.details(fetch={"times": 1}), documents=[other, world.documents["PANCR"]])
    for document_id in (other, world.documents["PANCR"]):
        assert content(world, tokens, document_id).status_code == 200
        refused(content(world, tokens, document_id), "fetch_limit_reached", 403)


def test_a_range_is_served_and_counts(world: World) -> None:
    tokens = world.tokens()
    answer = content(world, tokens, world.documents["PANCR"], Range="bytes=5-9")
    assert answer.status_code == 206
    assert answer.data == PDF[5:10]
    assert answer.headers["Repr-Digest"].startswith("sha-256=:")
    with world.app.test_request_context():
        [consent] = consents.list_consents(world.giver.actor)
    assert consent.fetches == 1


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("altered", "document_not_offered"),
        ("checking", "document_not_offered"),
        ("signer_not_confirmed", "below_least_verdict"),
    ],
)
def test_a_document_that_got_worse_is_not_handed_out_and_not_counted(world: World, verdict: str, code: str) -> None:
    tokens = world.tokens()
    world.set_verdict(world.documents["PANCR"], verdict)
    refused(content(world, tokens, world.documents["PANCR"]), code, 403)
    assert last_refusal(world)["reason"] == code
    path = f"/api/v1/consents/{tokens['consent_id']}/documents/{world.documents['PANCR']}"
    facts = world.program.get(path, tokens["access_token"]).json
    assert (facts["verdict"], facts["offered"]) == (verdict, False)
    with world.app.test_request_context():
        [consent] = consents.list_consents(world.giver.actor)
    assert consent.fetches == 0


def test_looking_counts_as_no_fetch(world: World) -> None:
    tokens = world.tokens(world.program.details(fetch={"times": 1}))
    path = f"/api/v1/consents/{tokens['consent_id']}"
    for part in ("", "/documents", f"/documents/{world.documents['PANCR']}"):
        assert world.program.get(path + part, tokens["access_token"]).status_code == 200
    assert content(world, tokens, world.documents["PANCR"]).status_code == 200


def test_a_token_opens_nothing_but_its_consent(world: World) -> None:
    tokens = world.tokens()
    for path in (
        f"/organisations/{world.giver.organisation_id}/consents",
        f"/organisations/{world.giver.organisation_id}/documents",
        "/operator",
    ):
        assert world.program.get(path, tokens["access_token"]).status_code in (303, 401, 404)


def test_a_session_opens_no_door_for_portals(world: World) -> None:
    tokens = world.tokens()
    answer = world.giver.client().get(f"/api/v1/consents/{tokens['consent_id']}")
    refused(answer, "invalid_token", 401)


def test_made_up_documents_do_not_fill_the_trail(world: World) -> None:
    tokens = world.tokens()
    for _ in range(12):
        refused(content(world, tokens, uuid4()), "not_found", 404)
    found = [event for event in world.events() if event.tag == "document:fetch_refused"]
    assert [event.data["times"] for event in found] == [1, 10]
    assert {event.data["document"] for event in found} == {None}
