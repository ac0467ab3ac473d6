"""A demo and a Chromium for the whole run, and windows that fail their test when a page complains."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Page, Response, sync_playwright

from entitylocker.sandbox.papers import TestAuthority, make_paper
from tests.browser.demo import FLAGS, Demo, MakePaper, OpenWindow, dress
from tests.demo_process import DemoProcess
from tests.run import find_chromium

SECONDS = 30
# What a page says in the console about its own refusals; the pages and what they load are watched by `_on_response`.
_LOADING = "Failed to load resource"
_REPORT_VIOLATIONS = """addEventListener("securitypolicyviolation",
    (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))"""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("browser") / "home"
    # One session serves many tests: nobody is asked in their midst whether it is still the same person.
    with DemoProcess(home, settings={"ENTITYLOCKER_STEP_UP_SECONDS": "36000"}) as running:
        yield Demo(running.facts)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests here and gone before any others: Playwright's loop would be in the way of theirs."""
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("No Chromium: name one in CHROMIUM, or run `make test`, which gets one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


class _Complaints(list[str]):
    """What pages complained of."""

    def watch(self, context: BrowserContext) -> None:
        """Note errors in the console, in scripts, against the content policy, and whatever could not be loaded."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.append(str(error.error)))
        context.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_LOADING):
            self.append(message.text)

    def _on_response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.request.resource_type != "document"):
            self.append(f"{response.status} {response.url}")


@pytest.fixture
def open_window(browser: Browser, demo: Demo) -> Iterator[OpenWindow]:
    contexts: list[BrowserContext] = []
    complaints = _Complaints()

    def open_one(
        role: str | None = None, *, lang: str = "en", theme: str = "light", width: int = 1280, **options: Any
    ) -> Page:
        if role:
            options["storage_state"] = demo.session(browser, role)
        context = browser.new_context(
            base_url=demo.base, viewport={"width": width, "height": 900}, reduced_motion="reduce", **options
        )
        contexts.append(context)
        context.set_default_timeout(SECONDS * 1000)
        complaints.watch(context)
        dress(context, demo.base, lang, theme)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert not complaints, list(complaints)


@pytest.fixture
def page(open_window: OpenWindow) -> Page:
    """A window of somebody not signed in."""
    return open_window()


@pytest.fixture(scope="session")
def paper(demo: Demo) -> MakePaper:
    """`paper("Title")` answers a PDF that the demo's officer signed, as file inputs take it."""
    authority = TestAuthority(Path(demo.facts["home"]) / "demo-authority")

    def make(title: str) -> FilePayload:
        # Signing wants an event loop, and this thread has Playwright's.
        with ThreadPoolExecutor(1) as other_thread:
            content = other_thread.submit(make_paper, "valid", title, ["Made by a test"], authority=authority).result()
        return {"name": "paper.pdf", "mimeType": "application/pdf", "buffer": content}

    return make
