"""What describes an organisation beside its identifiers: directors, changes of its name and of its members' roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.organisations.models import Lettered
from entitylocker.organisations.states import NameChangeState
from entitylocker.tenancy import TableKind

_STATES = ", ".join(f"'{state}'" for state in NameChangeState)


class Director(Identified, Dated, Base):
    """A director or designated partner as the organisation names them. It verifies nothing."""

    __tablename__ = "directors"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index(
            "uq_directors_current",
            "organisation_id",
            "din",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    din: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    added_by_name: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)


class RoleChange(Identified, Dated, Base):
    """That a membership got another role. With the memberships it tells who held which role when."""

    __tablename__ = "role_changes"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        Index("ix_role_changes_membership", "organisation_id", "membership_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    membership_id: Mapped[UUID]
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    changed_by_name: Mapped[str] = mapped_column(Text)


class NameChange(Identified, Dated, Lettered, Base):
    """A change of the organisation's name; while it is verified the operator confirms it by a letter."""

    __tablename__ = "name_changes"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        Index("uq_name_changes_pending", "organisation_id", unique=True, postgresql_where=text("state = 'pending'")),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    old_name: Mapped[str] = mapped_column(Text)
    new_name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    asked_by_name: Mapped[str] = mapped_column(Text)
    asked_by_email: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by_name: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
