"""A phone or a security key for the browser: Chromium's virtual authenticators, over its debugging protocol."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import CDPSession, Page, expect

from tests.browser.demo import Demo

_NO_AUTOFILL = "if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = undefined;"
_numbers = itertools.count(int.from_bytes(os.urandom(3), "big"))


@dataclass(frozen=True)
class NewPerson:
    """Somebody who opened an account a moment ago."""

    email: str
    password: str


class Device:
    """An authenticator that keeps passkeys and says yes by itself; it lives as long as the page.

    It says yes to what the browser offers in the field for the address, too, as soon as the page is there: without
    `autofill` the browser is one that offers nothing there.
    """

    def __init__(self, page: Page, *, verified: bool = True, autofill: bool = False) -> None:
        if not autofill:
            page.add_init_script(_NO_AUTOFILL)
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": verified, "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = self._cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = made["authenticatorId"]

    def verify(self, verified: bool) -> None:
        """Whether the finger or PIN is right from now on."""
        self._cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": verified})

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        found: list[dict[str, Any]] = self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})[
            "credentials"
        ]
        return found


def open_account(page: Page, demo: Demo) -> NewPerson:
    """Open an account by sign-up and the mail of the demo's outbox; the page is signed in afterwards."""
    person = NewPerson(f"key{next(_numbers)}@sahyadri.example", "seven purple kites over Pune")
    page.goto(f"{demo.base}/sign-up")
    page.get_by_label("Your name").fill("Kavita Rane")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Open the account").click()
    page.get_by_role("heading", level=1, name="Check your mail").wait_for()
    page.goto(f"{demo.base}/outbox")
    found = re.search(rf"{re.escape(person.email)}[\s\S]*?(/sign-up/confirm/[\w-]+)", page.content())
    assert found, "no mail with a link"
    page.goto(f"{demo.base}{found.group(1)}")
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Confirm and sign in").click()
    page.wait_for_url(lambda address: "/sign-up" not in address)
    return person


def add_passkey(page: Page, name: str = "Office laptop") -> None:
    """Add a passkey on the security page; the recovery codes of the first one are left behind."""
    page.goto("/account/security")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url(re.compile("/account/(passkeys|security)$"))
    if page.get_by_role("heading", level=1, name="Recovery codes").count():
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("#passkeys").get_by_role("row").filter(has_text=name)).to_be_visible()
