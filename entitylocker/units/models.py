"""How organisations stand to one another: units of a parent, branches given to a person, agencies that act for one."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.organisations.models import Lettered
from entitylocker.tenancy import TableKind

_OPEN = "ended_at IS NULL"


class OrganisationCode(Base):
    """What an organisation tells others so that they can ask it something. Knowing it allows nothing else."""

    __tablename__ = "organisation_codes"
    __table_args__ = (UniqueConstraint("code"), {"info": {"kind": TableKind.OWN}})

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]


class UnitLink(Identified, Dated, Base):
    """That an organisation is the unit of another: asked by the parent (`organisation_id`), joined by the child.

    `opened`: the parent made the child, its row follows. The child has no foreign key: the link is there first. Only
    the functions of `el_lookup` write `joined_at` and `ended_at`, together with `organisations.parent_id`.
    """

    __tablename__ = "unit_links"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("uq_unit_links_open", "organisation_id", "child_organisation_id", unique=True,
              postgresql_where=text(_OPEN)),
        Index("uq_unit_links_joined", "child_organisation_id", unique=True,
              postgresql_where=text("joined_at IS NOT NULL AND ended_at IS NULL")),
        CheckConstraint("organisation_id <> child_organisation_id", name="two"),
        {"info": {"kind": TableKind.TWO_PARTY, "partner": "child_organisation_id"}},
    )  # fmt: skip

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation_name: Mapped[str] = mapped_column(Text)
    child_organisation_id: Mapped[UUID]
    child_name: Mapped[str] = mapped_column(Text)
    opened: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text)
    asked_by_name: Mapped[str] = mapped_column(Text)
    joined_at: Mapped[datetime | None]
    joined_by_name: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)
    agreed_at: Mapped[datetime | None]
    agreed_by_name: Mapped[str | None] = mapped_column(Text)


class BranchAdministration(Identified, Dated, Base):
    """A branch (a child and everything below it) that a member of the parent administers, on these days."""

    __tablename__ = "branch_administrations"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="order"),
        Index(
            "ix_branch_administrations_branch", "branch_organisation_id", postgresql_where=text("revoked_at IS NULL")
        ),
        Index("ix_branch_administrations_member", "organisation_id", "membership_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    membership_id: Mapped[UUID]
    branch_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    given_by_name: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None]
    revoked_by_name: Mapped[str | None] = mapped_column(Text)


class Authorisation(Identified, Dated, Lettered, Base):
    """That an agency acts for a department (`organisation_id`), in a role, on these days, by a letter.

    The department confirms, the agency accepts; it counts once both did. Whoever proposes it agrees by that.
    """

    __tablename__ = "authorisations"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("agent_organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "folder_id"], ["folders.organisation_id", "folders.id"]),
        CheckConstraint("organisation_id <> agent_organisation_id", name="two"),
        CheckConstraint("role IN ('signatory', 'records_officer', 'reader', 'auditor')", name="role"),
        CheckConstraint("starts_at < ends_at AND ends_at <= starts_at + interval '366 days'", name="days"),
        CheckConstraint("(folder_id IS NULL) = (folder_path IS NULL)", name="folder"),
        Index("ix_authorisations_agent", "agent_organisation_id"),
        {"info": {"kind": TableKind.TWO_PARTY, "partner": "agent_organisation_id"}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation_name: Mapped[str] = mapped_column(Text)
    agent_organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    agent_name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    folder_id: Mapped[UUID | None]
    folder_path: Mapped[str | None] = mapped_column(Text)
    folder_name: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_name: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None]
    confirmed_by_name: Mapped[str | None] = mapped_column(Text)
    accepted_at: Mapped[datetime | None]
    accepted_by_name: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)


class AuthorisationAgent(Identified, Dated, Base):
    """A member of the agency (`organisation_id`) who acts by an authorisation."""

    __tablename__ = "authorisation_agents"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "authorisation_id"], ["authorisations.agent_organisation_id", "authorisations.id"]
        ),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        Index("uq_authorisation_agents_open", "organisation_id", "authorisation_id", "membership_id", unique=True,
              postgresql_where=text(_OPEN)),
        Index("ix_authorisation_agents_member", "organisation_id", "membership_id"),
        {"info": {"kind": TableKind.OWN}},
    )  # fmt: skip

    organisation_id: Mapped[UUID]
    authorisation_id: Mapped[UUID]
    membership_id: Mapped[UUID]
    person_name: Mapped[str] = mapped_column(Text)
    named_by_name: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)


class Telling(Identified, Dated, Base):
    """News for another organisation (`told_id`), put in with the act and taken out by the job that tells it."""

    __tablename__ = "tellings"
    __table_args__ = ({"info": {"kind": TableKind.DOOR}},)

    told_id: Mapped[UUID]
    by_id: Mapped[UUID | None]
    by_name: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text)
    means: Mapped[str] = mapped_column(Text)
    through: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    facts: Mapped[dict[str, Any]]
