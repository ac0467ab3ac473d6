"""Use cases of uploads: admit (short transaction), stream (none), record (short transaction)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import LockerError
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.keys import open_key
from entitylocker.signatures.verdicts import Verdict
from entitylocker.storage.documents import StoredDocument
from entitylocker.storage.keys import OrganisationKey
from entitylocker.tenancy import open_use_case, use_case
from entitylocker.vault import answers, rows, rules
from entitylocker.vault.checking import defer_check
from entitylocker.vault.models import Document, Folder, Version
from entitylocker.vault.papers import PaperSource, digest_of
from entitylocker.vault.views import Deposited, Details
from entitylocker.web.engine_room import engines


@dataclass(frozen=True)
class Upload:
    """A file that is coming in: its name, its bytes, and the key under which it may be sent again."""

    filename: str
    stream: PaperSource
    key: str | None = None


@dataclass(frozen=True)
class Admission:
    """An upload that may begin: where it goes and under which ids and key."""

    folder_id: UUID
    document_id: UUID
    version_id: UUID
    is_new: bool
    details: Details
    organisation_key: OrganisationKey
    earlier: answers.Answered | None


@open_use_case("admits and records in use cases of their own; no transaction is open while the bytes stream")
def deposit(actor: Actor, upload: Upload, details: Details, folder_id: UUID | None = None) -> Deposited:
    """Store a new document in a folder (None: the root) and have it checked.

    The answer to a repetition under the same key is the first answer. Raises NotFound, PermissionDenied,
    EmptyFile, NotAPdf, InvalidInput, IdempotencyKeyReused, what the stream raises, StoreUnavailable;
    nothing is kept then.
    """
    return _receive(actor, admit_document(actor, folder_id, details, upload.key), upload)


@open_use_case("admits and records in use cases of their own; no transaction is open while the bytes stream")
def add_version(actor: Actor, upload: Upload, document_id: UUID) -> Deposited:
    """Store a newer version of a document and have it checked. Raises as `deposit` does."""
    return _receive(actor, admit_version(actor, document_id, upload.key), upload)


@use_case(Permission.DOCUMENT_DEPOSIT)
def admit_document(actor: Actor, folder_id: UUID | None, details: Details, key: str | None) -> Admission:
    """Whether a new document may be stored there. Raises NotFound, PermissionDenied, InvalidInput."""
    folder = rows.folder_row(actor, folder_id)
    require(actor, Permission.DOCUMENT_DEPOSIT, rows.facts_of_folder(folder))
    rows.require_type(details.type_code)
    return _admission(actor, folder.id, uuid7(), is_new=True, details=details, key=key)


@use_case(Permission.DOCUMENT_DEPOSIT)
def admit_version(actor: Actor, document_id: UUID, key: str | None) -> Admission:
    """Whether a version may be added to a document. Raises NotFound, PermissionDenied."""
    document = rows.active_document_row(actor, document_id)
    require(actor, Permission.DOCUMENT_DEPOSIT, rows.facts_of_document(document))
    return _admission(actor, document.folder_id, document.id, is_new=False, details=Details(), key=key)


def _admission(
    actor: Actor, folder_id: UUID, document_id: UUID, *, is_new: bool, details: Details, key: str | None
) -> Admission:
    assert actor.organisation_id is not None
    earlier = answers.find(actor, key) if key else None
    return Admission(folder_id, document_id, uuid7(), is_new, details, open_key(actor.organisation_id), earlier)


def _receive(actor: Actor, admission: Admission, upload: Upload) -> Deposited:
    upload = replace(upload, filename=rules.clean_filename(upload.filename))
    if admission.earlier is not None:
        fingerprint = _fingerprint(admission, upload, digest_of(upload.stream))
        return admission.earlier.repeat(fingerprint)
    stored = _store(actor, admission, upload)
    try:
        return record_upload(actor, admission, upload, stored)
    except answers.AnsweredMeanwhile as meanwhile:
        _discard(stored)
        return meanwhile.answered.repeat(_fingerprint(admission, upload, stored.sha256))
    except LockerError:
        # Refused, so certainly not committed. After any other fault the commit may have reached the
        # database: then
        # the object stays, and the sweeper decides by the rows.
        _discard(stored)
        raise


def _store(actor: Actor, admission: Admission, upload: Upload) -> StoredDocument:
    assert actor.organisation_id is not None
    return engines().documents.put_document(
        rules.object_key(actor.organisation_id, admission.version_id),
        upload.stream,
        organisation_key=admission.organisation_key,
        context=rules.object_context(actor.organisation_id, admission.document_id, admission.version_id),
    )


def _discard(stored: StoredDocument) -> None:
    """Remove what no row will name. If the store does not answer, the sweeper does it later."""
    try:
        engines().documents.delete(stored.key)
    except LockerError:
        return


@use_case(Permission.DOCUMENT_DEPOSIT)
def record_upload(actor: Actor, admission: Admission, upload: Upload, stored: StoredDocument) -> Deposited:
    """Make the stored bytes a document or a version, if that is still allowed: rows, event, job, answer.

    Raises NotFound, PermissionDenied if the right ended while the bytes came in, AnsweredMeanwhile.
    """
    folder = rows.folder_row(actor, admission.folder_id)
    require(actor, Permission.DOCUMENT_DEPOSIT, rows.facts_of_folder(folder))
    if admission.is_new:
        document = _new_document(actor, admission, folder, upload.filename)
        db.session.add(document)
    else:
        document = rows.active_document_row(actor, admission.document_id, locked=True)
        document.version_number += 1
        document.updated_at = utc_now()
    tenancy.flush()
    version = _new_version(actor, admission, document, upload, stored)
    db.session.add(version)
    tenancy.flush()
    deposited = _answer(document, version, _find_duplicate(actor, version))
    if upload.key:
        answers.keep(actor, upload.key, _fingerprint(admission, upload, stored.sha256), deposited)
    tag = EventTag.DOCUMENT_DEPOSIT if admission.is_new else EventTag.DOCUMENT_ADD_VERSION
    subject = Subject("document", document.id, document.title)
    record(
        actor,
        tag,
        subject,
        version=version.number,
        filename=version.filename,
        size=version.size,
        sha256=version.sha256,
    )
    defer_check(version)
    return deposited


def _new_document(actor: Actor, admission: Admission, folder: Folder, filename: str) -> Document:
    details = admission.details
    return Document(
        id=admission.document_id,
        organisation_id=folder.organisation_id,
        folder_id=folder.id,
        folder_path=folder.path,
        title=details.title or rules.title_from(filename),
        type_code=details.type_code,
        number=details.number,
        issued_on=details.issued_on,
        expires_on=details.expires_on,
        version_number=1,
        created_by_id=actor.person_id,
        created_by_name=actor.name,
        updated_at=utc_now(),
    )


def _new_version(
    actor: Actor, admission: Admission, document: Document, upload: Upload, stored: StoredDocument
) -> Version:
    return Version(
        id=admission.version_id,
        organisation_id=document.organisation_id,
        document_id=document.id,
        number=document.version_number,
        filename=upload.filename,
        media_type=rules.PDF,
        size=stored.plaintext_size,
        ciphertext_size=stored.ciphertext_size,
        sha256=stored.sha256,
        wrapped_key=stored.wrapped_key,
        created_by_id=actor.person_id,
        created_by_name=actor.name,
        verdict=Verdict.CHECKING.value,
    )


def _find_duplicate(actor: Actor, version: Version) -> UUID | None:
    """Another document outside the bin that the actor may see and of which a version has the same bytes."""
    found = (
        select(Document.id)
        .join(
            Version,
            (Version.organisation_id == Document.organisation_id) & (Version.document_id == Document.id),
        )
        .where(
            rows.in_vault(actor, Permission.DOCUMENT_READ),
            Version.sha256 == version.sha256,
            Document.id != version.document_id,
        )
        .order_by(Document.id.desc())
    )
    return db.session.scalars(found.limit(1)).one_or_none()


def _answer(document: Document, version: Version, duplicate: UUID | None) -> Deposited:
    return Deposited(
        document_id=str(document.id),
        version_id=str(version.id),
        version_number=version.number,
        folder_id=str(document.folder_id),
        title=document.title,
        filename=version.filename,
        size=version.size,
        sha256=version.sha256,
        verdict=version.verdict,
        duplicate_of=None if duplicate is None else str(duplicate),
    )


def _fingerprint(admission: Admission, upload: Upload, sha256: str) -> bytes:
    """What makes an upload the same one: where it goes, what was said of it, its name and its bytes."""
    place = admission.folder_id if admission.is_new else admission.document_id
    return answers.fingerprint(place, admission.is_new, upload.filename, sha256, asdict(admission.details))
