"""The use cases of sharing, gathered from the modules that hold them by subject."""

from entitylocker.sharing.looking import look
from entitylocker.sharing.public_check import check_stream, require_public_check
from entitylocker.sharing.switching import (
    change_check_page,
    get_check_page,
    issue_check_page,
    on_document_binned,
    on_organisation_closed,
    renew_code,
    revoke_check_page,
)

__all__ = [
    "change_check_page",
    "check_stream",
    "get_check_page",
    "issue_check_page",
    "look",
    "on_document_binned",
    "on_organisation_closed",
    "renew_code",
    "require_public_check",
    "revoke_check_page",
]
