"""The pages of the sample citizen locker in a browser: readable for everybody, and answered by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.browser.test_accessibility import PHONES, _violations
from tests.sandbox.citizen import RunningLocker, citizen_locker
from tests.sandbox.citizen_application import Application

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CALLBACK = "/no-such-page"
_WIDER = "() => document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def citizens() -> Iterator[RunningLocker]:
    with citizen_locker() as running:
        yield running


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_pages_are_accessible_and_no_wider_than_a_phone(
    browser: Browser, citizens: RunningLocker, theme: str
) -> None:
    application = Application(citizens)
    application.sign_in("meera")
    ask = application.url(req_doctype="PANCR", purpose="Proof", service_name="Locker")
    citizens.faults.switch_on("slow", "file", times=3)
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light", base_url=citizens.base_url)
    page, found = context.new_page(), []
    for address in ("/", "/people/meera", "/people/kiran", "/faults", ask, ask.replace("client_id", "client")):
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        found += [(address, *each) for each in _violations(page)]
        for width in PHONES:
            page.set_viewport_size({"width": width, "height": 800})
            found += [(address, width)] if page.evaluate(_WIDER) else []
    context.close()
    citizens.faults.switch_off()
    assert not found, "\n".join(map(str, found))


def test_a_person_allows_by_keyboard_alone_and_without_scripts(browser: Browser, citizens: RunningLocker) -> None:
    application = Application(citizens)
    here = citizens.base_url + CALLBACK
    citizens.register(here)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(application.url(redirect_uri=here))
    page.locator("#person-meera").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{here}?**")
    answer = dict(parse_qsl(urlsplit(page.url).query))
    context.close()
    tokens = application.post("oauth2/1/token", {**application.code_form(answer["code"]), "redirect_uri": here}).json()
    assert (tokens["name"], answer["state"]) == ("Rohan Kulkarni", "state-1")
