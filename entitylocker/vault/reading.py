"""Use cases of one document: look at it, open its bytes, for members and for portals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.extensions import db
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import use_case
from entitylocker.trust.policy import policy_of
from entitylocker.trust.rules import why_not_offered
from entitylocker.vault import rows
from entitylocker.vault.errors import DocumentNotOffered
from entitylocker.vault.models import Document, Version
from entitylocker.vault.views import Content, DocumentDetail, DocumentView


@use_case(Permission.DOCUMENT_READ)
def get_document(actor: Actor, document_id: UUID) -> DocumentDetail:
    """A document with all its versions. Raises NotFound, for documents in the bin too."""
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_READ, rows.facts_of_document(document))
    view = rows.document_view(document)
    versions = db.session.scalars(
        select(Version)
        .where(Version.organisation_id == actor.organisation_id, Version.document_id == document.id)
        .order_by(Version.number.desc())
    )
    ancestors = rows.ancestors_of(actor, view.folder)
    return DocumentDetail(view.document, view.version, view.type, view.folder, tuple(versions), ancestors)


@use_case(Permission.DOCUMENT_DOWNLOAD)
def open_content(actor: Actor, document_id: UUID, number: int | None = None) -> Content:
    """The bytes of a version (by default the current one), for a member. Leaves an event.

    Raises NotFound, PermissionDenied.
    """
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_DOWNLOAD, rows.facts_of_document(document))
    version = rows.version_row(actor, document, number)
    subject = Subject("document", document.id, document.title)
    record(actor, EventTag.DOCUMENT_DOWNLOAD, subject, version=version.number, sha256=version.sha256)
    return content_of(document, version)


@use_case(Permission.DOCUMENT_FETCH)
def open_for_portal(actor: Actor, document_id: UUID) -> Content:
    """The bytes of the current version, for a portal whose consent names the document.

    The caller, who knows the consent, writes the event of a refusal. Raises NotFound if the consent does not name the
    document, DocumentNotOffered.
    """
    document = rows.document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_FETCH, rows.facts_of_document(document))
    version = rows.version_row(actor, document)
    _require_offered(document, version)
    subject = Subject("document", document.id, document.title)
    told = version.verdict_for_others
    facts: dict[str, Any] = {"version": version.number, "sha256": version.sha256, "verdict": told.value}
    record(actor, EventTag.DOCUMENT_FETCH, subject, **facts, **_consent(actor))
    return replace(content_of(document, version), verdict=told, reason=_reason_for_others(version))


@use_case(Permission.DOCUMENT_FETCH)
def describe_for_portal(actor: Actor, document_id: UUID) -> dict[str, Any]:
    """What a portal may know of a document its consent names: details, digest, verdict and its time.

    `offered` says whether the bytes are handed out now; if not, `why_not` is binned, checking, the red verdict, or
    not_proven where the organisation's policy keeps it back. JSON-ready.

    Raises NotFound if the consent does not name it.
    """
    document = rows.document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_FETCH, rows.facts_of_document(document))
    view = rows.document_view(document)
    why_not = _why_not_offered(document, view.version)
    return {**_described(view), "offered": why_not is None, "why_not": why_not}


def _described(view: DocumentView) -> dict[str, Any]:
    document, version = view.document, view.version
    return {
        "id": str(document.id),
        "title": document.title,
        "type": document.type_code,
        "type_label": view.type.label_en if view.type else None,
        "number": document.number,
        "issued_on": _iso(document.issued_on),
        "expires_on": _iso(document.expires_on),
        "version": version.number,
        "media_type": version.media_type,
        "size": version.size,
        "sha256": version.sha256,
        "verdict": version.verdict_for_others.value,
        "reason": _reason_for_others(version),
        "checked_at": _iso(version.checked_at),
    }


def _why_not_offered(document: Document, version: Version) -> str | None:
    if document.binned_at is not None:
        return "binned"
    policy = policy_of(document.organisation_id)
    return why_not_offered(version.verdict_for_others, policy.claimed_time_suffices)


def _reason_for_others(version: Version) -> str | None:
    return version.reason if version.outward_verdict is None else None


def _require_offered(document: Document, version: Version) -> None:
    reason = _why_not_offered(document, version)
    if reason is not None:
        raise DocumentNotOffered(reason=reason)


def _consent(actor: Actor) -> dict[str, Any]:
    return {} if actor.consent_id is None else {"consent": str(actor.consent_id)}


def _iso(value: Any) -> str | None:
    return None if value is None else value.isoformat()


def content_of(document: Document, version: Version) -> Content:
    """The bytes of a version, to be opened inside a transaction and read outside of it."""
    return Content(
        reader=rows.reader_of(version),
        document_id=document.id,
        version_id=version.id,
        version_number=version.number,
        title=document.title,
        filename=version.filename,
        media_type=version.media_type,
        size=version.size,
        sha256=version.sha256,
        verdict=Verdict(version.verdict),
        reason=version.reason,
        checked_at=version.checked_at,
    )
