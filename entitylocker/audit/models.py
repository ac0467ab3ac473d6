"""Events and the head of each organisation's sequence. Organisation ids carry no foreign key: events outlive rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Identified
from entitylocker.tenancy import TableKind

# The log of the installation itself: operator's acts, and what anonymous visitors were refused.
OPERATOR_LOG = UUID(int=0)


class Event(Identified, Base):
    """One act or refusal. `canonical` is what a proof will be over; the other columns say the same for queries."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("organisation_id", "sequence"),
        Index("ix_events_organisation_id_subject_id", "organisation_id", "subject_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    tag: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_name: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    means: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    subject_name: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    canonical: Mapped[bytes] = mapped_column(LargeBinary)


class EventHead(Base):
    """The last sequence number given out in an organisation."""

    __tablename__ = "event_heads"
    __table_args__ = ({"info": {"kind": TableKind.OWN}},)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger)


class RefusalCount(Base):
    """How often the same refusal was met in the same hour, so that a flood leaves few events."""

    __tablename__ = "refusal_counts"
    __table_args__ = ({"info": {"kind": TableKind.OWN}},)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    refusal: Mapped[str] = mapped_column(Text, primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    times: Mapped[int] = mapped_column(BigInteger)
