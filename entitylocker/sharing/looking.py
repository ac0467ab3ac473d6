"""What anybody with a code may look at."""

from __future__ import annotations

from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.models import Organisation
from entitylocker.sharing.codes import read_code, show_code
from entitylocker.sharing.doors import Found, find_page
from entitylocker.sharing.models import CheckPage
from entitylocker.sharing.rules import public_reason, signer_names
from entitylocker.sharing.tally import count_view
from entitylocker.sharing.views import PublicView
from entitylocker.tenancy import Tenant, open_use_case
from entitylocker.vault.models import Document, Version


@open_use_case("whoever holds the code of a check page may look at it; the code is the key")
def look(typed: str, *, counted: bool = True) -> PublicView:
    """The check page behind a code, however it was typed. The look is counted.

    Raises NotFound alike for what is no code, for a code of nothing, for a page that was switched off with its
    document or by hand, and for one whose organisation is not verified any more.
    """
    code = read_code(typed)
    with tenancy.transaction(Tenant()):
        found = find_page(code)
    if found is None:
        raise NotFound
    with tenancy.transaction(Tenant(organisation_id=found.organisation_id)):
        view = _read(found, code)
        if counted:
            count_view(found.organisation_id, found.check_page_id)
    return view


def _read(found: Found, code: str) -> PublicView:
    query = (
        select(CheckPage, Document, Version, Organisation.name)
        .join(
            Document,
            (Document.organisation_id == CheckPage.organisation_id) & (Document.id == CheckPage.document_id),
        )
        .join(
            Version,
            (Version.organisation_id == Document.organisation_id)
            & (Version.document_id == Document.id)
            & (Version.number == Document.version_number),
        )
        .join(Organisation, Organisation.id == CheckPage.organisation_id)
        .where(
            CheckPage.organisation_id == found.organisation_id,
            CheckPage.id == found.check_page_id,
            CheckPage.ended_at.is_(None),
            Document.binned_at.is_(None),
        )
    )
    row = db.session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return _shown(*row, code=code)


def _shown(page: CheckPage, document: Document, version: Version, organisation_name: str, *, code: str) -> PublicView:
    return PublicView(
        code=show_code(code),
        verdict=version.verdict_for_others,
        reason=public_reason(version),
        checked_at=version.checked_at,
        version_number=version.number,
        version_at=version.created_at,
        size=version.size,
        sha256=version.sha256,
        title=document.title if page.show_title else None,
        organisation_name=organisation_name if page.show_organisation else None,
        signers=signer_names(version) if page.show_signers else None,
    )
