"""Tokens of the sample citizen locker: who gets them, how long they live, how they end."""

from __future__ import annotations

import threading

import pytest
import requests

from tests.sandbox.citizen import REDIRECT_URI, citizen_locker
from tests.sandbox.citizen_application import SCOPES, Application, refusal


def test_the_token_says_who_the_person_is(application: Application) -> None:
    until = int(application.locker.now()) + 7200
    said = application.sign_in("farhan", consent_valid_till=str(until), purpose="Proof", dl_flow="signup")
    farhan = application.locker.people["farhan"]
    assert said["digilockerid"] == said["digilocker_id"] == farhan.id
    assert (said["name"], said["dob"], said["gender"]) == ("Farhan Imtiaz Shaikh", "22071979", "M")
    assert (said["eaadhaar"], said["new_account"], said["purpose"]) == ("Y", "Y", "Proof")
    assert (said["token_type"], said["expires_in"], said["consent_valid_till"]) == ("Bearer", 3600, until)
    assert said["scope"] == SCOPES
    assert [len(said[name]) for name in ("access_token", "refresh_token", "reference_key")] == [40, 40, 32]
    assert application.get("1/user").json()["digilockerid"] == farhan.id


def test_nobody_has_an_aadhaar_number(application: Application) -> None:
    for key in application.locker.people:
        said = application.sign_in(key)
        assert "aadhaar_number" not in said
        assert "uid" not in said
        assert said["mobile"].startswith("0")


@pytest.mark.parametrize("credentials", ["body", "basic"])
@pytest.mark.parametrize("body", ["form", "json"])
def test_form_and_json_body_and_basic_are_all_taken(application: Application, credentials: str, body: str) -> None:
    pair = (application.locker.client_id, application.locker.client_secret)
    for make, path in ((application.code_form, "token"), (application.refresh_form, "token")):
        secret = application.ask()["code"] if not application.tokens else application.tokens["refresh_token"]
        form = make(secret)
        if credentials == "basic":
            del form["client_id"], form["client_secret"]
        answer = requests.post(
            f"{application.locker.base_url}/public/oauth2/1/{path}",
            data=form if body == "form" else None,
            json=form if body == "json" else None,
            auth=pair if credentials == "basic" else None,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        application.tokens = answer.json()
    assert application.get("1/user").status_code == 200


def test_a_wrong_secret_is_refused(application: Application) -> None:
    form = {**application.code_form(application.ask()["code"]), "client_secret": "wrong"}
    assert refusal(application.post("oauth2/1/token", form)) == (400, "invalid_client")
    answer = application.post("oauth2/1/token", form, auth=(application.locker.client_id, "wrong"))
    assert refusal(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "changes", [{"code_verifier": "x" * 64}, {"redirect_uri": "http://localhost/other"}, {"code": "0" * 40}]
)
def test_a_code_is_bound_to_verifier_and_address(application: Application, changes: dict[str, str]) -> None:
    form = {**application.code_form(application.ask()["code"]), **changes}
    assert refusal(application.post("oauth2/1/token", form)) == (400, "invalid_grant")
    if "code" not in changes:
        # A code that was tried wrongly is spent.
        again = {**form, "code_verifier": application.verifier, "redirect_uri": REDIRECT_URI}
        assert refusal(application.post("oauth2/1/token", again)) == (400, "invalid_grant")


def test_a_missing_verifier_is_refused(application: Application) -> None:
    form = application.code_form(application.ask()["code"])
    del form["code_verifier"]
    assert refusal(application.post("oauth2/1/token", form)) == (400, "invalid_grant")


def test_a_code_used_twice_ends_what_came_of_it(application: Application) -> None:
    form = application.code_form(application.ask()["code"])
    application.tokens = application.post("oauth2/1/token", form).json()
    assert application.get("1/user").status_code == 200
    assert refusal(application.post("oauth2/1/token", form)) == (400, "invalid_grant")
    assert refusal(application.get("1/user")) == (401, "invalid_token")


def test_lifetimes_are_real() -> None:
    with citizen_locker() as locker:
        application = Application(locker)
        late = application.ask()["code"]
        locker.go_ahead(301)
        assert refusal(application.post("oauth2/1/token", application.code_form(late))) == (401, "invalid_grant")
        application.sign_in(consent_valid_till=str(int(locker.now()) + 2 * 3600))
        locker.go_ahead(3601)
        assert refusal(application.get("1/user")) == (401, "invalid_token")
        answer = application.post("oauth2/1/token", application.refresh_form(application.tokens["refresh_token"]))
        application.tokens = answer.json()
        # No token outlives the consent.
        assert 0 < application.tokens["expires_in"] < 3600
        assert application.get("1/user").status_code == 200
        locker.go_ahead(3601)
        assert refusal(application.get("1/user")) == (401, "invalid_token")
        again = application.post("oauth2/1/token", application.refresh_form(application.tokens["refresh_token"]))
        assert refusal(again) == (401, "invalid_grant")


def test_a_refresh_token_is_good_once(application: Application) -> None:
    first = application.sign_in()
    answer = application.post("oauth2/1/token", application.refresh_form(first["refresh_token"]))
    application.tokens = answer.json()
    assert application.tokens["refresh_token"] != first["refresh_token"]
    assert application.get("1/user").status_code == 200
    again = application.post("oauth2/1/token", application.refresh_form(first["refresh_token"]))
    assert refusal(again) == (400, "invalid_grant")
    # Somebody else has it, or we do: nobody goes on with it.
    assert refusal(application.get("1/user")) == (401, "invalid_token")
    later = application.post("oauth2/1/token", application.refresh_form(application.tokens["refresh_token"]))
    assert refusal(later) == (400, "invalid_grant")


def test_tokens_and_codes_of_another_client_are_unknown(application: Application) -> None:
    locker = application.locker
    first = application.sign_in()
    code = application.ask()["code"]
    other = type(locker.client)("another", "its-secret", "Another", (REDIRECT_URI,))
    locker.house.clients.register(other)
    mine = {"client_id": "another", "client_secret": "its-secret"}
    for form in (application.code_form(code), application.refresh_form(first["refresh_token"])):
        assert refusal(application.post("oauth2/1/token", {**form, **mine})) == (400, "invalid_grant")
    answer = application.post("oauth2/1/revoke", {**mine, "token": first["access_token"]})
    assert refusal(answer) == (400, "invalid_token")
    assert application.get("1/user").status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_a_revoked_grant_is_over(application: Application, kind: str) -> None:
    tokens = application.sign_in()
    pair = (application.locker.client_id, application.locker.client_secret)
    answer = application.post("oauth2/1/revoke", {"token": tokens[kind]}, auth=pair)
    assert (answer.status_code, answer.content) == (200, b"")
    assert refusal(application.get("1/user")) == (401, "invalid_token")
    again = application.post("oauth2/1/token", application.refresh_form(tokens["refresh_token"]))
    assert refusal(again)[1] == "invalid_grant"
    assert refusal(application.post("oauth2/1/revoke", {"token": "0" * 40}, auth=pair)) == (400, "invalid_token")


def test_other_grant_types_are_refused(application: Application) -> None:
    form = {**application.refresh_form("x"), "grant_type": "password"}
    assert refusal(application.post("oauth2/1/token", form)) == (400, "invalid_grant_type")


def test_one_code_makes_tokens_once_however_many_ask_at_a_time(application: Application) -> None:
    form = application.code_form(application.ask()["code"])
    statuses: list[int] = []
    start = threading.Barrier(8)

    def redeem() -> None:
        start.wait()
        statuses.append(application.post("oauth2/1/token", form).status_code)

    threads = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7
