"""Every page that a person can reach, by who reaches it, in a demo where something has happened already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, BrowserContext, Page

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
    return Places({
        "nobody": {
            "sign-in": "/sign-in", "sign-up": "/sign-up", "check-mail": "/sign-up/check-mail", "help": "/help",
            "accessibility": "/accessibility", "privacy": "/privacy", "not-found": "/nothing-here",
            "bad-invitation": "/invitations/nothing", "portal": f"{demo.portal}/", "check": "/check",
            "no-code": "/check?code=nothing", "check-page": check_page, "no-check-page": "/check/0000-0000-0000-0000",
        },
        "visitor": {"portal-result": f"{demo.portal}/result", "portal-fault": f"{demo.portal}/callback?state=no"},
        "administrator": {
            "overview": here, "people": f"{here}/people", "details": f"{here}/details",
            "trust": f"{here}/trust", "trust-missing": f"{here}/trust?issuer=Some%20authority",
            "delegations": f"{here}/delegations", "give": f"{here}/delegations/new",
            "register-organisation": "/organisations/new", "organisations": "/organisations", "account": "/account",
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
        },
        "auditor": {
            "activity": f"{here}/activity", "activity-nothing": f"{here}/activity?text=zzzz", "trust": f"{here}/trust",
        },
        "delegate": {"overview": here, "documents": f"{here}/documents"},
        "keeper": {
            "overview": keeper, "documents": f"{keeper}/documents", "due": f"{keeper}/documents/due",
            "consents": f"{keeper}/consents", "portals": f"{keeper}/portals",
            "register-portal": f"{keeper}/portals/new", "portal": _in_window(browser, demo, "keeper", _find_portal),
        },
        "operator": {"approvals": "/operator", "operator-trust": "/operator/trust"},
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


def _invite(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.organisation()}/people")
    if page.get_by_text("priya@sahyadri.example").count() == 0:
        page.get_by_label("E-mail address").fill("priya@sahyadri.example")
        page.get_by_label("Role", exact=True).select_option("reader")
        page.get_by_role("button", name="Invite").click()
        page.get_by_role("heading", name="Invitation sent").wait_for()


def _find_invitation(page: Page, demo: Demo) -> str:
    page.goto("/outbox")
    return str(page.locator("pre a").first.get_attribute("href"))


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
