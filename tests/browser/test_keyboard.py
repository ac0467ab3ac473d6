"""The main job with keys only; the focus is always visible and in view."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo, MakePaper, OpenWindow
from tests.browser.keys import go_to, press, walk_through, write
from tests.browser.steps import await_valid

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLE = "GST certificate by keyboard"


def test_sign_in_upload_consent_and_withdraw_with_keys_only(page: Page, demo: Demo, paper: MakePaper) -> None:
    page.goto("/sign-in")
    _sign_in(page, demo, "records_officer")
    _upload(page, demo, paper)
    press(page, "Account")
    press(page, "Sign out")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()

    page.goto(demo.portal)
    press(page, "Ask for documents")
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    _sign_in(page, demo, "signatory")
    expect(page.get_by_role("heading", level=1)).to_contain_text("State e-Tender Portal")
    press(page, TITLE, "Space")
    expect(page.get_by_role("checkbox", name=TITLE)).to_be_checked()
    press(page, "Allow access")
    expect(page.locator("#documents")).to_contain_text(TITLE)

    page.goto(f"{demo.base}{demo.organisation()}/consents")
    row = page.locator("#active tr").filter(has_text=TITLE)
    mark = "data-under-test"
    row.evaluate("(row, mark) => row.setAttribute(mark, '')", mark)
    press(page, "Withdraw", part=f"[{mark}]")
    press(page, "Withdraw", part=f"[{mark}] form")
    expect(page.locator("#ended tr").filter(has_text=TITLE)).to_contain_text("Withdrawn")


def _sign_in(page: Page, demo: Demo, role: str) -> None:
    email, password = demo.credentials(role)
    write(page, "E-mail address", email)
    write(page, "Password", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)


def _upload(page: Page, demo: Demo, paper: MakePaper) -> None:
    press(page, "Documents")
    expect(page.get_by_role("heading", level=1, name="Documents")).to_be_visible()
    press(page, "Upload a document")
    expect(page.get_by_role("heading", level=1, name="Upload a document")).to_be_visible()
    go_to(page, "Folder")
    page.keyboard.type("– Tax")
    write(page, "Title", TITLE)
    go_to(page, "Type of document")
    page.keyboard.type("GST registration")
    with page.expect_file_chooser() as chooser:
        press(page, "Choose a PDF", "Space")
    chooser.value.set_files(paper(TITLE))
    press(page, "Upload", part="main .fa")
    await_valid(page, TITLE)


def test_the_first_stop_skips_to_the_contents(page: Page) -> None:
    page.goto("/help")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_menus_open_and_close_with_keys(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window("administrator")
    page.goto(demo.organisation())
    press(page, "Account")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(page.locator(".acct > summary")).to_be_focused()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("role", ["administrator", "records_officer", "auditor"])
def test_every_stop_of_tab_is_seen(open_window: OpenWindow, demo: Demo, role: str, width: int) -> None:
    page = open_window(role, width=width)
    room = {"administrator": "people", "records_officer": "documents", "auditor": "activity"}[role]
    page.goto(f"{demo.organisation()}/{room}")
    assert walk_through(page) > 10
