"""Delegations: a role for a member, in a folder or the whole vault, from one day to another."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class Delegation(Identified, Dated, Base):
    """A role given. Days are days in India; `starts_at` and `ends_at` are what they mean, the end exclusive.

    `folder_id` None: the whole vault. `rests_on_id`: the delegation that the giver's own right came from, if
    it did not come from the giver's membership; when that one is revoked, this one is too.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        ForeignKeyConstraint(["organisation_id", "given_by_id"], ["memberships.organisation_id", "memberships.id"]),
        ForeignKeyConstraint(["organisation_id", "folder_id"], ["folders.organisation_id", "folders.id"]),
        ForeignKeyConstraint(["organisation_id", "rests_on_id"], ["delegations.organisation_id", "delegations.id"]),
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="order"),
        CheckConstraint("(folder_id IS NULL) = (folder_path IS NULL)", name="folder"),
        Index("ix_delegations_membership", "organisation_id", "membership_id"),
        Index(
            "ix_delegations_rests_on",
            "organisation_id",
            "rests_on_id",
            postgresql_where=text("revoked_at IS NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    membership_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)
    folder_id: Mapped[UUID | None]
    folder_path: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    given_by_id: Mapped[UUID]
    given_by_name: Mapped[str] = mapped_column(Text)
    rests_on_id: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_name: Mapped[str | None] = mapped_column(Text)
