"""Proposals of administrators and the votes on them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.organisations.life_rules import ProposalKind
from entitylocker.tenancy import TableKind

_KINDS = ", ".join(f"'{kind}'" for kind in ProposalKind)


class Proposal(Identified, Dated, Base):
    """What an administrator proposes. `concerned_id`: the membership it is about; names are copies.

    `role` is what a demoted administrator gets, `email` the address of a new account. `alone_since`: since when one
    administrator waits for the objection of the only other one.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "concerned_id"], ["memberships.organisation_id", "memberships.id"]),
        ForeignKeyConstraint(["organisation_id", "proposed_by_id"], ["memberships.organisation_id", "memberships.id"]),
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        CheckConstraint("(concerned_id IS NULL) = (kind IN ('lift', 'close'))", name="concerned"),
        CheckConstraint("(role IS NOT NULL) = (kind = 'demote')", name="role"),
        CheckConstraint("(email IS NOT NULL) = (kind = 'replace')", name="email"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
        Index("ix_proposals_open", "organisation_id", "id", postgresql_where=text("ended_at IS NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(Text)
    concerned_id: Mapped[UUID | None]
    concerned_name: Mapped[str] = mapped_column(Text)
    role: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[UUID]
    proposed_by_name: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    alone_since: Mapped[datetime | None]
    objected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class ProposalVote(Base):
    """What an administrator said to a proposal. Whether it counts is looked at when votes are counted."""

    __tablename__ = "proposal_votes"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "proposal_id"], ["proposals.organisation_id", "proposals.id"]),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(primary_key=True)
    membership_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_name: Mapped[str] = mapped_column(Text)
    yes: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime]
