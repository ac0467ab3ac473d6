"""What the vault tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from entitylocker.access import Actor


@dataclass(frozen=True)
class VerdictReached:
    """A check of a version has ended. `before` is the word that stood there until now."""

    actor: Actor
    organisation_id: UUID
    document_id: UUID
    version_id: UUID
    before: str
    verdict: str


@dataclass(frozen=True)
class VerdictChanged:
    """A later check of a version found another verdict than the one people relied on until now.

    Also where only the word for others changed (`before` and `verdict` are then the same). `why`: schedule,
    revocation (an answer about it came), trust (whom one trusts changed) or asked (somebody asked for the check).
    """

    actor: Actor
    organisation_id: UUID
    document_id: UUID
    version_id: UUID
    before: str
    verdict: str
    why: str


@dataclass(frozen=True)
class DocumentBinned:
    """A document went into the bin: nobody may fetch it any more."""

    actor: Actor
    organisation_id: UUID
    document_id: UUID
