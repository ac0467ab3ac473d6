"""Portals and what the operator decided about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class PortalState(StrEnum):
    """What the operator decided; ended: its keeper was closed, and nothing brings it back."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    ENDED = "ended"


_STATES = ", ".join(f"'{state.value}'" for state in PortalState)


class Portal(Identified, Dated, Base):
    """A program that asks for documents. `organisation_name`: its keeper's; it follows when that one is renamed."""

    __tablename__ = "portals"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("client_id"),
        Index("ix_portals_state", "state"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    organisation_name: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    homepage: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    jwks: Mapped[dict[str, Any]]
    redirect_uris: Mapped[list[Any]]
    document_types: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(Text, default=PortalState.PROPOSED.value)
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by_name: Mapped[str] = mapped_column(Text, default="")
    registered_by_name: Mapped[str] = mapped_column(Text)
