"""The blueprint of the pages of sharing; the modules that hold them by subject put their routes on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Flask

from entitylocker.access import Facts, Permission, decide
from entitylocker.sharing import service
from entitylocker.sharing.views import CheckPageView
from entitylocker.vault.models import Document
from entitylocker.web.actors import current_actor
from entitylocker.web.engine_room import engines

pages = Blueprint("sharing", __name__)

P = Permission


def check_page_rights(organisation_id: UUID, folder_path: str, document_id: UUID) -> dict[str, bool]:
    """Which buttons the check page of a document has for whoever asks."""
    actor, facts = current_actor(), Facts(organisation_id, folder_path=folder_path, document_id=document_id)
    asked = {"read": P.CHECK_PAGE_READ, "issue": P.CHECK_PAGE_ISSUE, "revoke": P.CHECK_PAGE_REVOKE}
    return {name: bool(decide(actor, permission, facts)) for name, permission in asked.items()}


def check_page_of(document: Document) -> CheckPageView | None:
    """The check page of a document, for the card on the document's own page; None for whoever may not see it."""
    if not check_page_rights(document.organisation_id, document.folder_path, document.id)["read"]:
        return None
    return service.get_check_page(current_actor(), document.id)


def register_sharing(app: Flask) -> None:
    """Tell every template whether there is a public check, and the document's page about its check page."""
    app.add_template_global(check_page_of)

    @app.context_processor
    def links() -> dict[str, Any]:
        return {"public_check": engines().settings.public_check}
