#!/usr/bin/env python3
"""For maintainers: take pictures of the pages of a running demo, to look at them.

    entitylocker demo --home DIR --json > facts.json &
    python -m deploy.screenshots facts.json pictures/ [--only consent] [--width 390] [--theme dark] [--lang hi]

Only invented people and papers are in a demo, so its pictures may be shown to anybody.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.demo import FLAGS, Demo, ask, dress
from tests.browser.places import Places, prepare
from tests.run import find_chromium

HEIGHTS = {1280: 860, 390: 844, 320: 700}
TALLEST = 5000


def main() -> None:
    """Take the pictures that the arguments ask for."""
    wanted = _arguments()
    demo = Demo(json.loads(wanted.facts.read_text("utf-8").splitlines()[0]))
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        places = prepare(browser, demo)
        for look in _looks(wanted):
            _take_all(browser, demo, places, wanted, look)
        browser.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts", type=Path, help="what `entitylocker demo --json` printed")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", help="a regular expression on the names of pages")
    parser.add_argument("--width", type=int, action="append", help="in pixels; 1280 and 390 if not given")
    parser.add_argument("--theme", action="append", choices=("light", "dark"))
    parser.add_argument("--lang", action="append", choices=("en", "hi"))
    parser.add_argument("--view", action="store_true", help="only what is in view, not the whole page")
    return parser.parse_args()


def _looks(wanted: argparse.Namespace) -> Iterator[tuple[str, str, int]]:
    for lang in wanted.lang or ("en", "hi"):
        for theme in wanted.theme or ("light", "dark"):
            for width in wanted.width or (1280, 390):
                yield lang, theme, width


def _take_all(
    browser: Browser, demo: Demo, places: Places, wanted: argparse.Namespace, look: tuple[str, str, int]
) -> None:
    lang, theme, width = look
    for role, addresses in places.addresses.items():
        chosen = {n: a for n, a in addresses.items() if re.search(wanted.only or "", f"{role}-{n}")}
        if not chosen:
            continue
        signed_in = places.role_of(role)
        state = demo.session(browser, signed_in) if signed_in else places.options_of(role).get("storage_state")
        context = browser.new_context(
            base_url=demo.base, storage_state=state, viewport={"width": width, "height": HEIGHTS.get(width, 860)},
            reduced_motion="reduce", device_scale_factor=1,
        )  # fmt: skip
        dress(context, demo.base, lang, theme)
        page = context.new_page()
        for name, address in chosen.items():
            _open(page, demo, address)
            _take(page, wanted.folder / f"{role}-{name}-{lang}-{theme}-{width}.png", whole=not wanted.view)
        context.close()


def _open(page: Page, demo: Demo, address: str) -> None:
    if address == "ask":
        ask(page, demo.portal)
    else:
        page.goto(address)


def _take(page: Page, path: Path, *, whole: bool) -> None:
    # The window is made as tall as the page: bars that stick would stand in the middle of a stitched picture.
    size = page.viewport_size
    assert size is not None
    if whole:
        tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], tall)})
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path, animations="disabled", caret="hide")
    page.set_viewport_size(size)


if __name__ == "__main__":
    main()
