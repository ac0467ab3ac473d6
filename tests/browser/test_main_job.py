"""The main job as people do it in a browser, from the deposit to the auditor."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.demo import Demo, MakePaper, OpenWindow, ask
from tests.browser.steps import PORTAL, allow, ask_and_sign_in, fill_in_upload, sign_out, withdraw

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TITLE = "GST certificate of the main job"
STEPS = [
    "deposited a document", "checked the signatures of a document", "gave consent", "fetched a document",
    "withdrew consent", "was refused documents",
]  # fmt: skip


def test_a_deposit_is_checked_given_fetched_withdrawn_and_refused(
    page: Page, open_window: OpenWindow, demo: Demo, paper: MakePaper
) -> None:
    demo.sign_in(page, "records_officer")
    _upload_with_progress(page, demo, paper)
    sign_out(page)
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()

    ask_and_sign_in(page, demo)
    _read_the_question(page)
    allow(page, TITLE)
    expect(page.locator("#documents")).to_contain_text(TITLE)

    signatory = open_window("signatory")
    withdraw(signatory, demo, TITLE)
    page.get_by_role("button", name="Fetch again").click()
    expect(page.locator("#refused-words")).to_contain_text("withdr")

    _find_every_step(open_window("auditor"), demo)


def _upload_with_progress(page: Page, demo: Demo, paper: MakePaper) -> None:
    fill_in_upload(page, demo, TITLE, paper(TITLE))
    # The request is held on its way, so that there is time to see what the page says meanwhile.
    held: list[Route] = []
    page.route("**/documents/upload", lambda route: held.append(route) if _is_post(route) else route.continue_())
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("progressbar", name="Upload")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel upload")).to_be_visible()
    page.wait_for_function("document.querySelector('form[aria-busy=true]') !== null")
    held[0].continue_()
    expect(page.get_by_role("heading", level=1, name=TITLE)).to_be_visible()
    verdict = page.locator("#verdict h2")
    assert verdict.inner_text() in ("Being checked", "Signature valid")
    # The words change on the open page: nobody loads it again.
    expect(verdict).to_have_text("Signature valid", timeout=60_000)
    expect(page.get_by_text("This says who signed and that nothing changed")).to_be_visible()
    page.get_by_role("link", name="Full report").click()
    expect(page.locator("#signatures")).to_contain_text("Asha Verma (demo)")
    page.get_by_role("link", name="Back to the document").click()
    expect(page.get_by_role("heading", level=1, name=TITLE)).to_be_visible()


def _is_post(route: Route) -> bool:
    return route.request.method == "POST"


def _read_the_question(page: Page) -> None:
    """Who asks, for whom one acts, as what, for what, until when; nothing is ticked; what is not offered says why."""
    words = page.locator("main").inner_text()
    for said in (
        PORTAL, "Department of Public Works", "Sahyadri Agro Exports Private Limited", "Farhan Shaikh",
        "Authorised signatory", "Bid in tender 2026/PWD/318", "Until", "Each document at most 10 times",
    ):  # fmt: skip
        assert said in words
    assert page.get_by_role("checkbox", checked=True).count() == 0
    changed = page.get_by_role("checkbox", name="Board resolution for e-tender")
    expect(changed).to_be_disabled()
    expect(changed).to_have_accessible_description(
        "It is not offered to portals, because something is wrong with its signatures."
    )
    for decision in ("Allow access", "Do not allow"):
        expect(page.get_by_role("button", name=decision)).to_be_visible()


def _find_every_step(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.base}{demo.organisation()}/activity")
    rows = page.locator("tbody tr")
    # Below what was done may stand how it came out.
    done = [row.locator("td").nth(1).inner_text().splitlines()[0].strip() for row in rows.all()]
    newest_first = iter(done)
    missing = [step for step in reversed(STEPS) if step not in newest_first]
    assert not missing, f"{missing} not among {done}"
    deposit = rows.filter(has_text="deposited a document").filter(has_text=TITLE)
    expect(deposit).to_contain_text("Rohan Kulkarni")
    expect(rows.filter(has_text="gave consent").first).to_contain_text("Farhan Shaikh")


def test_saying_no_sends_nothing(page: Page, demo: Demo) -> None:
    ask_and_sign_in(page, demo)
    page.get_by_role("button", name="Do not allow").click()
    expect(page.locator("#declined")).to_contain_text("nothing was sent")


def test_allowing_without_a_tick_says_what_is_missing(page: Page, demo: Demo) -> None:
    ask_and_sign_in(page, demo)
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("alert")).to_contain_text("Please correct this and try again")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("button", name="Do not allow").click()


def test_a_clerk_who_may_not_consent_is_told_whom_to_ask(page: Page, demo: Demo) -> None:
    ask(page, demo.portal)
    demo.sign_in(page, "records_officer")
    expect(page.get_by_text("You cannot give this consent")).to_be_visible()
    expect(page.get_by_role("button", name="Allow access")).to_have_count(0)
