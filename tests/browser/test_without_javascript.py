"""The essential way with JavaScript switched off: links and forms do all of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.demo import Demo, MakePaper, OpenWindow
from tests.browser.steps import allow, ask_and_sign_in, deposit, sign_out, withdraw

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLE = "GST certificate without a script"


def test_the_main_job_needs_no_javascript(open_window: OpenWindow, demo: Demo, paper: MakePaper) -> None:
    page = open_window(java_script_enabled=False)
    demo.sign_in(page, "records_officer")
    deposit(page, demo, TITLE, paper(TITLE))
    sign_out(page)
    ask_and_sign_in(page, demo)
    allow(page, TITLE)
    withdraw(page, demo, TITLE)
    page.goto(f"{demo.portal}/result")
    page.get_by_role("button", name="Fetch again").click()
    expect(page.locator("#refused-words")).to_contain_text("withdr")


def test_language_theme_and_text_size_need_no_javascript(open_window: OpenWindow) -> None:
    page = open_window(java_script_enabled=False)
    page.goto("/help")
    page.locator(".disp > summary").click()
    page.get_by_role("radio", name="Dark").check()
    page.get_by_role("radio", name="Largest").check()
    page.get_by_role("button", name="Apply").click()
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    expect(root).to_have_attribute("data-size", "xl")
    page.locator(".lang > summary").click()
    page.get_by_role("button", name="हिन्दी").click()
    expect(root).to_have_attribute("lang", "hi")
    assert page.url.endswith("/help")


def test_what_needs_javascript_is_not_shown_without_it(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window("records_officer", java_script_enabled=False)
    page.goto(demo.documents(page)["Certificate of Incorporation"])
    expect(page.get_by_role("button", name="Copy the digest")).to_have_count(0)
