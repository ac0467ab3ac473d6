"""Linking a citizen locker, lending from it and ending that with keys only, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo, OpenWindow
from tests.browser.keys import go_to, press, walk_through, write

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PURPOSE = "Proof of qualification, typed with keys"


@pytest.mark.parametrize(("role", "scripts"), [("delegate", True), ("auditor", False)])
def test_link_lend_take_back_and_end_with_keys_only(
    open_window: OpenWindow, demo: Demo, role: str, scripts: bool
) -> None:
    page = open_window(role, java_script_enabled=scripts)
    page.goto("/account/citizen")
    press(page, "Link Sample citizen locker")
    _allow(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Citizen locker and proofs")
    assert walk_through(page) > 5
    _lend(page)
    expect(page.locator("main")).to_contain_text(PURPOSE)
    press(page, "Take back", part="main")
    expect(page.locator("#ended")).to_contain_text(PURPOSE)
    _end_link(page)
    expect(page.get_by_role("button", name="Link Sample citizen locker")).to_be_visible()


def _allow(page: Page) -> None:
    """At the citizen locker: the last of its people is the one whom no other test is."""
    page.locator("#person-lata").wait_for()
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.name") != "person":
        page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.id") != "person-lata":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/citizen")


def _lend(page: Page) -> None:
    press(page, "Lend documents", part="main .card")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lend documents")
    go_to(page, "", part="main fieldset")
    page.keyboard.press("Space")
    write(page, "For what", PURPOSE)
    press(page, "Read what you agree to")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lend to")
    press(page, "Lend", part="main form")
    expect(page.get_by_role("heading", level=1)).to_have_text("What I lend")


def _end_link(page: Page) -> None:
    page.goto("/account/citizen")
    press(page, "What stays when you end the link")
    expect(page.get_by_text("Deleted at once")).to_be_visible()
    press(page, "End the link", part="main .card")
    press(page, "End the link", part="main .card form")
