"""What the use cases of lending hand out: frozen, with everything a page needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from entitylocker.citizen.adapters import IssuedDocument
from entitylocker.citizen.models import Lending, LendingRead
from entitylocker.storage.stream import RangeReader


@dataclass(frozen=True)
class Offer:
    """A document of the person's list. `why_not`: why it cannot be lent, to be translated."""

    document: IssuedDocument
    why_not: str | None


@dataclass(frozen=True)
class Wish:
    """What somebody wants to lend: which documents, to whom, for what, until which day (inclusive, in India)."""

    organisation_id: UUID
    uris: tuple[str, ...]
    purpose: str
    ends_on: date


@dataclass(frozen=True)
class Terms:
    """What a person agrees to, in full, before anything happens."""

    organisation_id: UUID
    organisation_name: str
    documents: tuple[IssuedDocument, ...]
    purpose: str
    ends_on: date
    ends_at: datetime


@dataclass(frozen=True)
class OwnLending:
    """A lending as the lender sees it, with who opened it, newest first."""

    lending: Lending
    reads: tuple[LendingRead, ...]

    @property
    def is_open(self) -> bool:
        return self.lending.ended_at is None


@dataclass(frozen=True)
class LentContent:
    """The bytes of a lent document, ready to be read. `size` in bytes, `sha256` in hex."""

    reader: RangeReader
    filename: str
    size: int
    sha256: str
