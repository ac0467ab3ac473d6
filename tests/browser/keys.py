"""Somebody who has a keyboard and nothing else, and who must always see where they are (WCAG 2.4.7, 2.4.11)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

MANY = 120
# What has the focus: its name, and whether it shows a ring, is in view and is not covered by a bar that sticks.
_FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e.id === "main") return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const x = Math.min(innerWidth - 2, Math.max(1, box.x + box.width / 2));
  const y = Math.min(innerHeight - 2, Math.max(1, box.y + Math.min(box.height / 2, innerHeight / 2)));
  const top = document.elementFromPoint(x, y);
  const labels = [...(e.labels ?? [])];
  const words = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true]").forEach((hidden) => hidden.remove());
    return copy.textContent;
  };
  return {
    name: (e.getAttribute("aria-label") || labels.map(words).join(" ") || words(e)).trim(),
    html: e.outerHTML.slice(0, 120),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    clear: !!top && (e.contains(top) || top.contains(e) || labels.some((label) => label.contains(top))),
  };
}"""


def look(page: Page) -> dict[str, Any] | None:
    """What has the focus, after making sure that it can be seen; None where nothing has."""
    found: dict[str, Any] | None = page.evaluate(_FOCUSED)
    if found is not None:
        assert found["ring"], f"no focus ring on {page.url}: {found['html']}"
        assert found["inView"], f"the focus is out of view on {page.url}: {found['html']}"
        assert found["clear"], f"the focus is covered on {page.url}: {found['html']}"
    return found


def go_to(page: Page, name: str, *, part: str = "") -> None:
    """Press Tab until the focus is on what begins with `name` (and lies inside `part`, a selector)."""
    # The words of a page are there before its styles: a ring cannot be seen until they came.
    page.wait_for_load_state()
    for _ in range(MANY):
        found = look(page)
        inside = not part or page.evaluate("part => !!document.activeElement.closest(part)", part)
        if found is not None and found["name"].startswith(name) and inside:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to “{name}” on {page.url}")


def press(page: Page, name: str, key: str = "Enter", *, part: str = "") -> None:
    """Go to what begins with `name` and press a key there."""
    go_to(page, name, part=part)
    page.keyboard.press(key)


def write(page: Page, name: str, text: str) -> None:
    """Go to the field and type."""
    go_to(page, name)
    page.keyboard.type(text)


def walk_through(page: Page) -> int:
    """Tab from the top of the page to its end; answers how many stops there were."""
    page.evaluate("document.activeElement.blur()")
    stops = 0
    for _ in range(MANY):
        page.keyboard.press("Tab")
        if look(page) is None:
            break
        stops += 1
    return stops
