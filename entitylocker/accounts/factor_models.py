"""Second factors: passkeys, authenticator apps, recovery codes; and what is open for minutes while they are used."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.tenancy import TableKind


class Passkey(Identified, Dated, Base):
    """A WebAuthn credential of a person; only its public half is here.

    `sign_count` as the authenticator counted last (0: it does not count). `is_synced`: it may be on several devices
    (backup eligible); `is_backed_up`: it was so at its last use. `suspected_at`: its count went back as a copy's would.
    """

    __tablename__ = "passkeys"
    __table_args__ = (Index("ix_passkeys_person_id", "person_id"), {"info": {"kind": TableKind.PERSON}})

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str] = mapped_column(Text)
    is_synced: Mapped[bool] = mapped_column(Boolean)
    is_backed_up: Mapped[bool] = mapped_column(Boolean)
    aaguid: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    last_used_at: Mapped[datetime | None]
    suspected_at: Mapped[datetime | None]


class AuthenticatorApp(Identified, Dated, Base):
    """The secret that a person's authenticator app makes codes of (TOTP, RFC 6238).

    `wrapped_secret`: wrapped by the operator's key. It counts once `confirmed_at` is set. `last_step`: the time step
    of the code accepted last; no code of this or an earlier step is accepted again.
    """

    __tablename__ = "authenticator_apps"
    __table_args__ = (
        Index(
            "uq_authenticator_apps_confirmed",
            "person_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("uq_authenticator_apps_waiting", "person_id", unique=True, postgresql_where=text("confirmed_at IS NULL")),
        {"info": {"kind": TableKind.PERSON}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    wrapped_secret: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Identified, Dated, Base):
    """A code of 120 random bits that stands in for a second factor, once. Only its digest is here."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("person_id", "code_digest"), {"info": {"kind": TableKind.PERSON}})

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    code_digest: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class SignInTicket(Identified, Dated, Base):
    """Somebody proved to be a person by one factor and owes the second. It opens nothing by itself."""

    __tablename__ = "sign_in_tickets"
    __table_args__ = (Index("ix_sign_in_tickets_expires_at", "expires_at"), {"info": {"kind": TableKind.DOOR}})

    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    amr: Mapped[str] = mapped_column(Text)
    limited_to: Mapped[UUID | None]
    # The number of its person when the first factor was looked at: with another one it opens nothing (see `epochs`).
    epoch: Mapped[int] = mapped_column(Integer, server_default="0")
    expires_at: Mapped[datetime]


class PasskeyChallenge(Identified, Dated, Base):
    """A challenge that one browser was given for one purpose. It is used up by the first answer, right or wrong."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (Index("ix_passkey_challenges_expires_at", "expires_at"), {"info": {"kind": TableKind.DOOR}})

    challenge_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(Text)
    person_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
