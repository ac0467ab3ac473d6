"""Confirming before acts with a risk: what was typed goes on, the answer goes nowhere, and the session is a new one."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts import authenticator
from entitylocker.errors import SecondFactorRequired, StepUpRequired
from entitylocker.extensions import db, limiter
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations.service import get_overview
from entitylocker.tenancy import Tenant
from tests.accounts import browsing
from tests.accounts.browsing import add_app, add_passkey, code_of, codes_in, is_signed_in, post
from tests.accounts.soft_keys import SoftKey
from tests.factories import PASSWORD, Member, Organisations, Person, csrf_token

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture(autouse=True)
def _from_the_beginning(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt is counted yet, and no time passes."""
    monkeypatch.setattr(authenticator, "current_step", lambda: browsing.NOW)
    with app.app_context():
        limiter.storage.reset()


@pytest.fixture
def administrator(organisations: Organisations) -> Member:
    return organisations.make()


@pytest.fixture
def own(administrator: Member) -> FlaskClient:
    """The browser in which the administrator is signed in."""
    return administrator.client()


def rows(app: Flask, person: Person, query: str) -> list[Any]:
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        return list(db.session.execute(text(query)).all())


def wait(app: Flask, person: Person) -> None:
    """Let the time pass after which one is asked again."""
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.execute(text("UPDATE sessions SET confirmed_at = now() - interval '11 minutes'"))


def hidden(page: Any) -> dict[str, str]:
    return {name: value for name, value in _HIDDEN.findall(page.get_data(as_text=True)) if name != "csrf_token"}


def test_a_page_asks_first_and_is_shown_afterwards(app: Flask, administrator: Member, own: FlaskClient) -> None:
    assert own.get("/account/passkeys/new").status_code == 200, "just signed in"
    wait(app, administrator)
    answer = own.get("/account/passkeys/new?a=b")
    assert (answer.status_code, answer.location) == (303, "/account/confirm?next=/account/passkeys/new?a%3Db")
    page = own.get(answer.location)
    assert 'name="step_up_password"' in page.get_data(as_text=True)
    wrong = post(own, answer.location, step_up_password="not the password", **hidden(page))
    assert wrong.status_code == 422
    right = post(own, answer.location, step_up_password=PASSWORD, **hidden(wrong))
    assert (right.status_code, right.location) == (303, "/account/passkeys/new?a=b")
    assert own.get(right.location).status_code == 200


def test_a_form_waits_and_goes_on_with_all_that_was_typed(app: Flask, administrator: Member, own: FlaskClient) -> None:
    add_passkey(own, SoftKey())
    ((passkey_id,),) = rows(app, administrator, "SELECT id FROM passkeys")
    _made, _ = add_app(own)
    wait(app, administrator)
    path = f"/account/passkeys/{passkey_id}/remove?x=1&y=%26"
    asked = post(own, path, note='a "quoted" <b>', many=["1", "2"])
    assert asked.status_code == 403
    page = asked.get_data(as_text=True)
    assert page.count('name="many" value="1"') == page.count('name="many" value="2"') > 0
    assert 'value="a &#34;quoted&#34; &lt;b&gt;"' in page
    assert f'action="/account/passkeys/{passkey_id}/remove?x=1&amp;y=%26"' in page
    assert rows(app, administrator, "SELECT FROM passkeys"), "nothing happened yet"
    assert post(own, path, step_up_code="000000").status_code == 422
    assert post(own, path, step_up_code=code_of(_made)).status_code == 303
    assert not rows(app, administrator, "SELECT FROM passkeys")


def test_a_file_cannot_wait_and_that_is_said(app: Flask, administrator: Member, own: FlaskClient) -> None:
    wait(app, administrator)
    path = f"/organisations/{administrator.organisation_id}/second-factor"
    answer = post(own, path, required="yes", file=(io.BytesIO(b"%PDF"), "a.pdf"))
    assert answer.status_code == 403
    assert "nothing was stored" in answer.get_data(as_text=True)
    assert f"/account/confirm?next={path}" in answer.get_data(as_text=True)


def test_a_program_is_told_by_code(app: Flask) -> None:
    with app.test_request_context("/api/v1/anything", method="POST"):
        answer = app.make_response(app.handle_user_exception(StepUpRequired()))
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    assert answer.get_json()["code"] == "step_up_required"


def test_the_session_is_a_new_one_and_lives_no_longer(app: Flask, administrator: Member, own: FlaskClient) -> None:
    wait(app, administrator)
    other_tab = own.get("/account").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', other_tab)
    assert token
    before = rows(app, administrator, "SELECT created_at FROM sessions WHERE ended_at IS NULL")
    post(own, "/account/confirm", step_up_password=PASSWORD)
    assert rows(app, administrator, "SELECT created_at FROM sessions WHERE ended_at IS NULL") == before
    assert is_signed_in(own)
    assert not is_signed_in(administrator.client()), "the earlier token is worth nothing"
    assert rows(app, administrator, "SELECT FROM sessions WHERE ended_at IS NOT NULL")
    sent = own.post("/account/language", data={"csrf_token": token.group(1), "language": "en"})
    assert sent.status_code == 303, "a form open in another tab goes on"


def test_whoever_has_a_second_factor_confirms_with_it(app: Flask, administrator: Member, own: FlaskClient) -> None:
    key = SoftKey()
    codes = codes_in(add_passkey(own, key))
    wait(app, administrator)
    page = own.get("/account/confirm").get_data(as_text=True)
    assert "step_up_passkey" in page and "step_up_password" not in page
    refused = post(own, "/account/confirm", step_up_password=PASSWORD)
    assert refused.status_code == 422, "a password alone is not enough"
    assert own.get("/account/passkeys/new").status_code == 303
    options = post(own, "/account/confirm/options").get_json()
    assert post(own, "/account/confirm", step_up_passkey=key.use(options, says_whose=False)).status_code == 303
    assert own.get("/account/passkeys/new").status_code == 200
    wait(app, administrator)
    assert post(own, "/account/confirm", step_up_recovery_code=codes[0]).status_code == 303
    assert own.get("/account/passkeys/new").status_code == 200


def test_anothers_passkey_or_code_confirms_nothing(
    app: Flask, organisations: Organisations, administrator: Member, own: FlaskClient
) -> None:
    other, foreign = organisations.person().client(), SoftKey()
    foreign_codes = codes_in(add_passkey(other, foreign))
    add_passkey(own, SoftKey())
    wait(app, administrator)
    options = post(own, "/account/confirm/options").get_json()
    assert post(own, "/account/confirm", step_up_passkey=foreign.use(options)).status_code == 422
    assert post(own, "/account/confirm", step_up_recovery_code=foreign_codes[0]).status_code == 422
    theirs = post(other, "/account/confirm/options").get_json()
    assert post(own, "/account/confirm", step_up_passkey=foreign.use(theirs)).status_code == 422


def test_guesses_are_few_here_too(own: FlaskClient) -> None:
    statuses = [post(own, "/account/confirm", step_up_password=f"guess {n}").status_code for n in range(12)]
    assert statuses == [422] * 10 + [429] * 2


@pytest.mark.parametrize("beside", ["step_up_passkey", "step_up_recovery_code"])
def test_a_password_is_a_guess_whatever_is_sent_beside_it(own: FlaskClient, beside: str) -> None:
    """Who has no second factor can be guessed by password only; a made-up passkey beside it must not hide that."""
    sent = [{"step_up_password": f"guess {number}", beside: "made up"} for number in range(12)]
    statuses = [post(own, "/account/confirm", **fields).status_code for fields in sent]
    assert statuses == [422] * 10 + [429] * 2


def test_without_its_csrf_token_nothing_is_even_looked_at(app: Flask, administrator: Member, own: FlaskClient) -> None:
    wait(app, administrator)
    assert own.post("/account/confirm", data={"step_up_password": PASSWORD}).status_code == 400
    assert own.get("/account/passkeys/new").status_code == 303, "not confirmed"


@pytest.mark.parametrize("path", ["/oauth/token", "/api/v1/check", "/account/confirm"])
def test_an_answer_counts_only_with_a_csrf_token_also_where_programs_come(
    app: Flask, administrator: Member, own: FlaskClient, path: str
) -> None:
    wait(app, administrator)
    sent = own.post(path, data={"step_up_password": PASSWORD})
    assert sent.status_code == 400
    assert own.get("/account/passkeys/new").status_code == 303, "not confirmed"
    assert len(rows(app, administrator, "SELECT FROM sessions")) == 1, "no session was renewed"
    wrong = [own.post(path, data={"step_up_password": "a guess"}).status_code for _ in range(12)]
    assert wrong == [400] * 12, "nobody guesses through somebody else's browser"


def test_passwords_do_not_wait_in_a_page_and_are_asked_again(
    app: Flask, administrator: Member, own: FlaskClient
) -> None:
    new = "seven wet otters juggle"
    wait(app, administrator)
    typed = {"current_password": PASSWORD, "password": new, "end_others": "1"}
    asked = post(own, "/account/password", **typed)
    assert asked.status_code == 403
    assert PASSWORD not in asked.get_data(as_text=True) and new not in asked.get_data(as_text=True)
    wrong = post(own, "/account/password", step_up_password="not the password", **hidden(asked))
    assert wrong.status_code == 422 and hidden(wrong) == hidden(asked)
    page = own.post(
        "/account/password",
        data={
            "csrf_token": csrf_token(own), "step_up_password": PASSWORD, "end_others": "1",
            "step_up_again": ["current_password", "password"],
        },
    )  # fmt: skip
    text_of_page = page.get_data(as_text=True)
    assert page.status_code == 422
    assert text_of_page.count("Please type this once more") >= 2
    assert re.search(r'name="end_others"[^>]*checked', text_of_page), "what was chosen stays"
    assert post(own, "/account/password", **typed).status_code == 303


def test_the_page_that_asks_names_what_it_left_out(app: Flask, administrator: Member, own: FlaskClient) -> None:
    wait(app, administrator)
    asked = post(own, "/account/password", current_password=PASSWORD, password="seven wet otters juggle")
    fields = _HIDDEN.findall(asked.get_data(as_text=True))
    assert {value for name, value in fields if name == "step_up_again"} == {"current_password", "password"}


def test_the_answer_reaches_neither_view_nor_log_nor_page(
    app: Flask, administrator: Member, own: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[set[str]] = []
    view = app.view_functions["accounts.set_language"]

    def spy(**values: Any) -> Any:
        seen.append(set(request.form) | set(request.values))
        return view(**values)

    monkeypatch.setitem(app.view_functions, "accounts.set_language", spy)
    assert post(own, "/account/language", language="en", step_up_password=PASSWORD).status_code == 303
    assert seen == [{"language", "csrf_token"}]
    wrong = post(own, "/account/language", language="en", step_up_password="a wrong password 77")
    assert "a wrong password 77" not in wrong.get_data(as_text=True)
    assert PASSWORD not in caplog.text and "a wrong password 77" not in caplog.text
    stranger = app.test_client()
    assert post(stranger, "/sign-in", email="x@example.in", password="y", step_up_code="1").status_code == 422


# Organisations that ask for a second factor


def ask_for_it(own: FlaskClient, administrator: Member, required: str = "yes") -> Any:
    path = f"/organisations/{administrator.organisation_id}/second-factor"
    return post(own, path, required=required)


def test_an_organisation_asks_its_members(
    app: Flask, organisations: Organisations, administrator: Member, own: FlaskClient
) -> None:
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    here = f"/organisations/{administrator.organisation_id}"
    assert ask_for_it(own, administrator).status_code == 409, "who asks has one"
    add_app(own)
    assert ask_for_it(own, administrator).status_code == 303
    page = own.get(f"{here}/second-factor").get_data(as_text=True)
    assert "1 / 2" in page
    with app.app_context():
        mails = {m.recipient for m in list_outbox(50) if "second factor" in m.subject}
    assert {member.email, administrator.email} <= mails
    client = member.client()
    answer = client.get(f"{here}/documents")
    assert (answer.status_code, answer.location) == (303, f"/account/security?next={here}/documents")
    assert "asks everybody who acts for it" in client.get(answer.location).get_data(as_text=True)
    assert post(client, f"{here}/leave").status_code == 403
    assert client.get("/account").status_code == 200, "the account itself stays open"
    assert client.get(f"/api/v1/organisations/{administrator.organisation_id}/documents").status_code in (403, 404)
    add_app(client)
    assert client.get(f"{here}/documents").status_code == 200
    assert ask_for_it(own, administrator, "no").status_code == 303


def test_attack_the_rule_holds_below_the_pages_too(
    app: Flask, organisations: Organisations, administrator: Member, own: FlaskClient
) -> None:
    member = organisations.add_member(Role.READER, administrator.organisation_id)
    add_app(own)
    ask_for_it(own, administrator)
    actor = member.actor
    assert actor.second_factor_missing
    with app.test_request_context(), pytest.raises(SecondFactorRequired):
        get_overview(actor)


def test_whoever_has_one_but_came_without_it_shows_it(
    app: Flask, organisations: Organisations, administrator: Member, own: FlaskClient
) -> None:

    member = organisations.add_member(Role.READER, administrator.organisation_id)
    elsewhere = member.client()
    made, _ = add_app(elsewhere)
    add_app(own)
    ask_for_it(own, administrator)
    with app.app_context(), tenancy.transaction(Tenant(person_id=member.person_id)):
        db.session.execute(text("UPDATE sessions SET amr = 'fed'"))
    here = f"/organisations/{administrator.organisation_id}/documents"
    answer = elsewhere.get(here)
    assert answer.location == f"/account/confirm?next={here}"
    assert post(elsewhere, answer.location, next=here, step_up_code=code_of(made)).location == here
    assert elsewhere.get(here).status_code == 200
