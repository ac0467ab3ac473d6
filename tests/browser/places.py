"""Every page that a person can reach, by who reaches it, in a demo where something has happened already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page

from entitylocker.organisations.rules import today
from tests.browser.demo import Demo, ask

ROLES = (
    "nobody",
    "visitor",
    "administrator",
    "records_officer",
    "signatory",
    "auditor",
    "delegate",
    "keeper",
    "operator",
)
IMPORTANT = {
    "sign-in",
    "check",
    "check-page",
    "overview",
    "documents",
    "document-valid",
    "report-valid",
    "upload",
    "consent-page",
    "consents",
    "activity",
    "approvals",
}
_NOWHERE = UUID(int=7)
_VERDICTS = {
    "document-valid": "Certificate of Incorporation",
    "document-changed": "Board resolution for e-tender",
    "document-unknown": "Audited balance sheet 2025-26",
    "document-expired": "Lease of the Chakan warehouse",
    "document-unsigned": "PAN card",
}
_REPORTS = ("valid", "changed", "unknown", "unsigned")


@dataclass(frozen=True)
class Places:
    """The addresses by role and name; `ask` stands for the consent page. `visitor` has been at the portal."""

    addresses: dict[str, dict[str, str]]
    visit: Any

    def role_of(self, name: str) -> str | None:
        """Who signs in for these pages; None: nobody."""
        return None if name in ("nobody", "visitor") else name

    def options_of(self, name: str) -> dict[str, Any]:
        """What the window needs beyond that: the visitor's cookie at the portal."""
        return {"storage_state": self.visit} if name == "visitor" else {}


def prepare(browser: Browser, demo: Demo) -> Places:
    """Let happen what makes pages full: one more consent and, if there is none yet, an invitation and a new portal."""
    visit = _visit_portal(browser, demo)
    _in_window(browser, demo, "administrator", _invite)
    _in_window(browser, demo, "keeper", _propose_portal)
    here, keeper = demo.organisation(), demo.organisation(1)
    found = _in_window(browser, demo, "records_officer", _find_documents)
    document = found["document-valid"]
    check_page = _in_window(browser, demo, "signatory", _switch_check_page_on)
    lend = _in_window(browser, demo, "signatory", link_and_lend)
    return Places({
        "nobody": {
            "sign-in": "/sign-in", "sign-up": "/sign-up", "check-mail": "/sign-up/check-mail", "help": "/help",
            "forgotten": "/forgotten", "forgotten-sent": "/forgotten/sent", "bad-reset": "/forgotten/nothing",
            "reset-password": _in_window(browser, demo, "administrator", _find_reset),
            "accessibility": "/accessibility", "privacy": "/privacy", "not-found": "/nothing-here",
            "sign-in-through": "/sign-in/through",
            "bad-invitation": "/invitations/nothing", "portal": f"{demo.portal}/", "check": "/check",
            "no-code": "/check?code=nothing", "check-page": check_page, "no-check-page": "/check/0000-0000-0000-0000",
            "join": "/join",
        },
        "visitor": {"portal-result": f"{demo.portal}/result", "portal-fault": f"{demo.portal}/callback?state=no"},
        "administrator": {
            "overview": here, "people": f"{here}/people", "invitations": f"{here}/invitations",
            "many-at-once": f"{here}/onboarding", "adoption-nothing": f"{here}/adoption", "details": f"{here}/details",
            "life": f"{here}/life", "proposals": f"{here}/proposals", "propose": f"{here}/proposals/new",
            "export": f"{here}/export", "change-name": f"{here}/name",
            "change-role": _in_window(browser, demo, "administrator", _find_member),
            "trust": f"{here}/trust", "trust-missing": f"{here}/trust?issuer=Some%20authority",
            "delegations": f"{here}/delegations", "give": f"{here}/delegations/new",
            "register-organisation": "/organisations/new", "organisations": "/organisations", "account": "/account",
            "change-password": "/account/password", "change-email": "/account/email",
            "security": "/account/security", "confirm": "/account/confirm", "new-passkey": "/account/passkeys/new",
            "authenticator": _in_window(browser, demo, "administrator", _begin_authenticator),
            "second-factor": f"{here}/second-factor", "directory": f"{here}/directory",
            "own-sign-ins": "/account/sign-ins",
            "units-none": f"{here}/units", "branches-none": f"{here}/branches", "agencies-asked": f"{here}/agencies",
            "outbox": "/outbox", "invitation": _in_window(browser, demo, "administrator", _find_invitation),
            "not-mine": f"/organisations/{_NOWHERE}", "help": "/help",
        },
        "records_officer": {
            "overview": here, "documents": f"{here}/documents", "nothing-matches": f"{here}/documents?q=zzzz",
            "upload": f"{here}/documents/upload", "due": f"{here}/documents/due", "bin": f"{here}/bin",
            "edit": f"{document}/edit", "add-version": f"{document}/versions/add", **found,
            **{f"report-{name}": f"{found[f'document-{name}']}/versions/1/report" for name in _REPORTS},
            "forbidden": f"{here}/delegations/new",
        },
        "signatory": {
            "overview": here, "consents": f"{here}/consents",
            "consent": _in_window(browser, demo, "signatory", _find_consent), "consent-page": "ask",
            "check-page-on": f"{document}/check-page", "check-page-slip": f"{document}/check-page/slip",
            "check-page-off": f"{found['document-unsigned']}/check-page",
            "citizen": "/account/citizen", "lend": lend, "lending": "/account/lending", "lent": f"{here}/lent",
            "lent-document": _in_window(browser, demo, "signatory", _find_lent),
        },
        "auditor": {
            "activity": f"{here}/activity", "activity-nothing": f"{here}/activity?text=zzzz", "trust": f"{here}/trust",
        },
        "delegate": {"overview": here, "documents": f"{here}/documents"},
        "keeper": {
            "officers-file": _in_window(browser, demo, "keeper", _send_officers), "adoption": f"{keeper}/adoption",
            "overview": keeper, "documents": f"{keeper}/documents", "due": f"{keeper}/documents/due",
            "units": f"{keeper}/units", "units-nothing": f"{keeper}/units?q=zzzz", "open-unit": f"{keeper}/units/new",
            "ask-unit": f"{keeper}/units/ask", "branches": f"{keeper}/branches",
            "give-branch": f"{keeper}/branches/new",
            "vouch": _in_window(browser, demo, "keeper", _find_unit) + "/vouch", "agencies": f"{keeper}/agencies",
            "invite-head": _in_window(browser, demo, "keeper", _find_unit) + "/administrator",
            "agency-offer": f"{keeper}/agencies/offer", "agency-propose": f"{keeper}/agencies/propose",
            "agency": _in_window(browser, demo, "keeper", _offer_letter(_in_window(
                browser, demo, "administrator", _make_code))),
            "consents": f"{keeper}/consents", "portals": f"{keeper}/portals",
            "register-portal": f"{keeper}/portals/new", "portal": _in_window(browser, demo, "keeper", _find_portal),
        },
        "operator": {
            "approvals": "/operator", "operator-organisations": "/operator/organisations",
            "operator-vouchings": "/operator/vouchings", "operator-vouchings-nothing": "/operator/vouchings?q=zzzz",
            "operator-trust": "/operator/trust",
        },
    }, visit)  # fmt: skip


def _in_window(browser: Browser, demo: Demo, role: str, act: Any) -> Any:
    context = browser.new_context(base_url=demo.base, storage_state=demo.session(browser, role))
    found = act(context.new_page(), demo)
    context.close()
    return found


def _visit_portal(browser: Browser, demo: Demo) -> Any:
    """A visit that ends with two documents; what the portal remembers it by."""
    context: BrowserContext = browser.new_context(base_url=demo.base, storage_state=demo.session(browser, "signatory"))
    page = context.new_page()
    ask(page, demo.portal)
    for title in ("Certificate of Incorporation", "GST registration certificate"):
        page.get_by_role("checkbox", name=title).first.check()
    page.get_by_role("button", name="Allow access").click()
    page.wait_for_url(f"{demo.portal}/**")
    visit = context.storage_state()
    context.close()
    return visit


def _switch_check_page_on(page: Page, demo: Demo) -> str:
    """Where everybody sees the check page of the signed document."""
    page.goto(f"{demo.documents(page)[_VERDICTS['document-valid']]}/check-page")
    if page.get_by_role("button", name="Switch on").count():
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("button", name="Switch on").click()
    return str(page.get_by_role("link", name="See what others see").get_attribute("href"))


def link_and_lend(page: Page, demo: Demo) -> str:
    """Link the sample citizen locker and lend one paper; where more can be lent."""
    page.goto("/account/citizen")
    if page.get_by_role("link", name="Lend documents").count() == 0:
        page.get_by_role("button", name="Link Sample citizen locker").click()
        page.locator("#person-meera").check()
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("heading", level=1, name="Citizen locker and proofs").wait_for()
    way = str(page.get_by_role("link", name="Lend documents").get_attribute("href"))
    page.goto(f"{demo.organisation()}/lent")
    if page.locator("tbody th a").count() == 0:
        show_terms(page, way)
        page.get_by_role("button", name="Lend", exact=True).click()
        page.get_by_role("heading", level=1, name="What I lend").wait_for()
    return way


def show_terms(page: Page, way: str) -> None:
    """Choose a paper and go on to what one agrees to."""
    page.goto(way)
    page.locator("input[name=uris]:enabled").first.check()
    page.get_by_label("For what").fill("Proof of qualification for a tender")
    page.get_by_role("button", name="Read what you agree to").click()
    page.get_by_role("button", name="Do not lend").wait_for()


def _find_lent(page: Page, demo: Demo) -> str:
    page.goto(f"{demo.organisation()}/lent")
    return str(page.locator("tbody th a").first.get_attribute("href"))


def _begin_authenticator(page: Page, demo: Demo) -> str:
    """The page with the secret of an app that is never confirmed."""
    page.goto(f"{demo.base}/account/security")
    page.get_by_role("button", name="Set up an authenticator app").click()
    page.get_by_role("heading", level=1, name="Set up an authenticator app").wait_for()
    return "/account/authenticator"


def _invite(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.organisation()}/people")
    if page.get_by_text("priya@sahyadri.example").count() == 0:
        page.get_by_label("E-mail address").fill("priya@sahyadri.example")
        page.get_by_label("Role", exact=True).select_option("reader")
        page.get_by_role("button", name="Invite").click()
        page.get_by_role("heading", name="Invitation sent").wait_for()


def _find_invitation(page: Page, demo: Demo) -> str:
    page.goto("/outbox")
    return str(page.locator("pre a[href*='/invitations/']").first.get_attribute("href"))


def _find_member(page: Page, demo: Demo) -> str:
    """Where the role of the records officer is changed."""
    page.goto(f"{demo.organisation()}/people")
    row = page.get_by_role("row", name="Rohan Kulkarni")
    return str(row.get_by_role("link", name="Change the role").get_attribute("href"))


def _find_unit(page: Page, demo: Demo) -> str:
    """Where the department's unit is vouched for; it is already, the page is there all the same."""
    page.goto(f"{demo.organisation(1)}/units")
    form = page.locator("form[action$='/vouching/withdraw']").first
    return str(form.get_attribute("action")).removesuffix("/vouching/withdraw")


def _make_code(page: Page, demo: Demo) -> str:
    """The company's code, by which it can be asked."""
    page.goto(f"{demo.organisation()}/agencies")
    if page.get_by_text("There is no code yet.").count():
        page.get_by_role("button", name="Make a code").click()
    return page.locator(".copy .mono").first.inner_text()


def _offer_letter(code: str) -> Any:
    """Lets the department offer a letter of authorisation to the company of that code; answers the letter's page."""

    def offer(page: Page, demo: Demo) -> str:
        page.goto(f"{demo.organisation(1)}/agencies")
        if page.locator("tbody th a").count() == 0:
            page.goto(f"{demo.organisation(1)}/agencies/offer")
            page.get_by_label("Code of the organisation").fill(code)
            page.get_by_role("radio", name="Reader").check()
            page.get_by_label("Last day").fill((today() + timedelta(days=60)).isoformat())
            page.get_by_label("Purpose").fill("Work order 12")
            letter = {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 an order"}
            page.get_by_label("Letter of authorisation").set_input_files(letter)
            page.get_by_role("button", name="Offer").click()
            page.get_by_role("heading", name="The letter").wait_for()
        page.goto(f"{demo.organisation(1)}/agencies")
        return str(page.locator("tbody th a").first.get_attribute("href"))

    return offer


def _find_reset(page: Page, demo: Demo) -> str:
    """Where somebody sets a new password who asked for a link; nobody does, so nothing changes."""
    page.goto("/forgotten")
    page.get_by_label("E-mail address").fill(demo.credentials("auditor")[0])
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", level=1, name="Check your mail").wait_for()
    page.goto("/outbox")
    return str(page.locator("pre a[href*='/forgotten/']").first.get_attribute("href"))


def _propose_portal(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.organisation(1)}/portals")
    if page.get_by_text("Licence desk").count() == 0:
        page.goto(f"{demo.organisation(1)}/portals/new")
        page.get_by_label("Name").fill("Licence desk")
        page.get_by_label("Page of the portal").fill("https://licences.pwd.example")
        page.get_by_label("Redirect addresses").fill("https://licences.pwd.example/callback")
        page.get_by_label("Public keys").fill(_key_set(demo))
        page.get_by_label("Factory licence").check()
        page.get_by_label("Contact").fill("desk@pwd.example")
        page.get_by_role("button", name="Register").click()
        page.get_by_role("heading", level=1, name="Licence desk").wait_for()


def _send_officers(page: Page, demo: Demo) -> str:
    """The page of a file with a good and a bad row, as it was looked at."""
    page.goto(f"{demo.organisation(1)}/onboarding")
    rows = "Department,Officer,E-mail,Role\nRoads,Asha Rao,asha@roads.example,administrator\nBridges,Ravi,rav@,reader\n"
    page.locator("#f-file").set_input_files({"name": "o.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_text("Nothing was done yet").wait_for()
    return page.url.removeprefix(demo.base)


def _key_set(demo: Demo) -> str:
    public = {name: value for name, value in demo.facts["portal"]["private_jwk"].items() if name != "d"}
    return str({"keys": [public]}).replace("'", '"')


def _find_documents(page: Page, demo: Demo) -> dict[str, str]:
    """The pages whose addresses only the demo knows: one document for each verdict, and a folder."""
    titles = demo.documents(page)
    folder = page.get_by_role("navigation", name="Folders").get_by_role("link", name="Tax").get_attribute("href")
    return {"folder": str(folder), **{name: titles[title] for name, title in _VERDICTS.items()}}


def _find_consent(page: Page, demo: Demo) -> str:
    page.goto(f"{demo.organisation()}/consents")
    return str(page.locator("#active th a").first.get_attribute("href"))


def _find_portal(page: Page, demo: Demo) -> str:
    page.goto(f"{demo.organisation(1)}/portals")
    return str(page.locator("tbody th a").first.get_attribute("href"))
