"""Use cases of reports: what a check found about a version, the file as it was signed, a report taken out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import Any
from uuid import UUID

from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.signatures.report import Report
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import use_case
from entitylocker.vault import rows
from entitylocker.vault.errors import NothingSigned, ReportNotReady, TrustedByOneself
from entitylocker.vault.models import Document, Version
from entitylocker.vault.reading import content_of
from entitylocker.vault.views import Content, VersionDetail


@use_case(Permission.DOCUMENT_READ)
def get_version(actor: Actor, document_id: UUID, number: int) -> VersionDetail:
    """A version of a document with its report. Raises NotFound, for documents in the bin too."""
    return _detail(actor, _readable(actor, document_id), number)


@use_case(Permission.DOCUMENT_READ)
def export_report(actor: Actor, document_id: UUID, number: int, form: str) -> VersionDetail:
    """The same, to be handed out as a file of its own: `form` is pdf or xml. Leaves an event.

    Raises NotFound; ReportNotReady while the check is not finished; NothingSigned for XML about no signature;
    TrustedByOneself where others are told another word.
    """
    document = _readable(actor, document_id)
    detail = _detail(actor, document, number)
    found = finished_report(detail.version)
    if found is None:
        raise ReportNotReady
    if detail.version.verdict_for_others != detail.version.verdict:
        raise TrustedByOneself
    if form == "xml" and not found.signatures:
        raise NothingSigned
    subject = Subject("document", document.id, document.title)
    facts: dict[str, Any] = {"version": number, "format": form, "verdict": detail.version.verdict}
    record(actor, EventTag.REPORT_EXPORT, subject, **facts, sha256=detail.version.sha256)
    return detail


@use_case(Permission.DOCUMENT_DOWNLOAD)
def open_signed(actor: Actor, document_id: UUID, number: int, place: int) -> Content:
    """The file as it was when the signature at `place` (from 1) was made: its first bytes. Leaves an event.

    `sha256` stays that of the whole version. Raises NotFound, PermissionDenied.
    """
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_DOWNLOAD, rows.facts_of_document(document))
    version = rows.version_row(actor, document, number)
    size = _signed_bytes(version, place)
    subject = Subject("document", document.id, document.title)
    facts: dict[str, Any] = {"version": number, "signature": place, "bytes": size, "sha256": version.sha256}
    record(actor, EventTag.DOCUMENT_DOWNLOAD, subject, **facts)
    name = PurePath(version.filename)
    return replace(content_of(document, version), size=size, filename=f"{name.stem}-signed-{place}{name.suffix}")


def finished_report(version: Version) -> Report | None:
    """The report of a version; None while it is being checked."""
    if not version.report or version.verdict == Verdict.CHECKING.value:
        return None
    return Report.from_json(version.report)


def _readable(actor: Actor, document_id: UUID) -> Document:
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_READ, rows.facts_of_document(document))
    return document


def _detail(actor: Actor, document: Document, number: int) -> VersionDetail:
    view = rows.document_view(document)
    version = rows.version_row(actor, document, number)
    return VersionDetail(view.document, version, view.type, view.folder, rows.ancestors_of(actor, view.folder))


def _signed_bytes(version: Version, place: int) -> int:
    """How long the file was when the signature at `place` was made. Raises NotFound."""
    report = finished_report(version)
    signatures = report.signatures if report else ()
    if not 1 <= place <= len(signatures):
        raise NotFound
    size = signatures[place - 1].signed_bytes
    if size is None or not 0 < size <= version.size:
        raise NotFound
    return size
