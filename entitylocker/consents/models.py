"""Consents and the documents in them. What was agreed is never changed; only its end and its use are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class Consent(Identified, Dated, Base):
    """What an organisation gave to a portal. Names are copies: they say what was shown when it was given."""

    __tablename__ = "consents"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["portal_organisation_id", "portal_id"], ["portals.organisation_id", "portals.id"]),
        ForeignKeyConstraint(
            ["organisation_id", "given_by_membership_id"], ["memberships.organisation_id", "memberships.id"]
        ),
        Index("ix_consents_portal_organisation_id", "portal_organisation_id"),
        CheckConstraint("fetch_times > 0", name="fetch_times"),
        {"info": {"kind": TableKind.TWO_PARTY}},
    )

    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str] = mapped_column(Text)
    portal_organisation_id: Mapped[UUID]
    portal_id: Mapped[UUID]
    portal_name: Mapped[str] = mapped_column(Text)
    portal_homepage: Mapped[str] = mapped_column(Text)
    keeper_name: Mapped[str] = mapped_column(Text)
    given_by_membership_id: Mapped[UUID]
    given_by_name: Mapped[str] = mapped_column(Text)
    given_by_role: Mapped[str] = mapped_column(Text)
    document_types: Mapped[list[Any]]
    purpose_code: Mapped[str] = mapped_column(Text)
    purpose_text: Mapped[str] = mapped_column(Text)
    until: Mapped[str] = mapped_column(Text)
    ends_at: Mapped[datetime]
    fetch_times: Mapped[int] = mapped_column(Integer)
    retention_days: Mapped[int] = mapped_column(Integer)
    least_verdict: Mapped[str | None] = mapped_column(Text)
    revoked_at: Mapped[datetime | None]
    revoked_by_name: Mapped[str] = mapped_column(Text, default="")

    items: Mapped[list[ConsentItem]] = relationship(lazy="raise", order_by="ConsentItem.id")


class ConsentItem(Identified, Base):
    """One document in a consent, and how often it was fetched."""

    __tablename__ = "consent_items"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "consent_id", "document_id"),
        ForeignKeyConstraint(["organisation_id", "consent_id"], ["consents.organisation_id", "consents.id"]),
        ForeignKeyConstraint(["organisation_id", "document_id"], ["documents.organisation_id", "documents.id"]),
        {"info": {"kind": TableKind.TWO_PARTY}},
    )

    organisation_id: Mapped[UUID]
    portal_organisation_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    document_id: Mapped[UUID]
    document_type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    fetches: Mapped[int] = mapped_column(Integer, default=0)
    last_fetched_at: Mapped[datetime | None]
