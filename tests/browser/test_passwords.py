"""A forgotten password and a change of address, with keys only and without JavaScript; mails are read as they come."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo, OpenWindow
from tests.browser.keys import press, walk_through, write

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIRST, SECOND, THIRD = "seven wet otters juggle", "eight dry herons whistle", "nine calm yaks paint"


def newest_link(page: Page, recipient: str, words: str = "") -> str:
    """The first link of the newest mail to somebody, as the outbox of the demo shows it."""
    page.goto("/outbox")
    mail = page.locator("article").filter(has_text=recipient).filter(has_text=words).first
    return str(mail.locator("pre a[href^=http]").first.get_attribute("href"))


def open_account(page: Page, email: str) -> None:
    page.goto("/sign-up")
    page.get_by_label("Your name").fill("Leela Forgetful")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Open the account").click()
    page.goto(newest_link(page, email))
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Confirm and sign in").click()
    page.get_by_role("heading", level=1).wait_for()


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_forgotten_changed_and_moved_without_javascript(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window(java_script_enabled=False)
    email, moved = f"{uuid4().hex[:12]}@example.in", f"{uuid4().hex[:12]}@example.in"
    open_account(page, email)
    elsewhere = open_window(java_script_enabled=False)
    elsewhere.goto("/sign-in")
    elsewhere.get_by_role("link", name="Set a new one by mail").click()
    elsewhere.get_by_label("E-mail address").fill(email)
    elsewhere.get_by_role("button", name="Send the link").click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Check your mail")
    elsewhere.goto(newest_link(elsewhere, email))
    elsewhere.get_by_label("New password").fill("password123")
    elsewhere.get_by_role("button", name="Set the password").click()
    expect(elsewhere.locator("#f-password-error")).to_contain_text("Please")
    elsewhere.get_by_label("New password").fill(SECOND)
    elsewhere.get_by_role("button", name="Set the password").click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page, email, SECOND)
    page.goto("/account/password")
    page.get_by_label("Password until now").fill(SECOND)
    page.get_by_label("New password").fill(THIRD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password was changed.")).to_be_visible()
    page.get_by_role("link", name="Change the e-mail address").click()
    page.get_by_label("New e-mail address").fill(moved)
    page.get_by_role("button", name="Send the link").click()
    page.goto(newest_link(page, moved))
    page.get_by_role("button", name="Use the new address").click()
    expect(page.get_by_role("main")).to_contain_text(moved)
    elsewhere.goto(newest_link(elsewhere, email, "undo it here"))
    elsewhere.get_by_role("button", name="Undo the change").click()
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Forgotten password")
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_forgotten_password_with_keys_only(page: Page, demo: Demo) -> None:
    email = f"{uuid4().hex[:12]}@example.in"
    open_account(page, email)
    page.context.clear_cookies()
    page.goto("/sign-in")
    press(page, "Set a new one by mail")
    expect(page.get_by_role("heading", level=1)).to_have_text("Forgotten password")
    write(page, "E-mail address", email)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    page.goto(newest_link(page, email))
    assert walk_through(page) > 5
    write(page, "New password", SECOND)
    press(page, "Set the password")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    write(page, "E-mail address", email)
    write(page, "Password", SECOND)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account/password")
    assert walk_through(page) > 10


def test_the_outbox_shows_a_mail_as_mail_programs_do(page: Page, demo: Demo) -> None:
    email = f"{uuid4().hex[:12]}@example.in"
    page.goto("/forgotten")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Send the link").click()
    page.goto("/outbox")
    mail = page.locator("article").filter(has_text=email).first
    mail.get_by_role("link", name="As a mail program shows it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No account with this address")
    expect(page.get_by_role("link", name="Open an account")).to_be_visible()
