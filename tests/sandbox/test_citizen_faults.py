"""The sample citizen locker misbehaves as it is told, and only then."""

from __future__ import annotations

import pytest
import requests

from entitylocker.sandbox.citizen_faults import FAULTS
from tests.sandbox.citizen_application import Application, refusal

ERRORS = {
    "error": (500, "unexpected_error"),
    "error_530": (530, "unexpected_error"),
    "expired_consent": (401, "invalid_token"),
}


@pytest.mark.parametrize("fault", sorted(ERRORS))
def test_faults_that_are_errors(application: Application, fault: str) -> None:
    application.sign_in()
    application.locker.faults.switch_on(fault, "list")
    assert refusal(application.get("2/files/issued")) == ERRORS[fault]
    assert application.get("1/user").status_code == 200
    application.locker.faults.switch_off(fault)
    assert application.get("2/files/issued").status_code == 200


def test_a_fault_may_hold_for_some_calls_only(application: Application) -> None:
    application.sign_in()
    application.locker.faults.switch_on("error", times=2)
    assert [application.get("1/user").status_code for _ in range(3)] == [500, 500, 200]


def test_faults_of_files(application: Application) -> None:
    application.sign_in("meera")
    file = "1/file/in.sample.pan-PANCR-SAMPM0001J"
    right = application.get(file)
    application.locker.faults.switch_on("wrong_hmac", times=1)
    wrong = application.get(file)
    assert wrong.content == right.content
    assert wrong.headers["hmac"] != right.headers["hmac"]
    application.locker.faults.switch_on("no_hmac", times=1)
    assert "hmac" not in application.get(file).headers
    application.locker.faults.switch_on("cut_short", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        application.get(file)
    application.locker.faults.switch_on("huge_body", "file", times=1)
    with application.get(file, stream=True) as huge:
        received = 0
        for piece in huge.iter_content(1024 * 1024):
            received += len(piece)
            if received > 32 * 1024 * 1024:
                break
    assert received > 32 * 1024 * 1024


def test_faults_of_tokens(application: Application) -> None:
    application.locker.faults.switch_on("other_person", times=1)
    said = application.sign_in("meera")
    assert said["name"] == "Meera Joshi"
    assert application.get("1/user").json()["name"] == "Zoya Benaam"
    application.locker.faults.switch_on("no_refresh_token", times=1)
    assert "refresh_token" not in application.sign_in()
    application.locker.faults.switch_on("wrong_state", times=1)
    assert application.ask()["state"] != "state-1"


def test_answers_that_are_none(application: Application) -> None:
    application.sign_in()
    application.locker.faults.switch_on("not_json", "user", times=1)
    assert application.get("1/user").headers["Content-Type"].startswith("text/html")
    application.locker.faults.switch_on("redirect", "user", times=1)
    assert application.get("1/user").headers["Location"].startswith("http://169.254.169.254/")
    application.locker.faults.switch_on("slow", "user", times=1, seconds=0.3)
    assert application.get("1/user").elapsed.total_seconds() >= 0.3


def test_the_page_with_the_switches(application: Application) -> None:
    page = f"{application.locker.base_url}/faults"
    shown = requests.get(page, timeout=30).text
    assert all(f'id="fault-{name}"' in shown for name in FAULTS)
    form = {"act": "on", "fault": "error", "call": "user", "times": "3", "seconds": "5"}
    assert requests.post(page, data=form, timeout=30).status_code == 400
    form["form_token"] = application.locker.house.form_token
    assert 'id="on-error"' in requests.post(page, data=form, timeout=30).text
    assert "1 fault is switched on" in requests.get(application.locker.base_url, timeout=30).text
    assert requests.post(page, data={**form, "fault": "none"}, timeout=30).status_code == 400
    off = {"act": "off", "form_token": form["form_token"]}
    assert 'id="on-error"' not in requests.post(page, data=off, timeout=30).text
