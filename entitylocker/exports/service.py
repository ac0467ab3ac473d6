"""Use cases of exports: what there is to take, beginning, opening one version after the other, coming to the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import defer, selectinload
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Permission, require
from entitylocker.accounts.models import PersonSession
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.service import get_last_sequence
from entitylocker.audit.tags import EventTag
from entitylocker.consents.models import Consent
from entitylocker.consents.terms import ConsentView
from entitylocker.consents.views import view_of
from entitylocker.errors import NotFound
from entitylocker.exports.models import Export
from entitylocker.exports.plan import Paper, Plan, place
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.life import ExportFacts
from entitylocker.organisations.life_rules import is_export_good
from entitylocker.storage.stream import RangeReader
from entitylocker.tenancy import use_case
from entitylocker.vault import rows
from entitylocker.vault.models import Document, Folder, Version


@dataclass(frozen=True)
class Amount:
    """What an export would hold now. `size` in bytes."""

    documents: int
    versions: int
    size: int
    made: list[Export]


@use_case(Permission.ORGANISATION_EXPORT)
def get_amount(actor: Actor) -> Amount:
    """How much there is to take, and the newest exports that were begun."""
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    counted = select(
        func.count(func.distinct(Version.document_id)), func.count(), func.coalesce(func.sum(Version.size), 0)
    ).where(Version.organisation_id == actor.organisation_id)
    documents, versions, size = db.session.execute(counted).one()
    made = select(Export).where(Export.organisation_id == actor.organisation_id).order_by(Export.id.desc()).limit(10)
    return Amount(documents, versions, int(size), list(db.session.scalars(made)))


@use_case(Permission.ORGANISATION_EXPORT, fresh=True)
def begin_export(actor: Actor) -> Plan:
    """Write down that an export begins, and answer what it holds. Its event commits before any byte leaves."""
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    assert actor.organisation_id is not None
    plan = Plan(
        export_id=uuid7(),
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        made_at=utc_now(),
        made_by=actor.name,
        papers=place(_papers(actor)),
        consents=tuple(_consents(actor)),
        last_sequence=get_last_sequence(actor),
    )
    row = Export(
        id=plan.export_id,
        created_at=plan.made_at,
        organisation_id=plan.organisation_id,
        made_by_name=plan.made_by,
        documents=plan.documents,
        versions=len(plan.papers),
        size=plan.size,
    )
    db.session.add(row)
    record(actor, EventTag.ORGANISATION_EXPORT, _subject(row), **_facts(row))
    return plan


@use_case(Permission.ORGANISATION_EXPORT)
def open_version(actor: Actor, version_id: UUID) -> RangeReader:
    """A reader of one version, to be read after this; for exports, which have their one event.

    Raises NotFound, also where the session ended meanwhile or the key of the organisation was destroyed.
    """
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    _require_session(actor)
    query = select(Version).where(Version.organisation_id == actor.organisation_id, Version.id == version_id)
    version = db.session.scalar(query.options(defer(Version.report)))
    if version is None:
        raise NotFound
    return rows.reader_of(version)


@use_case(Permission.ORGANISATION_EXPORT)
def end_export(actor: Actor, export_id: UUID) -> None:
    """Write down that the last byte of an export was handed out. Raises NotFound."""
    require(actor, Permission.ORGANISATION_EXPORT, actor.facts)
    query = select(Export).where(Export.organisation_id == actor.organisation_id, Export.id == export_id)
    row = db.session.scalar(query.with_for_update())
    if row is None:
        raise NotFound
    row.ended_at = utc_now()
    record(actor, EventTag.ORGANISATION_EXPORT_END, _subject(row), **_facts(row))


def export_facts(actor: Actor) -> ExportFacts:
    """For the life of the organisation: the newest whole export, and whether nothing was deposited since."""
    whole = select(func.max(Export.created_at)).where(
        Export.organisation_id == actor.organisation_id, Export.ended_at.is_not(None)
    )
    last = select(func.max(Version.created_at)).where(Version.organisation_id == actor.organisation_id)
    made_at = db.session.scalar(whole)
    return ExportFacts(made_at, is_export_good(made_at, db.session.scalar(last), utc_now()))


def _require_session(actor: Actor) -> None:
    """A stream runs long: whoever was signed out meanwhile gets no further document."""
    if actor.session_id is None:
        return
    still = select(PersonSession.id).where(
        PersonSession.person_id == actor.person_id,
        PersonSession.id == actor.session_id,
        PersonSession.ended_at.is_(None),
    )
    if db.session.scalar(still) is None:
        raise NotFound


def _papers(actor: Actor) -> Iterator[Paper]:
    folders = _folder_names(actor)
    query = (
        select(Document, Version)
        .join(Version, and_(Version.organisation_id == Document.organisation_id, Version.document_id == Document.id))
        .where(Document.organisation_id == actor.organisation_id)
        .order_by(Document.id, Version.number.desc())
        .options(defer(Version.report, raiseload=True))
    )
    for document, version in db.session.execute(query).tuples():
        yield _paper(document, version, folders[document.folder_id])


def _folder_names(actor: Actor) -> dict[UUID, tuple[str, ...]]:
    """For each folder the names from the top down, without the root's."""
    query = select(Folder).where(Folder.organisation_id == actor.organisation_id).order_by(func.length(Folder.path))
    names: dict[UUID, tuple[str, ...]] = {}
    for folder in db.session.scalars(query):
        names[folder.id] = () if folder.parent_id is None else (*names[folder.parent_id], folder.name)
    return names


def _paper(document: Document, version: Version, folders: tuple[str, ...]) -> Paper:
    return Paper(
        document_id=document.id,
        version_id=version.id,
        number=version.number,
        is_current=version.number == document.version_number,
        is_binned=document.binned_at is not None,
        title=document.title,
        type_code=document.type_code,
        document_number=document.number,
        issued_on=document.issued_on,
        expires_on=document.expires_on,
        folders=folders,
        filename=version.filename,
        media_type=version.media_type,
        size=version.size,
        sha256=version.sha256,
        verdict=version.verdict,
        checked_at=version.checked_at,
        deposited_by=version.created_by_name,
        deposited_at=version.created_at,
    )


def _consents(actor: Actor) -> Iterator[dict[str, Any]]:
    query = select(Consent).where(Consent.organisation_id == actor.organisation_id).order_by(Consent.id)
    for consent in db.session.scalars(query.options(selectinload(Consent.items))):
        yield _consent(view_of(consent))


def _consent(view: ConsentView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "state": view.state.value,
        "portal": view.portal_name,
        "keeper": view.keeper_name,
        "purpose": view.purpose_text,
        "given_at": view.given_at.isoformat(),
        "given_by": view.given_by_name,
        "role": view.given_by_role,
        "until": view.until,
        "withdrawn_at": None if view.revoked_at is None else view.revoked_at.isoformat(),
        "withdrawn_by": view.revoked_by_name,
        "fetch_times": view.fetch_times,
        "retention_days": view.retention_days,
        "documents": [
            {"id": str(each.document_id), "title": each.title, "type": each.document_type, "fetches": each.fetches}
            for each in view.documents
        ],
    }


def _subject(row: Export) -> Subject:
    return Subject("export", row.id)


def _facts(row: Export) -> dict[str, Any]:
    return {"documents": row.documents, "versions": row.versions, "size": row.size}
