"""axe finds nothing on any page that a person can reach, and nothing is wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo, OpenWindow, ask
from tests.browser.places import IMPORTANT, ROLES, Places, prepare

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Axe()
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
LOOKS = [("en", "light"), ("hi", "dark")]
PHONES = (390, 320)
_OUTSIDE = """() => [...document.querySelectorAll("main .ask")].filter((part) => {
  part.open = true;
  const boxes = [...part.querySelectorAll(".pop, .pop button")].map((each) => each.getBoundingClientRect());
  part.open = false;
  return boxes.some((box) => box.left < 0 || box.right > innerWidth);
}).map((part) => part.querySelector("summary").textContent)"""
_OPEN_ALL = "document.querySelectorAll('details:not(.menu)').forEach((part) => { part.open = true; })"
_WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 3).map((e) => e.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def places(browser: Browser, demo: Demo) -> Places:
    return prepare(browser, demo)


@pytest.mark.parametrize(("lang", "theme"), LOOKS)
@pytest.mark.parametrize("role", ROLES)
def test_no_violations_and_nothing_too_wide(
    open_window: OpenWindow, demo: Demo, places: Places, role: str, lang: str, theme: str
) -> None:
    page = open_window(places.role_of(role), lang=lang, theme=theme, **places.options_of(role))
    found: list[Any] = []
    for name, address in places.addresses[role].items():
        page.set_viewport_size({"width": 1280, "height": 900})
        if address == "ask":
            ask(page, demo.portal)
        else:
            page.goto(address)
        page.evaluate(_OPEN_ALL)
        found += [(name, lang, theme, *each) for each in _look_at(page, name)]
    assert not found, "\n".join(map(str, found))


def _look_at(page: Page, name: str) -> Iterator[tuple[Any, ...]]:
    yield from _violations(page)
    for width in PHONES:
        page.set_viewport_size({"width": width, "height": 800})
        yield from ((f"wider than {width}", element) for element in page.evaluate(_WIDER))
        if width == 390 and name in IMPORTANT:
            yield from _violations(page)


def _violations(page: Page) -> Iterator[tuple[Any, ...]]:
    for violation in AXE.run(page, options=RULES).response["violations"]:
        nodes = [
            (node["html"][:160], (node["any"] or node["all"] or [{"message": ""}])[0]["message"][:160])
            for node in violation["nodes"][:3]
        ]
        yield violation["id"], nodes


def test_open_menus_and_questions_are_accessible(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window("administrator")
    page.goto(f"{demo.organisation()}/people")
    for part in page.locator("details.menu").all():
        if not part.is_visible():
            continue
        part.locator("summary").first.click()
        found = list(_violations(page))
        assert not found, found
        page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [*PHONES, 700, 1280])
def test_a_question_is_asked_within_the_window(open_window: OpenWindow, demo: Demo, width: int) -> None:
    """Whichever button of a row asks it, and whichever side of the page the button is on."""
    page = open_window("administrator", width=width)
    for part in ("details", "delegations"):
        page.goto(f"{demo.organisation()}/{part}")
        assert page.locator("main .ask").count()
        assert page.evaluate(_OUTSIDE) == [], part


def test_what_was_wrong_in_a_form_is_accessible(open_window: OpenWindow) -> None:
    page = open_window("administrator")
    page.goto("/organisations/new")
    page.locator("form.form").evaluate("form => { form.noValidate = true; }")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("alert").wait_for()
    found = list(_violations(page))
    assert not found, found


def test_high_contrast_keeps_what_is_ticked(open_window: OpenWindow, demo: Demo) -> None:
    """Where the system paints in its own colours, an unticked box must not look ticked: boxes are the system's own."""
    page = open_window("signatory", forced_colors="active")
    ask(page, demo.portal)
    boxes = page.get_by_role("checkbox")
    looks = boxes.evaluate_all(
        "all => all.map((box) => [getComputedStyle(box).appearance, getComputedStyle(box).backgroundImage])"
    )
    assert looks and all(look == ["auto", "none"] for look in looks)


def test_slips_are_accessible_and_fit_a_phone(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window("administrator")
    page.goto(f"{demo.organisation()}/invitations")
    form = page.locator("form", has=page.get_by_role("button", name="Make the slip"))
    form.get_by_label("Name").fill("Shri Vitthal Narayan Deshpande-Kulkarni")
    form.get_by_label("Role").select_option("reader")
    form.get_by_role("button", name="Make the slip").click()
    expect(page.locator(".invitation-slip")).to_have_count(1)
    found = list(_look_at(page, "slips"))
    assert not found, found
