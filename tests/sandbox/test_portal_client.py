"""The client against a locker that holds it to the protocol, and against one that lies."""

from __future__ import annotations

import hashlib
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from entitylocker.sandbox.faults import Declined, Refused, Unreachable, Untrustworthy
from entitylocker.sandbox.portal_client import PortalClient, callback_parameters
from entitylocker.sandbox.proofs import digest_matches
from tests.sandbox.locker import DOCUMENTS


def through_the_browser(client, pushed):
    answer = requests.get(client.authorization_url(pushed), allow_redirects=False, timeout=10)
    return callback_parameters(answer.headers["Location"])


@pytest.fixture
def grant(client, question):
    pushed = client.push_request(question)
    return client.redeem(through_the_browser(client, pushed), pushed)


def test_what_is_asked_reaches_the_locker_as_authorization_details(client, locker, question):
    pushed = client.push_request(question)
    assert locker.does.seen == [
        {
            "type": "organisation_documents",
            "document_types": ["CINCR", "GSTRC"],
            "purpose": {"code": "tender", "text": "Bid in tender 2026/PWD/318"},
            "until": "2027-02-20",
            "fetch": {"times": 10},
            "retention": {"days": 180},
            "least_verdict": "valid_at_claimed_time",
        }
    ]
    assert timedelta(0) < pushed.expires_at - datetime.now(UTC) <= timedelta(seconds=90)


def test_what_is_not_said_is_left_out(question):
    silent = replace(question, times=None, retention_days=None, least_verdict=None)
    assert set(silent.authorization_details()[0]) == {"type", "document_types", "purpose", "until"}


def test_the_browser_carries_only_a_reference(client, question):
    address = client.authorization_url(client.push_request(question))
    assert set(parse_qs(urlsplit(address).query)) == {"client_id", "request_uri"}


def test_from_question_to_bytes(client, grant):
    assert grant.consent_id == "c1"
    assert grant.authorization_details[0]["document_types"] == ["CINCR", "GSTRC"]
    assert client.get_consent(grant)["organisation"] == "Asha Constructions Pvt Ltd"
    listed = client.list_documents(grant)
    assert [(one.id, one.type, one.verdict, one.offered) for one in listed] == [
        ("d1", "CINCR", "valid", True),
        ("d2", "GSTRC", "valid_at_claimed_time", True),
        ("d3", "BORES", "altered", False),
    ]
    assert client.get_document(grant, "d2") == listed[1]
    content = client.fetch_content(grant, "d2")
    assert content.data == DOCUMENTS["d2"][3]
    assert content.sha256 == hashlib.sha256(content.data).hexdigest() == listed[1].sha256
    assert content.media_type == "application/pdf"
    assert (content.verdict, content.checked_at) == (listed[1].verdict, listed[1].checked_at)


def test_each_request_has_fresh_secrets(client, question):
    first, second = client.push_request(question), client.push_request(question)
    assert first.state != second.state
    assert first.code_verifier != second.code_verifier
    assert 43 <= len(first.code_verifier) <= 128


def test_a_code_is_redeemed_once(client, question):
    pushed = client.push_request(question)
    callback = through_the_browser(client, pushed)
    client.redeem(callback, pushed)
    with pytest.raises(Refused) as refused:
        client.redeem(callback, pushed)
    assert (refused.value.code, refused.value.status) == ("invalid_grant", 400)


@pytest.mark.parametrize("state", ["", "another", "अन्य"])
def test_an_answer_with_a_wrong_state_is_thrown_away(client, locker, question, state):
    pushed = client.push_request(question)
    callback = {**through_the_browser(client, pushed), "state": state}
    with pytest.raises(Untrustworthy) as thrown:
        client.redeem(callback, pushed)
    assert thrown.value.code == "wrong_state"
    assert len(locker.codes) == 1, "the code was not sent anywhere"


@pytest.mark.parametrize("iss", [None, "https://other.example"])
@pytest.mark.parametrize("decision", ["allow", "access_denied"])
def test_an_answer_of_another_issuer_is_thrown_away(client, locker, question, iss, decision):
    locker.does.iss, locker.does.decision = iss, decision
    pushed = client.push_request(question)
    with pytest.raises(Untrustworthy) as thrown:
        client.redeem(through_the_browser(client, pushed), pushed)
    assert thrown.value.code == "wrong_issuer"


def test_a_no_is_told_apart_from_a_fault(client, locker, question):
    locker.does.decision = "access_denied"
    pushed = client.push_request(question)
    with pytest.raises(Declined):
        client.redeem(through_the_browser(client, pushed), pushed)
    locker.does.decision = "server_error"
    pushed = client.push_request(question)
    with pytest.raises(Refused) as refused:
        client.redeem(through_the_browser(client, pushed), pushed)
    assert refused.value.code == "server_error"


def test_metadata_of_another_issuer_is_not_believed(client, locker, question):
    locker.does.metadata_issuer = "https://other.example"
    with pytest.raises(Untrustworthy):
        client.push_request(question)
    locker.does.metadata_issuer = None
    assert client.push_request(question).request_uri, "asked again, not remembered"


@pytest.mark.parametrize("digest", ["wrong", None])
def test_bytes_without_their_own_digest_are_thrown_away(client, locker, grant, digest):
    locker.does.digest = digest
    with pytest.raises(Untrustworthy) as thrown:
        client.fetch_content(grant, "d1")
    assert thrown.value.code == "wrong_digest"


def test_digest_header():
    assert digest_matches("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b"")
    assert not digest_matches("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b"x")
    assert not digest_matches("sha-512=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", b"")
    assert not digest_matches("", b"")
    assert not digest_matches(None, b"")


def test_after_withdrawal_every_door_is_shut(client, locker, grant):
    locker.does.consent = "withdrawn"
    for attempt in (
        lambda: client.get_consent(grant),
        lambda: client.list_documents(grant),
        lambda: client.get_document(grant, "d1"),
        lambda: client.fetch_content(grant, "d1"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert (refused.value.status, refused.value.code) == (401, "consent_withdrawn")
        assert refused.value.words == "The organisation has withdrawn this consent."
    with pytest.raises(Refused) as refused:
        client.refresh(grant)
    assert refused.value.code == "invalid_grant"


def test_refresh_keeps_consent_and_refresh_token(client, grant):
    renewed = client.refresh(grant)
    assert renewed.access_token != grant.access_token
    assert (renewed.consent_id, renewed.refresh_token) == (grant.consent_id, grant.refresh_token)
    assert client.list_documents(renewed)


def test_without_refresh_token_there_is_no_refresh(client, grant):
    with pytest.raises(Refused) as refused:
        client.refresh(replace(grant, refresh_token=None))
    assert refused.value.status == 401


def test_giving_back_ends_both_tokens(client, locker, grant):
    client.revoke(grant)
    assert sorted(locker.does.revoked) == ["access_token", "refresh_token"]
    with pytest.raises(Refused):
        client.list_documents(grant)


def test_a_token_is_stale_when_its_life_is_over_or_was_not_said(client, locker, grant, question):
    assert not grant.is_stale()
    locker.does.token_life = 0
    pushed = client.push_request(question)
    assert client.redeem(through_the_browser(client, pushed), pushed).is_stale()


def test_no_secret_shows_in_a_repr(client, question, grant):
    pushed = client.push_request(question)
    shown = repr(pushed) + repr(grant)
    for secret in (pushed.state, pushed.code_verifier, grant.access_token, grant.refresh_token):
        assert secret not in shown


def test_the_private_key_is_not_in_the_published_set(client, private_jwk):
    (key,) = client.key.public_jwks()["keys"]
    assert "d" not in key
    assert private_jwk["d"] not in str(key)
    assert key["kid"] == "first"


def test_nobody_there(private_jwk, question, unanswered_port):
    alone = PortalClient(
        issuer=f"http://127.0.0.1:{unanswered_port}",
        client_id="x",
        private_jwk=private_jwk,
        redirect_uri="http://x/",
    )
    with pytest.raises(Unreachable):
        alone.push_request(question)


@pytest.fixture
def unanswered_port():
    """A port that is ours for the length of the test and on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_many_threads_share_one_client(client, grant):
    found = []

    def fetch():
        found.append(client.fetch_content(grant, "d1").data)

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [DOCUMENTS["d1"][3]] * 8
