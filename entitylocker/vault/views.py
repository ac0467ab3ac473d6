"""What the vault's use cases hand out: frozen, with everything a page or an answer needs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from entitylocker.signatures.verdicts import Verdict
from entitylocker.storage.stream import RangeReader
from entitylocker.vault.models import Document, DocumentType, Folder, Version


@dataclass(frozen=True)
class FolderPlace:
    """A folder with the way to it and what lies in it, as far as the actor may see.

    None: above all one may see.
    """

    folder: Folder | None
    ancestors: tuple[Folder, ...]
    children: tuple[Folder, ...]


@dataclass(frozen=True)
class DocumentView:
    """A document with its current version, its type and its folder."""

    document: Document
    version: Version
    type: DocumentType | None
    folder: Folder

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.version.verdict)


@dataclass(frozen=True)
class DocumentDetail(DocumentView):
    """A document with all its versions, newest first, and the folders above it that the actor may see."""

    versions: tuple[Version, ...]
    ancestors: tuple[Folder, ...]


@dataclass(frozen=True)
class VersionDetail(DocumentView):
    """A document with one of its versions, current or not, and the folders above it that the actor may see."""

    ancestors: tuple[Folder, ...]


@dataclass(frozen=True)
class Counts:
    """How many documents the actor sees: all, green, red, expired or expiring within 30 days."""

    documents: int
    green: int
    red: int
    due: int


@dataclass(frozen=True)
class Page:
    """A page of a list, newest first.

    The cursors are ids: `newer` and `older` lead on, None where nothing is.
    """

    items: tuple[DocumentView, ...]
    newer: UUID | None
    older: UUID | None


@dataclass(frozen=True)
class Shelf:
    """What the page of a folder shows: the place, a page of its documents, and the numbers over the whole vault."""

    place: FolderPlace
    page: Page
    types: tuple[DocumentType, ...]
    counts: Counts


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to.

    Empty values narrow nothing. `folder_id`: that folder and what is below it. `changed`: the verdict changed lately.
    """

    folder_id: UUID | None = None
    text: str = ""
    type_code: str = ""
    verdict: str = ""
    changed: bool = False

    @property
    def narrowed(self) -> bool:
        """Whether anything but the folder was chosen."""
        return bool(self.text or self.type_code or self.verdict or self.changed)


@dataclass(frozen=True)
class Details:
    """What people say about a document. An empty title is made from the name of the file."""

    title: str = ""
    type_code: str | None = None
    number: str = ""
    issued_on: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class Deposited:
    """The answer to an upload, as it was given and as it is given again under the same idempotency key."""

    document_id: str
    version_id: str
    version_number: int
    folder_id: str
    title: str
    filename: str
    size: int
    sha256: str
    verdict: str
    duplicate_of: str | None

    def to_json(self) -> dict[str, Any]:
        """Everything as strings and numbers, for the row of the answer."""
        return asdict(self)


@dataclass(frozen=True)
class Content:
    """The bytes of a version, ready to be read from anywhere. `size` in bytes, `sha256` in hex."""

    reader: RangeReader
    document_id: UUID
    version_id: UUID
    version_number: int
    title: str
    filename: str
    media_type: str
    size: int
    sha256: str
    verdict: Verdict
    reason: str | None
    checked_at: datetime | None


@dataclass(frozen=True)
class Offer:
    """A document as the consent page offers it, with the verdict that the portal is told.

    `why_not`: `checking`, the red verdict or `not_proven`, where it may not be given.
    """

    document_id: UUID
    title: str
    type_code: str
    type_label: str
    number: str
    issued_on: date | None
    expires_on: date | None
    verdict: Verdict
    version_id: UUID
    folder_path: str
    may_be_given: bool
    why_not: str | None
