"""Several tabs, the way back, impatient clicks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo, OpenWindow
from tests.browser.steps import ask_and_sign_in, sign_out

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

COMPANY, OTHER = "Sahyadri Agro Exports Private Limited", "Second Tab Traders Private Limited"
FOLDER = "Papers of the second tab"


def test_two_tabs_act_for_two_organisations_and_do_not_mix(open_window: OpenWindow, demo: Demo) -> None:
    first = open_window("delegate")
    second = first.context.new_page()
    _register_another(second)
    first.goto(f"{demo.organisation()}/documents")
    second.get_by_role("navigation", name="Main").get_by_role("link", name="Documents").click()
    second.get_by_role("link", name="New folder").click()
    # The first tab acts while the form of the second one is open.
    first.get_by_role("link", name="Tax", exact=True).click()
    expect(first.locator(".org").first).to_contain_text(COMPANY)
    second.get_by_label("Name").fill(FOLDER)
    second.get_by_role("button", name="Make the folder").click()
    expect(second.locator(".org").first).to_contain_text(OTHER)
    second.get_by_role("navigation", name="Main").get_by_role("link", name="Documents").click()
    expect(second.get_by_role("link", name=FOLDER)).to_be_visible()
    first.goto(f"{demo.organisation()}/documents")
    expect(first.locator(".org").first).to_contain_text(COMPANY)
    expect(first.get_by_role("link", name=FOLDER)).to_have_count(0)


def _register_another(page: Page) -> None:
    page.goto("/organisations/new")
    page.get_by_label("Name").fill(OTHER)
    page.get_by_label("Kind").select_option("company")
    page.get_by_label("Which one").select_option("pan")
    page.get_by_label("Number or code").fill("AAKCT4821M")
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".org").first).to_contain_text(OTHER)


def test_back_after_sign_out_shows_nothing(page: Page, demo: Demo) -> None:
    demo.sign_in(page, "records_officer")
    page.goto(f"{demo.organisation()}/documents")
    paper = page.get_by_role("link", name="Certificate of Incorporation", exact=True)
    expect(paper).to_be_visible()
    sign_out(page)
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
    expect(paper).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_double_click_on_allow_gives_one_consent(open_window: OpenWindow, demo: Demo, javascript: bool) -> None:
    page = open_window(java_script_enabled=javascript)
    list_page = open_window("signatory")
    before = _in_force(list_page, demo)
    ask_and_sign_in(page, demo)
    page.get_by_role("checkbox", name="Certificate of Incorporation").check()
    page.get_by_role("button", name="Allow access").dblclick()
    page.wait_for_url(f"{demo.portal}/**")
    assert _in_force(list_page, demo) == before + 1


def _in_force(page: Page, demo: Demo) -> int:
    page.goto(f"{demo.organisation()}/consents")
    return page.locator("#active tbody tr").count()
