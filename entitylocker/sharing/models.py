"""Check pages, the doors to them, and how often they were looked at."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class CheckPage(Identified, Dated, Base):
    """The public page of a document, until it is switched off.

    `wrapped_secret`: that of which the code is made, wrapped by the organisation's key, so that the organisation can
    print its code again and a copy of the database alone opens nothing.
    """

    __tablename__ = "check_pages"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "document_id"], ["documents.organisation_id", "documents.id"]),
        Index(
            "uq_check_pages_live",
            "organisation_id",
            "document_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    document_id: Mapped[UUID]
    show_title: Mapped[bool] = mapped_column(Boolean)
    show_organisation: Mapped[bool] = mapped_column(Boolean)
    show_signers: Mapped[bool] = mapped_column(Boolean)
    wrapped_secret: Mapped[bytes] = mapped_column(LargeBinary)
    code_made_at: Mapped[datetime]
    issued_by_name: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str] = mapped_column(Text, default="")


class CheckCode(Identified, Dated, Base):
    """A door: from the digest of a code to its page. A code that opens nothing any more is removed."""

    __tablename__ = "check_codes"
    __table_args__ = (
        UniqueConstraint("code_digest"),
        ForeignKeyConstraint(["organisation_id", "check_page_id"], ["check_pages.organisation_id", "check_pages.id"]),
        {"info": {"kind": TableKind.DOOR}},
    )

    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    organisation_id: Mapped[UUID]
    check_page_id: Mapped[UUID]


class CheckPageViews(Base):
    """How often a check page was looked at on a day (in the organisation's zone)."""

    __tablename__ = "check_page_views"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "check_page_id"], ["check_pages.organisation_id", "check_pages.id"]),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    check_page_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    views: Mapped[int] = mapped_column(BigInteger)
