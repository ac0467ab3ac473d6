"""A stranger with a paper: has it checked, opens a check page by its code, compares. With JavaScript and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo, MakePaper, OpenWindow

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

BOTH = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
DOCUMENT = "GST registration certificate"


@BOTH
def test_a_stranger_has_a_paper_checked(open_window: OpenWindow, paper: MakePaper, javascript: bool) -> None:
    page = open_window(java_script_enabled=javascript)
    page.goto("/sign-in")
    page.get_by_role("contentinfo").get_by_role("link", name="Check a PDF").click()
    page.get_by_label("Choose a PDF, or drop it here").set_input_files(paper("A paper of a stranger"))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="What the check found")).to_be_visible()
    expect(page.locator("#verdict h2")).to_have_text("Signature valid")
    expect(page.locator("#answers li")).to_have_count(6)
    page.get_by_role("link", name="Check another").click()
    expect(page.get_by_role("heading", level=1, name="Check a PDF")).to_be_visible()


@BOTH
def test_from_switched_on_to_compared_to_switched_off(
    open_window: OpenWindow, demo: Demo, paper: MakePaper, javascript: bool
) -> None:
    member = open_window("signatory", java_script_enabled=javascript)
    member.goto(demo.documents(member)[DOCUMENT])
    member.locator("#check-page").get_by_role("link", name="Open").click()
    expect(member.get_by_role("checkbox", checked=True)).to_have_count(0)
    member.get_by_label("The organisation").check()
    member.get_by_role("button", name="Switch on").click()
    code = member.locator("#code .mono").first.inner_text()
    stranger = open_window(java_script_enabled=javascript)
    _look_up(stranger, code.lower().replace("-", " "))
    expect(stranger.get_by_text(code)).to_be_visible()
    expect(stranger.get_by_text(DOCUMENT)).to_have_count(0)
    expect(stranger.get_by_text("Sahyadri Agro Exports Private Limited")).to_be_visible()
    _compare(stranger, paper)
    member.locator("summary", has_text="Switch off").click()
    member.locator(".pop").get_by_role("button", name="Switch off").click()
    expect(member.get_by_role("button", name="Switch on")).to_be_visible()
    _look_up(stranger, code)
    expect(stranger.get_by_role("heading", level=1, name="Nothing to see here")).to_be_visible()


def _look_up(page: Page, typed: str) -> None:
    page.goto("/check")
    page.get_by_role("textbox", name="Code").fill(typed)
    page.get_by_role("button", name="Open its page").click()
    page.wait_for_url(re.compile(r"/check/"))


def _compare(page: Page, paper: MakePaper) -> None:
    page.get_by_label("Drop your file here, or choose it").set_input_files(paper("Another paper"))
    page.get_by_role("button", name="Compare and check").click()
    expect(page.get_by_text("This is not the file behind the code")).to_be_visible()
    page.get_by_role("link", name="Back to its check page").click()


def test_the_qr_leads_to_the_page(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window("signatory")
    page.goto(f"{demo.documents(page)['Certificate of Incorporation']}/check-page")
    if page.get_by_role("button", name="Switch on").count():
        page.get_by_role("button", name="Switch on").click()
    drawn = page.locator("#code .qrb svg")
    expect(drawn).to_be_visible()
    assert drawn.evaluate("svg => svg.getBoundingClientRect().width") > 90
    page.get_by_role("link", name="Slip to print").click()
    page.emulate_media(media="print")
    expect(page.locator(".slip .qrb svg")).to_be_visible()
    expect(page.get_by_role("contentinfo")).to_be_hidden()
