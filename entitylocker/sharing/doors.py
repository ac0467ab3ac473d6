"""The database functions that find and remove what lies behind the digest of a code. All need a running transaction."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from entitylocker.extensions import db
from entitylocker.sharing.codes import digest


@dataclass(frozen=True)
class Found:
    """The live check page behind a code."""

    organisation_id: UUID
    check_page_id: UUID


def find_page(code: str) -> Found | None:
    """The page that a code opens now: switched on, of an organisation that is verified; else None.

    All of it is decided in one statement, so that every no is the same no.
    """
    row = db.session.execute(text("SELECT * FROM lookup_check_code(:digest)"), {"digest": digest(code)}).one_or_none()
    return None if row is None else Found(row.organisation_id, row.check_page_id)


def remove_code(code: str) -> None:
    """Let a code open nothing any more. Whoever removes it must know it."""
    db.session.execute(text("SELECT claim_back_check_code(:digest)"), {"digest": digest(code)})
