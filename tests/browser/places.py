"""Every page of the locker that a person can reach, by who reaches it."""

from __future__ import annotations

from uuid import UUID

from playwright.sync_api import Browser

from tests.browser.demo import Demo

_NOWHERE = UUID(int=7)
_VERDICTS = {
    "document-valid": "Certificate of Incorporation",
    "document-changed": "Board resolution for e-tender",
    "document-unknown": "Audited balance sheet 2025-26",
    "document-expired": "Lease of the Chakan warehouse",
    "document-unsigned": "PAN card",
}


def places(browser: Browser, demo: Demo) -> dict[str, dict[str, str]]:
    """For each role (`nobody` is not signed in) the addresses by name; `ask` stands for the consent page."""
    here, keeper = demo.organisation(), demo.organisation(1)
    found = _look_up(browser, demo)
    document = found["document-valid"]
    return {
        "nobody": {
            "sign-in": "/sign-in", "sign-up": "/sign-up", "check-mail": "/sign-up/check-mail", "help": "/help",
            "accessibility": "/accessibility", "privacy": "/privacy", "not-found": "/nothing-here",
            "portal": f"{demo.portal}/",
        },
        "administrator": {
            "overview": here, "people": f"{here}/people", "details": f"{here}/details",
            "delegations": f"{here}/delegations", "give": f"{here}/delegations/new",
            "register-organisation": "/organisations/new", "organisations": "/organisations", "account": "/account",
            "outbox": "/outbox", "not-mine": f"/organisations/{_NOWHERE}", "help": "/help",
        },
        "records_officer": {
            "overview": here, "documents": f"{here}/documents", "nothing-matches": f"{here}/documents?q=zzzz",
            "upload": f"{here}/documents/upload", "due": f"{here}/documents/due", "bin": f"{here}/bin",
            "edit": f"{document}/edit", "add-version": f"{document}/versions/add", **found,
            "forbidden": f"{here}/delegations/new",
        },
        "signatory": {"overview": here, "consents": f"{here}/consents", "consent-page": "ask"},
        "auditor": {"activity": f"{here}/activity", "activity-nothing": f"{here}/activity?text=zzzz"},
        "delegate": {"overview": here, "documents": f"{here}/documents"},
        "keeper": {"portals": f"{keeper}/portals", "register-portal": f"{keeper}/portals/new", "documents": f"{keeper}/documents"},
        "operator": {"approvals": "/operator"},
    }  # fmt: skip


def _look_up(browser: Browser, demo: Demo) -> dict[str, str]:
    """The pages whose addresses only the demo knows: one document for each verdict, one folder."""
    context = browser.new_context(base_url=demo.base, storage_state=demo.session(browser, "records_officer"))
    page = context.new_page()
    titles = demo.documents(page)
    folder = page.get_by_role("navigation", name="Folders").get_by_role("link").first.get_attribute("href")
    context.close()
    return {"folder": str(folder), **{name: titles[title] for name, title in _VERDICTS.items()}}
