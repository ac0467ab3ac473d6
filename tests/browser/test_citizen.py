"""The citizen's locker in a browser: link, read the terms, lend, open, take back; axe finds nothing on the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.demo import Demo, OpenWindow
from tests.browser.places import link_and_lend, show_terms
from tests.browser.test_accessibility import PHONES, _violations

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
_WIDER = "() => document.documentElement.scrollWidth > innerWidth"


def _is_well(page: Page) -> None:
    found = list(_violations(page))
    assert not found, found
    for width in PHONES:
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate(_WIDER), f"wider than {width}: {page.url}"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_paper_is_lent_opened_and_taken_back(open_window: OpenWindow, demo: Demo) -> None:
    lender = open_window("signatory")
    way = link_and_lend(lender, demo)
    for address in ("/account/citizen", way, "/account/lending", f"{demo.organisation()}/lent"):
        lender.goto(address)
        _is_well(lender)
    show_terms(lender, way)
    _is_well(lender)
    reader = open_window("records_officer")
    reader.goto(f"{demo.organisation()}/lent")
    reader.locator("tbody th a").first.click()
    _is_well(reader)
    with reader.expect_download() as arriving:
        reader.get_by_role("link", name="Open").click()
    assert arriving.value.suggested_filename.endswith(".pdf")
    lender.goto("/account/lending")
    assert lender.get_by_text("1 time", exact=True).count() >= 1
    lender.get_by_role("button", name="Take back").first.click()
    lender.get_by_text("You took the document back").wait_for()
    _is_well(lender)
    assert reader.reload() is not None
    assert reader.get_by_text("There is nothing here that you can see").count() == 1


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("hi", "light")])
def test_the_terms_are_accessible_in_both_looks(open_window: OpenWindow, demo: Demo, lang: str, theme: str) -> None:
    page = open_window("signatory", lang=lang, theme=theme)
    page.goto("/sign-in")
    _is_well(page)
    page.goto("/account/citizen")
    _is_well(page)
