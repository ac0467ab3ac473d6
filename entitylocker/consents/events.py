"""What the room of consents tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from entitylocker.access import Actor


@dataclass(frozen=True)
class ConsentGiven:
    """An organisation gave a consent."""

    actor: Actor
    consent_id: UUID
    organisation_id: UUID


@dataclass(frozen=True)
class ConsentRevoked:
    """An organisation withdrew a consent. The portal's next read is refused already."""

    actor: Actor
    consent_id: UUID
    organisation_id: UUID
