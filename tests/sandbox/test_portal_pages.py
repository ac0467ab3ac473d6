"""The pages of the portal, driven as a browser would drive them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import requests

from entitylocker.sandbox.portal import COOKIE
from entitylocker.sandbox.questions import INDIA, TYPES, first_answers
from tests.sandbox.locker import DOCUMENTS

TOMORROW = (datetime.now(INDIA).date() + timedelta(days=1)).isoformat()
FORM = {**first_answers(), "document_types": ["CINCR", "GSTRC"]}


def form_token(browser):
    page = browser.get("/").text
    return re.search(r'name="form_token" value="([^"]+)"', page)[1]


def ask(browser, **changes):
    return browser.post("/ask", data={**FORM, "form_token": form_token(browser), **changes})


def come_back(browser, answer):
    """The browser goes to the locker and is sent back: returns the portal's answer to the callback."""
    back = requests.get(answer.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    return browser.get("/callback?" + back.split("?", 1)[1])


@pytest.fixture
def received(browser):
    answer = come_back(browser, ask(browser))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/result")
    return browser.get("/result").text


def text_of(page, name):
    return unescape(re.search(rf'id="{name}"[^>]*>(.*?)</', page, re.DOTALL)[1])


def run(browser):
    return browser.get("/run.json").json


def test_the_form_says_that_it_is_a_sample(browser):
    page = browser.get("/").text
    assert "(not real)</title>" in page
    assert "This is a sample portal, not a real one." in page
    for code in TYPES:
        assert f'id="type-{code}"' in page
    for name in ("purpose", "until", "times", "retention_days", "least_verdict", "ask"):
        assert f'id="{name}"' in page


def test_asking_leads_to_the_locker(browser, locker):
    answer = ask(browser, purpose="Bid in tender 7", until=TOMORROW)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(locker.issuer + "/oauth/authorize?")
    assert locker.does.seen[-1]["purpose"] == {"code": "tender", "text": "Bid in tender 7"}
    assert locker.does.seen[-1]["until"] == TOMORROW
    assert run(browser)["stage"] == "asked"


def test_what_came_is_shown(browser, received):
    assert 'id="received"' in received
    assert "Certificate.pdf" in received
    assert "जीएसटी.pdf" in received
    assert "Signed and unchanged, valid when it says it was signed" in received
    assert "20 Nov 2026, 12:00 IST" in received
    assert "Asha Constructions Pvt Ltd" in text_of(received, "organisation")


def test_what_came_as_json(browser, received):
    shown = run(browser)
    assert (shown["stage"], shown["consent_id"], shown["tries"], shown["fault"]) == ("shown", "c1", 1, None)
    by_id = {one["id"]: one for one in shown["documents"]}
    assert {name for name, one in by_id.items() if one["fetched"]} == {"d1", "d2"}
    for name in ("d1", "d2"):
        assert by_id[name]["fetched_bytes"] == len(DOCUMENTS[name][3])
        assert by_id[name]["fetched_sha256"] == by_id[name]["sha256"]
    assert by_id["d3"]["refusal"]["code"] == "altered"


def test_a_document_that_is_not_handed_out_is_shown_with_its_reason(received):
    assert 'data-verdict="altered" data-fetched="no"' in received
    assert "does not hand this document out now: the contents are not what was signed." in received


def test_no_token_reaches_the_browser(browser, locker, received):
    everything = received + browser.get("/run.json").text + browser.get("/").text
    assert locker.tokens
    for token in locker.tokens | locker.refresh_tokens:
        assert token not in everything


def test_fetching_again_while_the_consent_holds(browser, received):
    answer = browser.post("/fetch", data={"form_token": form_token(browser)}, follow_redirects=True)
    assert 'id="received"' in answer.text
    assert run(browser)["tries"] == 2


def test_after_withdrawal_fetching_again_is_refused_in_plain_words(browser, locker, received):
    locker.does.consent = "withdrawn"
    page = browser.post("/fetch", data={"form_token": form_token(browser)}, follow_redirects=True).text
    assert text_of(page, "refused-words") == "Access was refused: the organisation has withdrawn its consent."
    assert text_of(page, "refused-code") == "consent_withdrawn"
    assert text_of(page, "refused-status") == "401"
    assert 'id="received"' not in page
    shown = run(browser)
    assert (shown["fault"]["status"], shown["fault"]["code"]) == (401, "consent_withdrawn")


def test_a_portal_that_may_not_ask_any_more_is_told_so(browser, locker, received):
    locker.does.consent = "suspended"
    page = browser.post("/fetch", data={"form_token": form_token(browser)}, follow_redirects=True).text
    assert text_of(page, "refused-status") == "403"
    assert "may not ask for documents at present" in text_of(page, "refused-words")


def test_a_stale_access_is_renewed_before_fetching(browser, locker):
    locker.does.token_life = 0
    come_back(browser, ask(browser))
    tokens = len(locker.tokens)
    assert tokens == 2, "one from the code, one renewed at once"
    assert run(browser)["fault"] is None
    locker.does.consent = "withdrawn"
    page = browser.post("/fetch", data={"form_token": form_token(browser)}, follow_redirects=True).text
    assert "has withdrawn its consent, or the consent has ended" in text_of(page, "refused-words")


def test_a_no_is_taken_kindly(browser, locker):
    locker.does.decision = "access_denied"
    assert come_back(browser, ask(browser)).status_code == 303
    page = browser.get("/result").text
    assert "Your organisation decided not to share its documents. That is all right" in page
    assert run(browser)["stage"] == "declined"
    assert not locker.tokens


def test_bytes_that_changed_on_the_way_are_not_shown_as_received(browser, locker):
    locker.does.digest = "wrong"
    come_back(browser, ask(browser))
    assert [one["fetched"] for one in run(browser)["documents"]] == [False, False, False]
    assert "It was thrown away." in browser.get("/result").text


def test_an_answer_to_nothing_is_refused(browser, locker):
    browser.get("/")
    answer = browser.get(f"/callback?code=x&state=y&iss={locker.issuer}")
    assert answer.status_code == 400
    assert text_of(answer.text, "fault-code") == "wrong_state"


def test_an_answer_is_taken_by_the_browser_that_asked_and_only_once(browser, portal, locker):
    question = ask(browser)
    back = requests.get(question.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]
    address = "/callback?" + back.split("?", 1)[1]
    assert portal.test_client().get(address).status_code == 400
    assert not locker.tokens
    assert browser.get(address).status_code == 303
    assert browser.get(address).status_code == 400
    assert len(locker.tokens) == 1


def test_two_questions_may_be_open_at_once(browser):
    first, second = ask(browser, purpose="First"), ask(browser, purpose="Second")
    come_back(browser, first)
    assert run(browser)["asked"]["purpose"]["text"] == "First"
    come_back(browser, second)
    assert run(browser)["asked"]["purpose"]["text"] == "Second"


def test_a_new_question_that_is_never_answered_leaves_what_came(browser, received):
    ask(browser, purpose="Another")
    assert 'id="received"' in browser.get("/result").text
    assert run(browser)["asked"]["purpose"]["text"] == FORM["purpose"]


def test_giving_back(browser, locker, received):
    page = browser.post("/give-back", data={"form_token": form_token(browser)}, follow_redirects=True).text
    assert 'id="given-back"' in page
    assert 'id="give-back"' not in page
    assert not locker.tokens


@pytest.mark.parametrize("path", ["/ask", "/fetch", "/give-back"])
def test_a_form_from_elsewhere_does_nothing(browser, locker, path):
    browser.get("/")
    answer = browser.post(path, data={**FORM, "form_token": "guessed"})
    assert answer.status_code == 400
    assert text_of(answer.text, "fault-code") == "wrong_form"
    assert not locker.does.seen


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"document_types": []}, "document_types"),
        ({"document_types": ["CINCR", "DIRKY"]}, "document_types"),
        ({"purpose": "  "}, "purpose"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"until": "31.12.2026"}, "until"),
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2099-01-01"}, "until"),
        ({"times": "0"}, "times"),
        ({"times": "many"}, "times"),
        ({"retention_days": "-1"}, "retention_days"),
        ({"least_verdict": "perfect"}, "least_verdict"),
    ],
)
def test_answers_that_do_not_fit_are_named_and_kept(browser, locker, changes, field):
    answer = ask(browser, **changes)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert f'aria-describedby="{field}-problem"' in answer.text
    assert not locker.does.seen
    kept = {**FORM, **changes}
    assert f'value="{kept["purpose"]}"' in answer.text


def test_a_request_that_the_locker_refuses_is_told(browser):
    answer = ask(browser, purpose="refuse me")
    assert answer.status_code == 502
    assert text_of(answer.text, "fault-words") == "This purpose is not known."


def test_what_others_wrote_is_never_markup(browser):
    answer = ask(browser, purpose='"><b id="planted">', until="no day")
    assert 'id="planted"' not in answer.text.replace("&#34;", "'")
    assert "&lt;b id=" in answer.text


def test_pages_are_clean_under_a_strict_policy(browser, locker, received):
    for path in ("/", "/result"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"form-action 'self' {locker.issuer}" in policy
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text)
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_style_sheet_is_there(browser):
    address = re.search(r'href="([^"]+\.css)"', browser.get("/").text)[1]
    assert browser.get(address).mimetype == "text/css"


def test_the_cookie_is_random_and_shut_off_from_scripts(browser, portal):
    first, second = (
        browser.get("/").headers["Set-Cookie"],
        portal.test_client().get("/").headers["Set-Cookie"],
    )
    assert first.startswith(COOKIE + "=")
    assert "HttpOnly" in first
    assert "SameSite=Lax" in first
    assert first.split(";")[0] != second.split(";")[0]
    assert "Set-Cookie" not in browser.get("/").headers


def test_an_idle_visit_is_forgotten(browser, portal, monkeypatch, received):
    monkeypatch.setattr("entitylocker.sandbox.visits.IDLE_SECONDS", -1)
    assert run(browser)["stage"] == "start"


def test_the_public_key_can_be_registered(browser, private_jwk):
    (key,) = browser.get("/jwks.json").json["keys"]
    assert (key["kty"], key["alg"], key["kid"]) == ("EC", "ES256", "first")
    assert "d" not in key
