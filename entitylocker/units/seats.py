"""Seats: who acts in an organisation through another one. Whether a seat stands is asked of the database each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text

from entitylocker.access import Grant, Role, permissions_of
from entitylocker.extensions import db


class SourceKind(StrEnum):
    """Through what somebody acts who is no member: the administration of a branch, the letter of an agency."""

    BRANCH = "branch"
    AGENCY = "agency"


@dataclass(frozen=True)
class Seat:
    """A standing source of the person and organisation of the transaction. `membership_id` None: not entered yet."""

    membership_id: UUID | None
    kind: SourceKind
    source_id: UUID
    source_organisation_id: UUID
    source_name: str
    role: Role
    folder_path: str | None
    ends_at: datetime | None = None

    def grants(self) -> tuple[Grant, ...]:
        """What the seat gives, no longer than its source. For one folder, the organisation itself is only seen."""
        given = self._grant(self.role, self.folder_path)
        return (given,) if self.folder_path is None else (self._grant(Role.MEMBER, None), given)

    def _grant(self, role: Role, folder_path: str | None) -> Grant:
        return Grant(permissions=permissions_of(role), role=role, folder_path=folder_path, ends_at=self.ends_at)


def list_my_seats() -> list[Seat]:
    """What stands for the person in the organisation of the running transaction, the one they sit on in front."""
    rows = db.session.execute(text("SELECT * FROM lookup_my_seats()"))
    return [
        Seat(
            row.membership_id,
            SourceKind(row.source_kind),
            row.source_id,
            row.source_organisation_id,
            row.source_name,
            Role(row.role),
            row.folder_path,
            row.ends_at,
        )
        for row in rows
    ]


def find_entered_seat() -> Seat | None:
    """The seat that the person of the running transaction sits on, if its source stands."""
    return next((seat for seat in list_my_seats() if seat.membership_id is not None), None)


def seat_stands(kind: str, source_id: UUID) -> bool:
    """Whether a source still stands; its rows are locked until the commit, so that it cannot end in between."""
    values = {"kind": kind, "source": source_id}
    return bool(db.session.scalar(text("SELECT claim_seat_stands(:kind, :source)"), values))
