"""The record of a lending, for both sides: who lent what to whom, on which terms, who opened it, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from entitylocker.citizen.models import Lending, LendingRead

SCHEMA = "entitylocker/lending-record/1"


def record_of(row: Lending, reads: Iterable[LendingRead]) -> dict[str, Any]:
    """Everything that was agreed and done, as JSON. Holds no part of the document but its digest."""
    return {
        "schema": SCHEMA,
        "id": str(row.id),
        "lender": {"name": row.person_name, "citizen_locker": row.locker_name},
        "borrower": {"organisation_id": str(row.organisation_id), "name": row.organisation_name},
        "document": {
            "title": row.title, "type": row.type_code, "issuer": row.issuer_name, "size": row.size,
            "sha256": row.sha256, "verdict": row.verdict, "checked_at": _at(row.checked_at),
        },
        "terms": {
            "purpose": row.purpose, "agreed_at": _at(row.created_at), "until": row.ends_on.isoformat(),
            "until_instant": _at(row.ends_at), "afterwards": "nothing is kept",
            "copy_allowed_at": _at(row.copy_allowed_at), "copied_at": _at(row.copied_at),
        },
        "ended": {"at": _at(row.ended_at), "because": row.ended_because},
        "opened": [{"at": _at(read.created_at), "by": read.reader_name} for read in reads],
        "opened_times": row.reads,
    }  # fmt: skip


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="seconds")
