"""Runs of files of departments and officers, their rows, and how many officers are to come in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class RunState(StrEnum):
    """`looking`: it is read, the worker looks at its rows. `preview`: looked at, nothing was done. `stopped`: it came
    to its end, but some rows failed on our side. `undoing`: the worker takes it back.
    """

    LOOKING = "looking"
    PREVIEW = "preview"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    UNDOING = "undoing"
    UNDONE = "undone"


class RowState(StrEnum):
    """`known`: nothing was to be changed. `failed`: it can be tried again."""

    READY = "ready"
    BAD = "bad"
    DONE = "done"
    KNOWN = "known"
    FAILED = "failed"
    UNDONE = "undone"


class OnboardingRun(Identified, Dated, Base):
    """One file, in the parent organisation. `worked_until`: until then somebody works on it, or has died. `fence`: goes
    up by one with everybody who takes it over; who holds a lower one writes nothing any more.

    The order letter is kept, encrypted, only until the run is at its end.
    """

    __tablename__ = "onboarding_runs"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in RunState)})", name="state"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    started_by_person_id: Mapped[UUID]
    started_by_name: Mapped[str] = mapped_column(Text)
    means: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    in_person: Mapped[bool] = mapped_column(Boolean)
    letter: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_name: Mapped[str] = mapped_column(Text)
    worked_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(Integer, default=0)
    # Unknown of the files of before it was kept.
    reading: Mapped[dict[str, Any] | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_person_id: Mapped[UUID | None]
    undone_by_name: Mapped[str | None] = mapped_column(Text)


class OnboardingRow(Identified, Dated, Base):
    """One row of a file: what it asked for and what became of it. `child_opened`: this row opened the department."""

    __tablename__ = "onboarding_rows"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "run_id", "line"),
        ForeignKeyConstraint(
            ["organisation_id", "run_id"],
            ["onboarding_runs.organisation_id", "onboarding_runs.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in RowState)})", name="state"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    run_id: Mapped[UUID]
    line: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    plan: Mapped[dict[str, Any]]
    problems: Mapped[list[Any]]
    notes: Mapped[list[Any]]
    child_id: Mapped[UUID | None]
    child_opened: Mapped[bool] = mapped_column(Boolean)
    invitation_id: Mapped[UUID | None]


class OnboardingTarget(Base):
    """How many officers are to come in, for the report."""

    __tablename__ = "onboarding_targets"
    __table_args__ = (
        CheckConstraint("officers BETWEEN 1 AND 1000000", name="officers"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    officers: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]
    changed_by_name: Mapped[str] = mapped_column(Text)


class DepartmentTarget(Base):
    """How many officers of one department are to come in, as its parent says."""

    __tablename__ = "onboarding_targets_of_departments"
    __table_args__ = (
        CheckConstraint("officers BETWEEN 1 AND 1000000", name="officers"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    officers: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime]
    changed_by_name: Mapped[str] = mapped_column(Text)
