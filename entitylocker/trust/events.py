"""What the room of trust tells the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from entitylocker.access import Actor


@dataclass(frozen=True)
class TrustChanged:
    """Somebody is trusted from now on, or not any more. `organisation_id` None: by the whole installation."""

    actor: Actor
    organisation_id: UUID | None


@dataclass(frozen=True)
class AnswerArrived:
    """There is an answer about revocation that was not there before. `key`: which (see `answer_rules.key_of`)."""

    key: str
