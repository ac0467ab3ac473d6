"""What the authorization server keeps. All of it is found by a digest before the tenant is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class ClientAssertion(Identified, Dated, Base):
    """A client assertion that was used. Its `jti` works once (RFC 7523 section 3)."""

    __tablename__ = "client_assertions"
    __table_args__ = (
        UniqueConstraint("jti_digest"),
        Index("ix_client_assertions_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    jti_digest: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]


class PushedRequest(Identified, Dated, Base):
    """An authorization request that a portal pushed (RFC 9126), and how it was answered: once."""

    __tablename__ = "par_requests"
    __table_args__ = (
        UniqueConstraint("request_digest"),
        CheckConstraint("outcome IN ('allowed', 'denied')", name="outcome"),
        CheckConstraint("(answered_at IS NULL) = (outcome IS NULL)", name="answered"),
        Index("ix_par_requests_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    request_digest: Mapped[bytes] = mapped_column(LargeBinary)
    client_id: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[UUID | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class AuthorizationCode(Identified, Dated, Base):
    """A code that stands for a consent until it is redeemed, once."""

    __tablename__ = "authorization_codes"
    __table_args__ = (
        UniqueConstraint("code_digest"),
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "consent_id"], ["consents.organisation_id", "consents.id"]),
        Index("ix_authorization_codes_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    organisation_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    client_id: Mapped[str] = mapped_column(Text)
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Token(Identified, Dated, Base):
    """An access or refresh token. Whether it is good is joined from its consent and portal at every use."""

    __tablename__ = "tokens"
    __table_args__ = (
        UniqueConstraint("token_digest"),
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "consent_id"], ["consents.organisation_id", "consents.id"]),
        ForeignKeyConstraint(
            ["organisation_id", "code_id"], ["authorization_codes.organisation_id", "authorization_codes.id"]
        ),
        CheckConstraint("kind IN ('access', 'refresh')", name="kind"),
        Index("ix_tokens_code_id", "code_id"),
        Index("ix_tokens_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    token_digest: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(Text)
    organisation_id: Mapped[UUID]
    consent_id: Mapped[UUID]
    code_id: Mapped[UUID]
    client_id: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
