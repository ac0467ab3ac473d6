"""People, their sessions, sign-ups that wait for a confirmed address, and operators."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class Person(Identified, Dated, Base):
    """A human who signs in. The address was confirmed before the row was made."""

    __tablename__ = "persons"
    __table_args__ = (
        CheckConstraint("language IN ('en', 'hi')", name="language"),
        {"info": {"kind": TableKind.PERSON}},
    )

    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    email_normalised: Mapped[str] = mapped_column(Text, unique=True)
    # None: signs in by other means only.
    password_hash: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    # How often whatever was proved before was made void (see `epochs`).
    sign_in_epoch: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class PersonSession(Identified, Dated, Base):
    """One browser in which a person is signed in. The token itself is only in the browser's cookie."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_person_id", "person_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_sessions_browser_digest", "browser_digest", postgresql_where=text("browser_digest IS NOT NULL")),
        {"info": {"kind": TableKind.PERSON}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # By what the person was known (RFC 8176), and when they last confirmed it.
    amr: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime]
    # The only organisation the session counts for: whose own provider said who this is.
    limited_to: Mapped[UUID | None]
    # Which of its providers that was: the session is over with it.
    provider_id: Mapped[UUID | None]
    address: Mapped[str] = mapped_column(Text)
    user_agent: Mapped[str] = mapped_column(Text)
    # Which browser it is, by a cookie that stays: a new one is told of.
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary)


class SignUp(Identified, Dated, Base):
    """A sign-up until the link in the mail is followed. Nobody can sign in with it."""

    __tablename__ = "sign_ups"
    __table_args__ = (
        Index("ix_sign_ups_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime]


class PasswordReset(Identified, Dated, Base):
    """A link to set a new password. `person_id` None: nobody has the address, and the link opens nothing."""

    __tablename__ = "password_resets"
    __table_args__ = ({"info": {"kind": TableKind.DOOR}},)

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("persons.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AddressChange(Identified, Dated, Base):
    """A change of a person's address: until the new one is confirmed, and then as long as the old one may undo it."""

    __tablename__ = "address_changes"
    __table_args__ = (
        CheckConstraint(
            "(confirmed_at IS NULL) = (undo_digest IS NULL) AND (confirmed_at IS NULL) = (undo_until IS NULL)",
            name="undo_whole",
        ),
        {"info": {"kind": TableKind.DOOR}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    old_email: Mapped[str] = mapped_column(Text)
    old_normalised: Mapped[str] = mapped_column(Text, index=True)
    new_email: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    undo_digest: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    undo_until: Mapped[datetime | None]


class Operator(Identified, Dated, Base):
    """A person who keeps the installation running and approves what needs approval."""

    __tablename__ = "operators"
    __table_args__ = (
        Index("uq_operators_person_id", "person_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        {"info": {"kind": TableKind.OPERATOR}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
