"""Answers to uploads that may come again: the same key and upload get the same answer, others a refusal."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from entitylocker.access import Actor
from entitylocker.errors import Conflict
from entitylocker.extensions import db, utc_now
from entitylocker.vault.errors import IdempotencyKeyReused
from entitylocker.vault.models import AnsweredUpload
from entitylocker.vault.views import Deposited

KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Answered:
    """An upload that was answered before."""

    fingerprint: bytes
    answer: Deposited

    def repeat(self, fingerprint: bytes) -> Deposited:
        """The answer again, if this is the same upload. Raises IdempotencyKeyReused if it is not."""
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused
        return self.answer


class AnsweredMeanwhile(Conflict):
    """The same key was answered while these bytes came in."""

    def __init__(self, answered: Answered) -> None:
        super().__init__()
        self.answered = answered


def find(actor: Actor, key: str) -> Answered | None:
    """What was answered to this person under `key`, if anything."""
    row = db.session.get(AnsweredUpload, (actor.organisation_id, actor.person_id, key))
    return None if row is None else Answered(row.fingerprint, Deposited(**row.answer))


def keep(actor: Actor, key: str, fingerprint: bytes, answer: Deposited) -> None:
    """Keep the answer with the running transaction. Raises AnsweredMeanwhile if the key was used since."""
    now = utc_now()
    db.session.execute(
        delete(AnsweredUpload).where(
            AnsweredUpload.organisation_id == actor.organisation_id, AnsweredUpload.created_at < now - KEPT
        )
    )
    kept = insert(AnsweredUpload).values(
        organisation_id=actor.organisation_id,
        person_id=actor.person_id,
        key=key,
        fingerprint=fingerprint,
        answer=answer.to_json(),
        created_at=now,
    )
    # Waits for a transaction that is just keeping the same key.
    done = db.session.execute(kept.on_conflict_do_nothing().returning(AnsweredUpload.key)).one_or_none()
    if done is None:
        meanwhile = find(actor, key)
        assert meanwhile is not None
        raise AnsweredMeanwhile(meanwhile)


def fingerprint(place: UUID, is_new: bool, filename: str, sha256: str, said: dict[str, Any]) -> bytes:
    """A digest of everything that makes two uploads the same."""
    members = {"place": str(place), "new": is_new, "filename": filename, "sha256": sha256, "said": said}
    return hashlib.sha256(json.dumps(members, sort_keys=True, default=str).encode()).digest()
