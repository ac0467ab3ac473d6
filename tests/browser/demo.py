"""A running demo and the people in it, for tests in a browser and for pictures."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

START_SECONDS = 180
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


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
        page.get_by_role("button", name="Sign in").click()
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


def start_demo(home: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start a demo in `home`; answers once everything in it does."""
    command = [sys.executable, "-m", "entitylocker.cli.main", "demo", "--home", str(home), "--json"]
    with (home.parent / "demo.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ})
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the demo did not start: " + (home.parent / "demo.log").read_text()[-2000:]
    return process, json.loads(line)


def stop_demo(process: subprocess.Popen[str]) -> None:
    """Stop it as an operator would, and wait until nothing of it runs."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=90)
