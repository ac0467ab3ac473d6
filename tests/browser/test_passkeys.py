"""Passkeys in a real browser: made, used to sign in and to confirm, removed; and what is refused."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.demo import Demo, OpenWindow
from tests.browser.keys import press, write
from tests.browser.passkeys import Device, add_passkey, open_account
from tests.browser.steps import sign_out
from tests.browser.test_accessibility import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

REFUSED = "This passkey was not accepted"
# What a page of another origin can get out of a passkey that belongs to the same name.
_USE = """async ([challenge, rpId]) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const found = await navigator.credentials.get(
    { publicKey: { challenge: bytes(challenge), rpId, userVerification: "required" } });
  const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
  return JSON.stringify({ id: found.id, rawId: found.id, type: found.type, response: {
    clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
    userHandle: text(userHandle) } });
}"""
_OPTIONS = """async () => {
  const form = document.querySelector("form[data-passkey]");
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  return (await fetch(form.dataset.options, { method: "POST", body })).json();
}"""
_SEND = """(answer) => {
  const form = document.querySelector("form[data-passkey]");
  form.elements.credential.value = answer;
  HTMLFormElement.prototype.submit.call(form);
}"""


def _sign_in_with_passkey(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()


def _expect_accessible(page: Page) -> None:
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        found = AXE.run(page, options=RULES).response["violations"]
        assert not found, found
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width}"


def _expect_signed_in(page: Page) -> None:
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account")
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()


def test_a_passkey_is_made_used_renamed_and_removed(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    device = Device(page)
    open_account(page, demo)
    add_passkey(page)
    (credential,) = device.credentials()
    assert credential["isResidentCredential"] and credential["rpId"] == "localhost"
    sign_out(page)
    _sign_in_with_passkey(page)
    _expect_signed_in(page)
    page.goto("/account/security")
    row = page.locator("#passkeys").get_by_role("row").filter(has_text="Office laptop")
    row.get_by_text("Rename").click()
    row.get_by_label("Name").fill("Old laptop")
    row.get_by_role("button", name="Save").click()
    row = page.locator("#passkeys").get_by_role("row").filter(has_text="Old laptop")
    row.locator("summary").filter(has_text="Remove").click()
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No passkey yet")).to_be_visible()
    sign_out(page)
    _sign_in_with_passkey(page)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_nothing_is_sent_before_the_script_of_the_page_has_come(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    device = Device(page)
    open_account(page, demo)
    held: list[Route] = []
    page.route("**/js/passkeys.js*", lambda route: held.append(route))
    page.goto("/account/passkeys/new", wait_until="commit")
    button = page.get_by_role("button", name="Make the passkey")
    expect(button).to_be_visible()
    expect(button).to_be_disabled()
    # A disabled button is not pressed by the key that sends a form either.
    page.get_by_label("Name").press("Enter")
    (script,) = held
    script.continue_()
    button.click()
    expect(page.locator(".codes li")).to_have_count(10)
    assert len(device.credentials()) == 1


def test_the_browser_offers_the_passkey_in_the_field_for_the_address(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    Device(page, autofill=True)
    open_account(page, demo)
    add_passkey(page)
    page.locator(".acct > summary").click()
    page.get_by_role("button", name="Sign out").click()
    # Nothing is pressed on the sign-in page: the device says yes to the browser's own offer.
    _expect_signed_in(page)


def test_a_passkey_confirms_before_an_act_with_a_risk(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    device = Device(page)
    person = open_account(page, demo)
    add_passkey(page)
    page.goto("/account/confirm?next=/account")
    expect(page.get_by_label("Password")).to_have_count(0)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", level=1, name="Your account")).to_be_visible()
    sign_out(page)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Second step")).to_be_visible()
    page.goto("/account")
    assert "/sign-in" in page.url, "the password alone opens nothing"
    page.goto("/sign-in/second-step")
    page.get_by_role("button", name="Use a passkey").click()
    _expect_signed_in(page)
    assert device.credentials()[0]["signCount"] >= 3


def test_without_a_check_of_the_person_nothing_opens(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    device = Device(page)
    open_account(page, demo)
    add_passkey(page)
    sign_out(page)
    device.verify(False)
    _sign_in_with_passkey(page)
    expect(page.get_by_text("No passkey was used.")).to_be_visible()

    def ask_for_less(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "userVerification": "discouraged"})

    page.route("**/sign-in/passkey/options", ask_for_less)
    _sign_in_with_passkey(page)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_an_answer_got_at_another_origin_is_refused(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    Device(page)
    open_account(page, demo)
    add_passkey(page)
    sign_out(page)
    page.goto("/sign-in")
    options = page.evaluate(_OPTIONS)
    page.goto(demo.portal.replace("127.0.0.1", "localhost"))
    answer = page.evaluate(_USE, [options["challenge"], "localhost"])
    page.goto("/sign-in")
    page.evaluate(_SEND, answer)
    expect(page.get_by_role("alert")).to_contain_text(REFUSED)


def test_at_another_name_of_the_locker_the_page_says_where_passkeys_work(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    page.goto(demo.base.replace("localhost", "127.0.0.1") + "/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_disabled()
    expect(page.get_by_role("link", name=demo.base)).to_be_visible()


def test_without_javascript_the_password_works_and_the_page_says_why(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window(java_script_enabled=False)
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    demo.sign_in(page, "auditor")


def test_an_authenticator_app_with_keys_only(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    person = open_account(page, demo)
    page.goto("/account/security")
    press(page, "Set up an authenticator app")
    expect(page.get_by_role("heading", level=1, name="Set up an authenticator app")).to_be_visible()
    app = pyotp.TOTP(page.locator("[data-copy-text]").inner_text().replace(" ", ""))
    write(page, "Code", app.now())
    page.keyboard.press("Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    _expect_accessible(page)
    codes = page.locator(".codes li").all_inner_texts()
    with page.expect_download() as download:
        press(page, "Get them as a file")
    assert all(code in download.value.path().read_text("utf-8") for code in codes)
    press(page, "I have kept them")
    sign_out(page)
    write(page, "E-mail address", person.email)
    write(page, "Password", person.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Second step")).to_be_visible()
    _expect_accessible(page)
    press(page, "Use a recovery code")
    write(page, "Recovery code", codes[3].lower())
    page.keyboard.press("Enter")
    _expect_signed_in(page)
    page.goto("/account/security")
    expect(page.get_by_text("9 codes are left.")).to_be_visible()
