"""Use cases of an organisation's check pages: on, what is shown, a new code, off."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.events import OrganisationClosed
from entitylocker.organisations.keys import open_key
from entitylocker.sharing import codes
from entitylocker.sharing.doors import remove_code
from entitylocker.sharing.errors import CheckPageIsOn
from entitylocker.sharing.models import CheckCode, CheckPage
from entitylocker.sharing.tally import count_views
from entitylocker.sharing.views import CheckPageView, Choices, LivePage
from entitylocker.tenancy import use_case
from entitylocker.vault import rows
from entitylocker.vault.events import DocumentBinned
from entitylocker.vault.models import Document

_SECRET_LABEL = b"entitylocker/check-code/1\x00"


@use_case(Permission.CHECK_PAGE_READ)
def get_check_page(actor: Actor, document_id: UUID) -> CheckPageView:
    """A document and its check page, switched on or off. Raises NotFound, PermissionDenied."""
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.CHECK_PAGE_READ, rows.facts_of_document(document))
    return _view(actor, document, _find_live(actor, document.id))


@use_case(Permission.CHECK_PAGE_ISSUE)
def issue_check_page(actor: Actor, document_id: UUID, choices: Choices) -> CheckPageView:
    """Switch the check page of a document on. Raises NotFound, PermissionDenied, CheckPageIsOn."""
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.CHECK_PAGE_ISSUE, rows.facts_of_document(document))
    if _find_live(actor, document.id) is not None:
        raise CheckPageIsOn
    page = CheckPage(
        id=uuid7(),
        created_at=utc_now(),
        organisation_id=document.organisation_id,
        document_id=document.id,
        issued_by_name=actor.name,
        ended_by_name="",
        **asdict(choices),
    )
    code = _set_code(page)
    db.session.add(page)
    tenancy.flush()
    _open_door(page, code)
    record(actor, EventTag.CHECK_PAGE_ISSUE, _subject(document), **asdict(choices))
    return _view(actor, document, page)


@use_case(Permission.CHECK_PAGE_ISSUE)
def change_check_page(actor: Actor, document_id: UUID, choices: Choices) -> CheckPageView:
    """Change what the check page shows. Raises NotFound (switched off, too), PermissionDenied."""
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.CHECK_PAGE_ISSUE, rows.facts_of_document(document))
    page = _live(actor, document.id)
    if _choices(page) != choices:
        for name, value in asdict(choices).items():
            setattr(page, name, value)
        record(actor, EventTag.CHECK_PAGE_CHANGE, _subject(document), **asdict(choices))
    return _view(actor, document, page)


@use_case(Permission.CHECK_PAGE_ISSUE)
def renew_code(actor: Actor, document_id: UUID) -> CheckPageView:
    """Give the check page another code; the old one opens nothing from now on.

    Raises NotFound (switched off, too), PermissionDenied.
    """
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.CHECK_PAGE_ISSUE, rows.facts_of_document(document))
    page = _live(actor, document.id)
    remove_code(_code(page))
    _open_door(page, _set_code(page))
    record(actor, EventTag.CHECK_PAGE_RENEW_CODE, _subject(document))
    return _view(actor, document, page)


@use_case(Permission.CHECK_PAGE_REVOKE)
def revoke_check_page(actor: Actor, document_id: UUID) -> CheckPageView:
    """Switch the check page of a document off; switched off, nothing changes. Raises NotFound, PermissionDenied."""
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.CHECK_PAGE_REVOKE, rows.facts_of_document(document))
    page = _find_live(actor, document.id)
    if page is not None:
        _end(actor, page)
        record(actor, EventTag.CHECK_PAGE_REVOKE, _subject(document))
    return _view(actor, document, None)


def on_document_binned(event: DocumentBinned) -> None:
    """Reaction: a document in the bin has no check page; taken out again, it has none until it is switched on."""
    page = _find_live(event.actor, event.document_id)
    if page is not None:
        _end(event.actor, page)
        document = rows.document_row(event.actor, event.document_id)
        record(event.actor, EventTag.CHECK_PAGE_REVOKE, _subject(document), because="binned")


def on_organisation_closed(event: OrganisationClosed) -> None:
    """Reaction: the check pages of an organisation that is closed are switched off for good."""
    live = select(CheckPage, Document).join(
        Document, (Document.organisation_id == CheckPage.organisation_id) & (Document.id == CheckPage.document_id)
    )
    mine = live.where(CheckPage.organisation_id == event.organisation_id, CheckPage.ended_at.is_(None))
    for page, document in db.session.execute(mine.order_by(CheckPage.id)).tuples():
        _end(event.actor, page)
        record(event.actor, EventTag.CHECK_PAGE_REVOKE, _subject(document), because="closed")


def _end(actor: Actor, page: CheckPage) -> None:
    page.ended_at, page.ended_by_name = utc_now(), actor.name
    remove_code(_code(page))


def _find_live(actor: Actor, document_id: UUID) -> CheckPage | None:
    found = select(CheckPage).where(
        CheckPage.organisation_id == actor.organisation_id,
        CheckPage.document_id == document_id,
        CheckPage.ended_at.is_(None),
    )
    return db.session.scalars(found).one_or_none()


def _live(actor: Actor, document_id: UUID) -> CheckPage:
    page = _find_live(actor, document_id)
    if page is None:
        raise NotFound
    return page


def _set_code(page: CheckPage) -> str:
    """Make a fresh secret; answers its code."""
    key = open_key(page.organisation_id)
    secret, page.wrapped_secret = key.new_document_key(context=_SECRET_LABEL + page.id.bytes)
    page.code_made_at = utc_now()
    return codes.code_of(secret.raw)


def _code(page: CheckPage) -> str:
    secret = open_key(page.organisation_id).open_document_key(
        page.wrapped_secret, context=_SECRET_LABEL + page.id.bytes
    )
    return codes.code_of(secret.raw)


def _open_door(page: CheckPage, code: str) -> None:
    db.session.add(
        CheckCode(organisation_id=page.organisation_id, check_page_id=page.id, code_digest=codes.digest(code))
    )
    tenancy.flush()


def _choices(page: CheckPage) -> Choices:
    return Choices(page.show_title, page.show_organisation, page.show_signers)


def _subject(document: Document) -> Subject:
    return Subject("document", document.id, document.title)


def _view(actor: Actor, document: Document, page: CheckPage | None) -> CheckPageView:
    verdict = rows.version_row(actor, document).verdict_for_others
    if page is None:
        return CheckPageView(document.id, document.title, verdict, None)
    live = LivePage(
        choices=_choices(page),
        code=codes.show_code(_code(page)),
        code_made_at=page.code_made_at,
        issued_at=page.created_at,
        issued_by_name=page.issued_by_name,
        counts=count_views(page.organisation_id, page.id),
    )
    return CheckPageView(document.id, document.title, verdict, live)
