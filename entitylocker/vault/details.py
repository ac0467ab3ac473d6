"""Use cases that change a document but not its bytes: details, bin, restore."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import update

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, jobs
from entitylocker.tenancy import use_case
from entitylocker.vault import rows, rules
from entitylocker.vault.events import DocumentBinned
from entitylocker.vault.keeping import RECHECK_JOB
from entitylocker.vault.models import Document, Version
from entitylocker.vault.views import Details


@use_case(Permission.DOCUMENT_EDIT)
def edit_document(actor: Actor, document_id: UUID, details: Details) -> Document:
    """Change what is said about a document. Raises NotFound, PermissionDenied, InvalidInput."""
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.DOCUMENT_EDIT, rows.facts_of_document(document))
    rows.require_type(details.type_code)
    changed = _apply(document, details)
    if changed:
        document.updated_at = utc_now()
        record(actor, EventTag.DOCUMENT_EDIT, Subject("document", document.id, document.title), changed=changed)
    return document


def _apply(document: Document, details: Details) -> dict[str, Any]:
    """Set what differs; answer field → [before, after] as text."""
    changed: dict[str, Any] = {}
    for name, value in asdict(details).items():
        before = getattr(document, name)
        if before != value:
            setattr(document, name, value)
            changed[name] = [None if before is None else str(before), None if value is None else str(value)]
    return changed


def _catch_up(document: Document) -> None:
    """Later checks were put off in the bin: they are due now."""
    due = update(Version).where(
        Version.organisation_id == document.organisation_id,
        Version.document_id == document.id,
        Version.recheck_at.is_not(None),
    )
    db.session.execute(due.values(recheck_at=utc_now()), execution_options={"synchronize_session": False})
    defer(jobs()[RECHECK_JOB])


@use_case(Permission.DOCUMENT_BIN)
def bin_document(actor: Actor, document_id: UUID) -> Document:
    """Put a document in the bin: for 30 days it can be restored. Raises NotFound, PermissionDenied."""
    document = rows.active_document_row(actor, document_id, locked=True)
    require(actor, Permission.DOCUMENT_BIN, rows.facts_of_document(document))
    document.binned_at = utc_now()
    document.binned_by_name = actor.name
    record(actor, EventTag.DOCUMENT_BIN, Subject("document", document.id, document.title))
    tenancy.publish(DocumentBinned(actor, document.organisation_id, document.id))
    return document


@use_case(Permission.DOCUMENT_BIN)
def restore_document(actor: Actor, document_id: UUID) -> Document:
    """Take a document out of the bin. Raises NotFound also for what is not in it, or no longer."""
    document = rows.document_row(actor, document_id, locked=True)
    require(actor, Permission.DOCUMENT_BIN, rows.facts_of_document(document))
    if document.binned_at is None or document.binned_at < rules.bin_opens(utc_now()):
        raise NotFound
    document.binned_at = None
    document.binned_by_name = ""
    _catch_up(document)
    record(actor, EventTag.DOCUMENT_RESTORE, Subject("document", document.id, document.title))
    return document
