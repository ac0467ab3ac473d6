"""Exports of everything: who made them, how much they held, whether they came to their end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class Export(Identified, Dated, Base):
    """An export, from its beginning on. `ended_at`: when its last byte was handed out; None: it broke off."""

    __tablename__ = "exports"
    __table_args__ = (UniqueConstraint("organisation_id", "id"), {"info": {"kind": TableKind.OWN}})

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    made_by_name: Mapped[str] = mapped_column(Text)
    documents: Mapped[int] = mapped_column(Integer)
    versions: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None]
