"""A running demo and the people in it, for tests in a browser and for pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, FilePayload, Page

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class OpenWindow(Protocol):
    """Opens a window: nobody signed in, or somebody in `role`; options go to the browser's context."""

    def __call__(
        self, role: str | None = None, *, lang: str = "en", theme: str = "light", width: int = 1280, **options: Any
    ) -> Page: ...


class MakePaper(Protocol):
    """Makes a signed PDF with that title, as file inputs take it."""

    def __call__(self, title: str) -> FilePayload: ...


@dataclass
class Demo:
    """What `entitylocker demo --json` says of itself, and the sessions of its people, each signed in only once."""

    facts: dict[str, Any]
    _sessions: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return str(self.facts["base_url"])

    @property
    def portal(self) -> str:
        return str(self.facts["sandbox_url"])

    def organisation(self, number: int = 0) -> str:
        """The path of an organisation: 0 is the company, 1 the department that keeps the portal."""
        return f"/organisations/{self.facts['organisations'][number]['id']}"

    def credentials(self, role: str) -> tuple[str, str]:
        """E-mail address and password of the company's person in that role, of `keeper` (the department's
        administrator) or of the `operator`."""
        if role == "operator":
            found = self.facts["operator"]
        elif role == "keeper":
            found = self.facts["organisations"][1]["people"][0]
        else:
            found = next(p for p in self.facts["organisations"][0]["people"] if p["role"] == role)
        return found["email"], found["password"]

    def session(self, browser: Browser, role: str) -> Any:
        """The cookies of somebody who is signed in, as a new context takes them."""
        if role not in self._sessions:
            context = browser.new_context(base_url=self.base)
            self.sign_in(context.new_page(), role)
            self._sessions[role] = context.storage_state()
            context.close()
        return self._sessions[role]

    def sign_in(self, page: Page, role: str) -> None:
        """Sign in by hand; on the sign-in page already, if one was sent there."""
        if "/sign-in" not in page.url:
            page.goto(f"{self.base}/sign-in")
        email, password = self.credentials(role)
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda address: "/sign-in" not in address)

    def documents(self, page: Page) -> dict[str, str]:
        """The address of each document that the page's person sees, by title."""
        page.goto(f"{self.base}{self.organisation()}/documents")
        links = page.locator("tbody th a").all()
        return {link.inner_text(): str(link.get_attribute("href")) for link in links}


def ask(page: Page, portal: str) -> None:
    """Have the sample portal ask for all it may; the page is sent to the locker."""
    page.goto(portal)
    for box in page.locator("input[name=document_types]").all():
        box.check()
    page.get_by_role("button", name="Ask for documents").click()
    page.wait_for_url(re.compile(r"/(oauth/authorize|sign-in)\?"))


def dress(context: BrowserContext, base: str, lang: str, theme: str) -> None:
    """Have every page in this language and theme, as their cookies do."""
    context.add_cookies([{"name": n, "value": v, "url": base} for n, v in (("lang", lang), ("theme", theme))])
