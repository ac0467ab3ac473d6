"""The page of the sample citizen locker, its people, and what applications hear of a wrong request."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
import requests

from tests.sandbox.citizen import REDIRECT_URI, RunningLocker, citizen_locker
from tests.sandbox.citizen_application import Application, refusal


def test_the_page_says_what_is_asked_and_for_how_long(application: Application) -> None:
    until = int(application.locker.now()) + 7200
    asked = application.url(
        scope="files.issueddocs", req_doctype="PANCR,DRVLC", purpose="Proof of who you are", service_name="Tenders",
        consent_valid_till=str(until), nobody_knows="this",
    )  # fmt: skip
    answer = requests.get(asked, timeout=30)
    assert answer.status_code == 200
    for words in ("EntityLocker", "Only PANCR, DRVLC", "Proof of who you are", "Tenders", "not DigiLocker"):
        assert words in answer.text
    assert "Name, date of birth" not in answer.text
    for person in application.locker.people.values():
        assert person.name in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' http://localhost" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_answer_comes_back_with_the_state(application: Application) -> None:
    answer = application.ask(state="a b&c=d")
    assert set(answer) == {"code", "state"}
    assert answer["state"] == "a b&c=d"
    assert len(answer["code"]) == 40


def test_who_denies_is_asked_for_nothing(application: Application) -> None:
    answer = application.ask(decision="deny")
    assert (answer["error"], answer["state"]) == ("access_denied", "state-1")
    assert "code" not in answer


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "too-short"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"purpose": "<script>"}, "invalid_request"),
        ({"consent_valid_till": "yesterday"}, "invalid_request"),
        ({"consent_valid_till": "1"}, "invalid_request"),
    ],
)
def test_what_does_not_fit_goes_to_the_application(
    application: Application, changes: dict[str, str | None], error: str
) -> None:
    answer = application.ask(**changes)
    assert answer["error"] == error
    assert answer["error_description"]
    assert answer.get("state", "") == ("" if "state" in changes else "state-1")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": REDIRECT_URI + "/"},
        {"redirect_uri": REDIRECT_URI + "?next=/"},
        {"redirect_uri": REDIRECT_URI.upper()},
        {"redirect_uri": "http://evil.example/"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    application: Application, changes: dict[str, str | None]
) -> None:
    for send in (requests.get, requests.post):
        answer = send(application.url(**changes), allow_redirects=False, timeout=30)
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert 'id="fault-words"' in answer.text


def test_version_2_4_is_demanded_of_those_who_say_they_speak_it() -> None:
    with citizen_locker(strict=True) as locker:
        application = Application(locker)
        full = {"purpose": "Proof", "service_name": "Locker"}
        assert "code" in application.ask(**full)
        for missing in ("purpose", "service_name"):
            assert application.ask(**{**full, missing: None})["error"] == "invalid_request"
        assert application.ask(**full, code_challenge=None)["error"] == "invalid_request"


def test_the_people_are_as_different_as_a_test_needs_them(citizens: RunningLocker) -> None:
    people = citizens.people.values()
    assert len({person.id for person in people}) == len(people) >= 8
    assert all(len(person.id) == 36 for person in people)
    assert any(not person.papers for person in people)
    assert any(person.has_withdrawn for person in people)
    assert any(person.born_on.year > 2010 for person in people)
    kinds = {paper.kind for person in people for paper in person.papers}
    assert {"valid", "unsigned", "changed_after_signing"} <= kinds
    for key in citizens.people:
        assert requests.get(f"{citizens.base_url}/people/{key}", timeout=30).status_code == 200
    assert requests.get(f"{citizens.base_url}/people/nobody", timeout=30).status_code == 404


def test_wrong_calls_of_the_api_are_told_in_json(citizens: RunningLocker) -> None:
    assert refusal(requests.get(f"{citizens.base_url}/public/oauth2/1/nothing", timeout=30))[0] == 404
    assert refusal(requests.get(f"{citizens.base_url}/public/oauth2/1/token", timeout=30))[0] == 405


def test_who_signs_out_is_sent_to_a_registered_address_only(citizens: RunningLocker) -> None:
    def go(**args: str) -> str:
        address = f"{citizens.base_url}/signin/logout/Y?{urlencode(args)}"
        return requests.get(address, allow_redirects=False, timeout=30).headers["Location"]

    assert go(client_id=citizens.client_id, redirect_uri=REDIRECT_URI) == (
        REDIRECT_URI + "?error=user_loggedout&error_description=user"
    )
    assert go(client_id=citizens.client_id, redirect_uri="http://evil.example/") == "/"
