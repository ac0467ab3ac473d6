"""Mail waiting to be sent, and what was sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class OutboxMessage(Identified, Dated, Base):
    """One mail. The app may only put it in; the worker reads and sends it, and then forgets what it said."""

    __tablename__ = "outbox_messages"
    __table_args__ = ({"info": {"kind": TableKind.OPERATOR}},)

    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    # When the mail server refused it for good, and what it said.
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)
