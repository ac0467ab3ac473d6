"""Certificates of authorities that were taken over, imported CRLs, and what an organisation lets suffice."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Identified, utc_now
from entitylocker.tenancy import TableKind


class Certificate(Identified):
    """What both lists keep of a certificate. `fingerprint`: SHA-256 of the DER in hexadecimal.

    One that was removed keeps its row, so that it can be seen who removed it, and be taken over again.
    """

    fingerprint: Mapped[str] = mapped_column(Text)
    der: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    is_root: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    added_by_name: Mapped[str] = mapped_column(Text)
    removed_at: Mapped[datetime | None]
    removed_by_name: Mapped[str] = mapped_column(Text, default="")

    @property
    def has_ended(self) -> bool:
        """Whether the certificate itself has expired: it still confirms what was signed before, at a proven time."""
        return self.not_after < utc_now()


class TrustCertificate(Certificate, Base):
    """An authority that the whole installation believes. Written in the operator's role only."""

    __tablename__ = "trust_certificates"
    __table_args__ = (UniqueConstraint("fingerprint"), {"info": {"kind": TableKind.COMMON}})


class OrganisationCertificate(Certificate, Base):
    """An authority that one organisation believes besides those of the installation."""

    __tablename__ = "organisation_certificates"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "fingerprint"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))


class ImportedList(Identified, Base):
    """A list of revoked certificates (CRL, RFC 5280) that was imported by command. `series`: which one it replaces."""

    __tablename__ = "trust_crls"
    __table_args__ = (UniqueConstraint("series"), {"info": {"kind": TableKind.COMMON}})

    series: Mapped[str] = mapped_column(Text)
    der: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    issuer: Mapped[str] = mapped_column(Text)
    produced_at: Mapped[datetime]
    next_update: Mapped[datetime | None]
    added_at: Mapped[datetime] = mapped_column(default=utc_now)
    added_by_name: Mapped[str] = mapped_column(Text)


class TrustPolicy(Base):
    """What an organisation lets suffice before a document is shared. Without a row the default holds."""

    __tablename__ = "trust_policies"
    __table_args__ = ({"info": {"kind": TableKind.OWN}},)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    claimed_time_suffices: Mapped[bool] = mapped_column(Boolean)
    set_at: Mapped[datetime] = mapped_column(default=utc_now)
    set_by_name: Mapped[str] = mapped_column(Text)
