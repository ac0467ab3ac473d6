"""Organisations, their identifiers, keys, members and invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.access import OrganisationState
from entitylocker.extensions import Base, Dated, Identified
from entitylocker.organisations.states import IdentifierState
from entitylocker.tenancy import TableKind

_LIVES = ", ".join(f"'{state}'" for state in OrganisationState)
_STATES = ", ".join(f"'{state}'" for state in IdentifierState)


class Organisation(Identified, Dated, Base):
    """An organisation by name and kind. It is verified while one of its identifiers is."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint(f"state IN ({_LIVES})", name="state"),
        Index("ix_organisations_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=OrganisationState.ACTIVE.value)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))


class OrganisationKeyRow(Base):
    """The organisation's key, wrapped by the operator's. `version` grows when it is wrapped anew."""

    __tablename__ = "organisation_keys"
    __table_args__ = ({"info": {"kind": TableKind.OWN}},)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, default=1)


class StatedIdentifier(Identified, Dated, Base):
    """A number an organisation says it has, and what the operator made of it.

    The order letter is encrypted under a key of its own (`letter_owner_key`, wrapped by the operator's), so
    that the operator can read it without the organisation's key.
    """

    __tablename__ = "identifiers"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("(letter_object IS NULL) = (letter_wrapped_key IS NULL)", name="letter_whole"),
        # One verified holder; a second claim waits for the operator and tells nobody.
        Index(
            "uq_identifiers_verified",
            "kind",
            "value",
            unique=True,
            postgresql_where=text("state = 'verified'"),
        ),
        Index(
            "uq_identifiers_open",
            "organisation_id",
            "kind",
            "value",
            unique=True,
            postgresql_where=text("state IN ('stated', 'verified')"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=IdentifierState.STATED.value)
    stated_by_name: Mapped[str] = mapped_column(Text)
    stated_by_email: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by_name: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    letter_name: Mapped[str | None] = mapped_column(Text)
    letter_object: Mapped[str | None] = mapped_column(Text)
    letter_size: Mapped[int | None] = mapped_column(BigInteger)
    letter_stored_size: Mapped[int | None] = mapped_column(BigInteger)
    letter_sha256: Mapped[str | None] = mapped_column(Text)
    letter_wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_owner_key: Mapped[bytes | None] = mapped_column(LargeBinary)


class Membership(Identified, Dated, Base):
    """A person in an organisation, with a role over all of it. Name and address are copies for its lists."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index(
            "uq_memberships_current",
            "organisation_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_memberships_person_id", "person_id", postgresql_where=text("ended_at IS NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    person_name: Mapped[str] = mapped_column(Text)
    person_email: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    rights_version: Mapped[int] = mapped_column(Integer, default=1)
    ended_at: Mapped[datetime | None]
    ended_by_name: Mapped[str | None] = mapped_column(Text)


class Invitation(Identified, Dated, Base):
    """A one-time link into an organisation. `membership_id` is who came in by it."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "invited_by_id"], ["memberships.organisation_id", "memberships.id"]),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        Index("ix_invitations_organisation_id", "organisation_id", "id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    email: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    # None: the organisation had no member yet, a parent's officer invited.
    invited_by_id: Mapped[UUID | None]
    invited_by_name: Mapped[str] = mapped_column(Text)
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    membership_id: Mapped[UUID | None]
