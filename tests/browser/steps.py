"""What people do, as they do it: by the words on the page. Works with and without JavaScript."""

from __future__ import annotations

import re
import time

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.demo import Demo, ask

SECONDS = 60
PORTAL = "State e-Tender Portal"


def fill_in_upload(page: Page, demo: Demo, title: str, paper: FilePayload) -> None:
    """Open the upload form and fill it in; it is not sent yet."""
    page.goto(f"{demo.base}{demo.organisation()}/documents")
    page.get_by_role("link", name="Upload a document").click()
    page.get_by_label("Folder").select_option(label="– Tax")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Type of document").select_option(label="GST registration certificate")
    page.get_by_label("Choose a PDF, or drop it here").set_input_files(paper)


def await_valid(page: Page, title: str) -> None:
    """On a document's page: wait until its verdict says that the signature is valid, looking again as people do."""
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    verdict = page.locator("#verdict h2")
    deadline = time.monotonic() + SECONDS
    while verdict.inner_text() != "Signature valid":
        assert time.monotonic() < deadline, f"still “{verdict.inner_text()}”"
        page.get_by_role("link", name="Look again").click()


def deposit(page: Page, demo: Demo, title: str, paper: FilePayload) -> None:
    """Upload a paper and wait for its verdict by loading the page again. Without JavaScript."""
    fill_in_upload(page, demo, title, paper)
    page.get_by_role("button", name="Upload", exact=True).click()
    await_valid(page, title)


def sign_out(page: Page) -> None:
    page.locator(".acct > summary").click()
    page.get_by_role("button", name="Sign out").click()


def ask_and_sign_in(page: Page, demo: Demo, role: str = "signatory") -> None:
    """From the portal to the consent page, signing in on the way."""
    ask(page, demo.portal)
    demo.sign_in(page, role)
    expect(page.get_by_role("heading", level=1)).to_contain_text(PORTAL)


def allow(page: Page, title: str) -> None:
    """Tick one document and allow; the browser comes to the portal with it."""
    page.get_by_role("checkbox", name=re.compile(re.escape(title))).check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("heading", level=1, name="We received your documents")).to_be_visible()


def withdraw(page: Page, demo: Demo, title: str) -> None:
    """On the consents page, withdraw the consent that gives this document: two clicks."""
    page.goto(f"{demo.base}{demo.organisation()}/consents")
    row = page.locator("#active").get_by_role("row").filter(has_text=title)
    row.locator("summary").click()
    row.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#active").get_by_role("row").filter(has_text=title)).to_have_count(0)
    expect(page.locator("#ended").get_by_role("row").filter(has_text=title)).to_contain_text("Withdrawn")
