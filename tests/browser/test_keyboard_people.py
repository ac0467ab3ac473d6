"""Organisations, their people and one's own account with keys only; the focus is always visible and in view."""

from __future__ import annotations

import itertools
import os
import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.demo import Demo, OpenWindow
from tests.browser.keys import go_to, press, write
from tests.browser.passkeys import Device, open_account

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

_numbers = itertools.count(int.from_bytes(os.urandom(2), "big"))
_UNDER_TEST = "data-under-test"
_ASKED = ".ask[open]"


def _only(row: Locator) -> str:
    """A selector of this row alone, as the steps by key take it; the page must not have been loaded again since."""
    expect(row).to_have_count(1)
    row.evaluate(
        """(row, mark) => {
            document.querySelectorAll(`[${mark}]`).forEach((other) => other.removeAttribute(mark));
            row.setAttribute(mark, "");
        }""",
        _UNDER_TEST,
    )
    return f"[{_UNDER_TEST}]"


def _choose(page: Page, label: str, option: str) -> None:
    """Choose in a list by typing how the option begins."""
    go_to(page, label)
    page.keyboard.type(option)


def _give(page: Page, label: str, file: FilePayload) -> None:
    with page.expect_file_chooser() as chooser:
        press(page, label, "Space")
    chooser.value.set_files(file)


def _confirmed(page: Page, button: str, row: Locator) -> None:
    """Press a button that asks first, and the one below the question."""
    press(page, button, part=_only(row))
    press(page, button, part=f"{_ASKED} .pop")


def _follow(page: Page, name: str, heading: str, *, part: str = "") -> None:
    """Press what leads to another page, and be there."""
    press(page, name, part=part)
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()


def _row(page: Page, text: str, part: str = "main") -> Locator:
    return page.locator(f"{part} tbody tr").filter(has_text=text)


def test_a_member_is_invited_gets_another_role_and_is_removed(open_window: OpenWindow, demo: Demo) -> None:
    guest = open_window()
    person = open_account(guest, demo)
    page = open_window("administrator")
    people = f"{demo.organisation()}/people"
    page.goto(people)
    write(page, "E-mail address", person.email)
    _choose(page, "Role", "Reader")
    _follow(page, "Invite", "Invitation sent", part="main form")
    _follow(page, "Back to the people", "People")

    guest.goto("/organisations")
    press(guest, "Accept", part=_only(_row(guest, "Sahyadri Agro Exports")))
    expect(guest.locator(".org").first).to_contain_text("Reader")

    page.goto(people)
    _follow(page, "Change the role", "Change a role", part=_only(_row(page, person.email)))
    go_to(page, "Reader")
    page.keyboard.press("ArrowUp")
    _follow(page, "Change the role", "People", part="main form")
    expect(_row(page, person.email)).to_contain_text("Records officer")
    guest.reload()
    expect(guest.locator(".org").first).to_contain_text("Records officer")

    _confirmed(page, "Remove", _row(page, person.email))
    expect(_row(page, person.email)).to_have_count(0)
    guest.reload()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Nothing to see here")


def test_two_organisations_are_registered_and_switched_between(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    open_account(page, demo)
    names = [f"Keyboard Traders {next(_numbers)} Private Limited" for _ in range(2)]
    for name in names:
        page.goto("/organisations/new")
        write(page, "Name", name)
        _choose(page, "Kind", "Company")
        _choose(page, "Which one", "PAN")
        write(page, "Number or code", f"AAKCT{next(_numbers) % 10_000:04}M")
        press(page, "Register", part="main form")
        expect(page.locator(".org").first).to_contain_text(name)
    switcher = page.locator("details.org")
    press(page, "Acting for", part="details.org")
    expect(switcher.get_by_role("link", name=names[1])).to_have_attribute("aria-current", "true")
    press(page, names[0], part="details.org .pop")
    expect(switcher.locator("summary")).to_contain_text(names[0])
    expect(switcher.locator("summary")).to_contain_text("Administrator")
    press(page, "Acting for", part="details.org")
    page.keyboard.press("Escape")
    expect(switcher.locator(".pop")).to_be_hidden()
    press(page, "Acting for", part="details.org")
    _follow(page, "All your organisations", "Your organisations", part="details.org .pop")
    press(page, names[1], part="main table")
    expect(switcher.locator("summary")).to_contain_text(names[1])


def test_officers_come_from_a_file_and_are_counted(open_window: OpenWindow, demo: Demo) -> None:
    number = next(_numbers)
    department = f"Keyboard Wing {number}"
    rows = f"Department,Officer,E-mail,Role\n{department},Asha Rao,asha{number}@wing.example,administrator\n"
    page = open_window("keeper")
    page.goto(f"{demo.organisation(1)}/people")
    _follow(page, "Many at once", "Many at once")
    _give(page, "File", {"name": f"{number}.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    press(page, "Look at the file")
    expect(page.get_by_text("Nothing was done yet")).to_be_visible()
    press(page, "Start with 1 row")
    expect(page.get_by_role("link", name="Result as a file")).to_be_visible()
    expect(page.locator("#run .ph .lead")).to_have_text("Worked through", timeout=60_000)
    with page.expect_download() as download:
        press(page, "Result as a file")
    assert department in download.value.path().read_text("utf-8-sig")
    _follow(page, "Many at once", "Many at once", part=".crumbs")
    _follow(page, "How far they have come", "How far they have come", part="main")
    expect(_row(page, department)).to_contain_text("Not yet")
    write(page, "How many officers are to come in", "65")
    press(page, "Set the target")
    expect(page.locator(".stats")).to_contain_text("percent of the target of")
    with page.expect_download() as report:
        press(page, "As a file")
    assert department in report.value.path().read_text("utf-8-sig")


def test_a_unit_is_opened_and_vouched_for(open_window: OpenWindow, demo: Demo) -> None:
    name = f"Keyboard Division {next(_numbers)}"
    page = open_window("keeper")
    page.goto(f"{demo.organisation(1)}/units")
    _follow(page, "Open a unit", "Open a unit")
    write(page, "Name", name)
    _choose(page, "Kind", "Government department")
    _follow(page, "Open the unit", "Departments and units")
    _follow(page, "Vouch", f"Vouch for {name}", part=_only(_row(page, name)))
    _give(page, "Order letter", {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 an order"})
    press(page, "Vouch", part="main form")
    expect(_row(page, name)).to_contain_text("You vouch for it")
    _confirmed(page, "Let go", _row(page, name))
    expect(_row(page, name)).to_have_count(0)


def test_a_token_for_the_directory_is_issued_and_ended(open_window: OpenWindow, demo: Demo) -> None:
    name = f"Keyboard directory {next(_numbers)}"
    page = open_window("administrator")
    page.goto(f"{demo.organisation()}/directory")
    press(page, "Issue a token")
    write(page, "Name of the token", name)
    _follow(page, "Issue", "Token for the directory", part="main form")
    press(page, "Copy", part="main")
    _follow(page, "Done", "Sign-in and directory")
    _confirmed(page, "End", _row(page, name))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(_row(page, name).get_by_role("button", name="End")).to_have_count(0)


def test_a_passkey_is_added_renamed_and_removed(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    Device(page)
    open_account(page, demo)
    page.goto("/account")
    _follow(page, "Security of your account", "Security")
    _follow(page, "Add a passkey", "Add a passkey")
    write(page, "Name", "Office laptop")
    expect(page.get_by_role("button", name="Make the passkey")).to_be_enabled()
    press(page, "Make the passkey")
    expect(page.locator(".codes li")).to_have_count(10)
    _follow(page, "I have kept them", "Security")
    passkeys = "#passkeys"
    press(page, "Rename", part=_only(_row(page, "Office laptop", passkeys)))
    go_to(page, "Name")
    page.keyboard.press("Control+a")
    page.keyboard.type("Old laptop")
    page.keyboard.press("Enter")
    expect(_row(page, "Old laptop", passkeys)).to_have_count(1)
    _confirmed(page, "Remove", _row(page, "Old laptop", passkeys))
    expect(page.get_by_text("No passkey yet")).to_be_visible()


def test_sessions_elsewhere_are_ended(open_window: OpenWindow, demo: Demo) -> None:
    page = open_window()
    person = open_account(page, demo)
    others = [open_window(), open_window(), open_window()]
    for other in others:
        other.goto("/sign-in")
        write(other, "E-mail address", person.email)
        write(other, "Password", person.password)
        other.keyboard.press("Enter")
        other.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto("/account/security")
    sessions = page.get_by_role("table", name="Sessions").locator("tbody tr")
    expect(sessions).to_have_count(4)
    press(page, "End", part=_only(sessions.filter(has_not_text="This one").first))
    expect(sessions).to_have_count(3)
    press(page, "End all others")
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("This one")
    for other in others:
        other.goto("/account")
        expect(other).to_have_url(re.compile("/sign-in"))
