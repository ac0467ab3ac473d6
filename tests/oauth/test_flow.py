"""The whole way of a consent, and who may not walk it."""

from __future__ import annotations

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import UUID

from flask import Flask

from entitylocker.access import Role
from tests.factories import csrf_token
from tests.oauth.world import PDF, REDIRECT, World, callback, text_of


def test_asked_consented_fetched_withdrawn_refused_and_all_of_it_on_record(world: World) -> None:
    request_uri = world.program.pushed()
    page = world.page(request_uri)
    assert page.status_code == 200
    assert "form-action 'self' https://portal.example.in" in page.headers["Content-Security-Policy"]

    back = callback(world.answer(request_uri))
    assert back["iss"] == world.issuer
    assert back["state"] == "the-state"
    assert back["fixed"] == "1"

    answer = world.program.redeem(back["code"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    tokens = answer.json
    assert tokens["token_type"] == "Bearer"
    assert 0 < tokens["expires_in"] <= 24 * 3600
    [granted] = tokens["authorization_details"]
    document_id = str(world.documents["PANCR"])
    assert [document["id"] for document in granted["documents"]] == [document_id]
    assert granted["document_types"] == ["PANCR"]

    place = f"/api/v1/consents/{tokens['consent_id']}"
    consent = world.program.get(place, tokens["access_token"])
    assert consent.json["state"] == "active"
    assert consent.headers["X-RateLimit-Limit"] == "1200"
    assert consent.json["purpose"] == {"code": "tender", "text": "Bid in tender 2026/PWD/318"}
    listed = world.program.get(f"{place}/documents", tokens["access_token"]).json["documents"]
    assert [(d["id"], d["verdict"], d["offered"]) for d in listed] == [(document_id, "valid", True)]
    content = world.program.get(f"{place}/documents/{document_id}/content", tokens["access_token"])
    assert content.data == PDF
    digest = base64.b64encode(hashlib.sha256(PDF).digest()).decode()
    assert content.headers["Repr-Digest"] == f"sha-256=:{digest}:"

    client = world.giver.client()
    address = f"/organisations/{world.giver.organisation_id}/consents/{tokens['consent_id']}/revoke"
    assert client.post(address, data={"csrf_token": csrf_token(client)}).status_code == 303
    refused = world.program.get(f"{place}/documents/{document_id}/content", tokens["access_token"])
    assert refused.status_code == 401
    assert refused.json["code"] == "consent_withdrawn"

    tags = [tag for tag in world.tags() if tag.split(":")[0] in ("consent", "token") or "fetch" in tag]
    assert tags == [
        "consent:request",
        "consent:give",
        "token:issue",
        "document:fetch",
        "consent:revoke",
        "document:fetch_refused",
    ]
    refusal = world.events()[-1]
    assert refusal.actor_name == "State e-Tender Portal"
    assert refusal.data["reason"] == "consent_withdrawn"


def test_the_page_says_everything_and_ticks_nothing(world: World) -> None:
    red = world.deposit("PANCR", "altered")
    weak = world.deposit("PANCR", "signer_not_confirmed")
    checking = world.deposit("PANCR", "checking")
    page = world.page(world.program.pushed())
    words = text_of(page)
    for part in (
        "State e-Tender Portal wants to fetch documents",
        "portal.example.in",
        "State Public Works Department",
        "You are acting for Sahyadri Agro Exports Private Limited Meera Joshi, Administrator",
        "No. AB-12/2026",
        "Bid in tender 2026/PWD/318",
        "Each document at most 2 times",
        "90 days",
        "Signature valid",
        "Upload it now",
        "You can withdraw at any time under",
        "Do not allow",
        "The portal does not take documents with this result",
        "something is wrong with its signatures",
        "still being checked",
    ):
        assert part in words, part
    assert not re.search(r"<input[^>]* checked", page.text.split('class="consent-form"')[1])
    assert page.text.count('name="documents"') == 1
    for document_id in (red, weak, checking):
        assert f'id="c-{document_id}" disabled' in page.text


def test_allow_and_deny_are_equally_strong(world: World) -> None:
    page = world.page(world.program.pushed()).text
    assert '<button class="btn big" name="decision" value="allow"' in page
    assert '<button class="btn big other" name="decision" value="deny"' in page


def test_loading_the_page_uses_nothing_up(world: World) -> None:
    request_uri = world.program.pushed()
    for _ in range(3):
        assert world.page(request_uri).status_code == 200
    assert "code" in callback(world.answer(request_uri))


def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(app: Flask, world: World) -> None:
    client = app.test_client()
    query = {"client_id": world.program.client_id, "request_uri": world.program.pushed()}
    answer = client.get("/oauth/authorize", query_string=query)
    assert answer.status_code == 303
    place = urlsplit(answer.headers["Location"])
    assert place.path == "/sign-in"
    back = urlsplit(parse_qs(place.query)["next"][0])
    assert back.path == "/oauth/authorize"
    assert dict(parse_qsl(back.query)) == query


def test_deny_gives_nothing_and_tells_the_portal_with_iss(world: World) -> None:
    request_uri = world.program.pushed()
    back = callback(world.answer(request_uri, "deny"))
    assert back["error"] == "access_denied"
    assert back["iss"] == world.issuer
    assert back["state"] == "the-state"
    assert "code" not in back
    assert "consent:deny" in world.tags()
    assert "consent:give" not in world.tags()


def test_whoever_belongs_to_no_organisation_can_still_say_no(world: World) -> None:
    person = world.organisations.person()
    request_uri = world.program.pushed()
    page = world.page(request_uri, who=person)
    assert "You act for no organisation yet" in page.text
    assert 'value="allow"' not in page.text
    client = person.client()
    data = {
        "csrf_token": csrf_token(client),
        "client_id": world.program.client_id,
        "request_uri": request_uri,
        "decision": "deny",
    }
    assert callback(client.post("/oauth/authorize", data=data))["error"] == "access_denied"


def test_an_answer_without_csrf_token_changes_nothing(world: World) -> None:
    request_uri = world.program.pushed()
    assert world.answer(request_uri, csrf_token="").status_code == 400
    assert "code" in callback(world.answer(request_uri))


def test_a_double_click_on_allow_gives_one_consent_and_the_same_answer(world: World) -> None:
    request_uri = world.program.pushed()
    client = world.giver.client()
    first = callback(world.answer(request_uri, client=client))
    second = callback(world.answer(request_uri, client=client))
    assert first == second
    assert world.tags().count("consent:give") == 1


def test_two_allows_at_the_same_moment_give_one_consent(world: World) -> None:
    request_uri = world.program.pushed()
    clients = [world.giver.client() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: world.answer(request_uri, client=client), clients))
    assert len({callback(answer)["code"] for answer in answers}) == 1
    assert world.tags().count("consent:give") == 1


def test_allow_after_the_code_was_redeemed_does_not_hand_it_out_again(world: World) -> None:
    request_uri = world.program.pushed()
    code = callback(world.answer(request_uri))["code"]
    tokens = world.program.redeem(code).json
    again = world.answer(request_uri)
    assert again.status_code == 409
    assert world.program.get(f"/api/v1/consents/{tokens['consent_id']}", tokens["access_token"]).status_code == 200


def test_a_deny_after_an_allow_does_not_turn_it_round(world: World) -> None:
    request_uri = world.program.pushed()
    first = callback(world.answer(request_uri))
    assert callback(world.answer(request_uri, "deny")) == first


def test_somebody_else_does_not_get_the_code_of_an_answered_request(world: World) -> None:
    request_uri = world.program.pushed()
    callback(world.answer(request_uri))
    other = world.organisations.add_member(Role.SIGNATORY, world.giver.organisation_id)
    assert world.answer(request_uri, who=other).status_code == 409
    assert world.page(request_uri, who=other).status_code == 409


def test_nothing_ticked_is_said_and_uses_nothing_up(world: World) -> None:
    request_uri = world.program.pushed()
    answer = world.answer(request_uri, documents=[])
    assert answer.status_code == 422
    assert "Choose at least one document" in answer.text
    assert "code" in callback(world.answer(request_uri))


def test_documents_that_are_not_offered_cannot_be_given(world: World) -> None:
    strangers = world.organisations.make()
    refused = [
        world.deposit("PANCR", "altered"),
        world.deposit("PANCR", "checking"),
        world.deposit("PANCR", "signer_not_confirmed"),
        world.deposit("UDYRC"),
        world.deposit("PANCR", member=strangers),
        UUID(int=5),
    ]
    for document_id in refused:
        answer = world.answer(world.program.pushed(), documents=[world.documents["PANCR"], document_id])
        assert answer.status_code == 422, document_id
    assert "consent:give" not in world.tags()


def test_a_role_without_the_right_is_told_so_and_cannot_allow(world: World) -> None:
    reader = world.organisations.add_member(Role.READER, world.giver.organisation_id)
    request_uri = world.program.pushed()
    page = world.page(request_uri, who=reader)
    assert "None of your roles allows this" in page.text
    assert 'value="allow"' not in page.text
    assert world.answer(request_uri, who=reader).status_code == 403
    assert "access:refused" in world.tags()
    assert "code" in callback(world.answer(request_uri))


def test_a_signatory_may_allow(world: World) -> None:
    signatory = world.organisations.add_member(Role.SIGNATORY, world.giver.organisation_id)
    assert "code" in callback(world.answer(world.program.pushed(), who=signatory))


def test_an_organisation_that_is_not_verified_may_not_consent(world: World) -> None:
    stated = world.organisations.make(verified=False)
    document_id = world.deposit("PANCR", member=stated)
    request_uri = world.program.pushed()
    page = world.page(request_uri, who=stated)
    assert "Only a verified organisation may give documents" in page.text
    assert 'value="allow"' not in page.text
    assert world.answer(request_uri, who=stated, documents=[document_id]).status_code == 403


def test_one_may_act_for_another_of_ones_organisations_only(world: World) -> None:
    request_uri = world.program.pushed()
    stranger = world.organisations.make()
    assert world.page(request_uri, organisation_id=str(stranger.organisation_id)).status_code == 404
    assert world.answer(request_uri, organisation_id=str(stranger.organisation_id)).status_code == 404
    assert world.page(request_uri, organisation_id=str(world.giver.organisation_id)).status_code == 200


def test_an_unusable_request_is_never_redirected_anywhere(world: World) -> None:
    other = world.another_program()
    request_uri = world.program.pushed()
    queries = [
        {"client_id": other.client_id, "request_uri": request_uri},
        {"client_id": world.program.client_id, "request_uri": "urn:ietf:params:oauth:request_uri:guess"},
        {"client_id": world.program.client_id},
        {"client_id": world.program.client_id, "response_type": "code", "redirect_uri": "https://evil.example"},
        {"client_id": "nobody", "redirect_uri": REDIRECT},
        {},
    ]
    client = world.giver.client()
    for query in queries:
        answer = client.get("/oauth/authorize", query_string=query)
        assert answer.status_code == 400, query
        assert "Location" not in answer.headers


def test_parameters_in_the_address_change_nothing_of_what_was_pushed(world: World) -> None:
    page = world.page(world.program.pushed(), redirect_uri="https://evil.example", state="other")
    assert "evil.example" not in page.headers["Content-Security-Policy"]
    assert "evil.example" not in page.text.split("<main")[1]


def test_a_portal_suspended_meanwhile_gets_no_answer(world: World) -> None:
    request_uri = world.program.pushed()
    world.suspend()
    assert world.page(request_uri).status_code == 403
    assert world.answer(request_uri).status_code == 403
