"""Organisations, their identifiers, keys, members and invitations."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from entitylocker.organisations.states import IdentifierState, InvitationWay
from entitylocker.tenancy import TableKind

_LIVES = ", ".join(f"'{state}'" for state in OrganisationState)
_WAYS = ", ".join(f"'{way}'" for way in InvitationWay)
_STATES = ", ".join(f"'{state}'" for state in IdentifierState)


class Organisation(Identified, Dated, Base):
    """An organisation by name and kind. It is verified while one of its identifiers is."""

    __tablename__ = "organisations"
    __table_args__ = (
        CheckConstraint(f"state IN ({_LIVES})", name="state"),
        CheckConstraint(
            "suspended_by IN ('operator', 'organisation') AND state = 'suspended'"
            " OR suspended_by IS NULL AND state <> 'suspended'",
            name="suspended_by",
        ),
        Index("ix_organisations_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=OrganisationState.ACTIVE.value)
    # Who suspended it, since when and why it stands as it stands, and by whom.
    suspended_by: Mapped[str | None] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text, default="")
    state_at: Mapped[datetime | None]
    state_by_name: Mapped[str] = mapped_column(Text, default="")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    # Since when whoever acts for it must sign in with two factors.
    second_factor_since: Mapped[datetime | None]


class OrganisationKeyRow(Base):
    """The organisation's key, wrapped by the operator's. `version` grows when it is wrapped anew."""

    __tablename__ = "organisation_keys"
    __table_args__ = ({"info": {"kind": TableKind.OWN}},)

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Lettered:
    """A row with a letter: a PDF encrypted under a key of its own, which the operator's key wraps."""

    if TYPE_CHECKING:
        id: Mapped[UUID]

    letter_name: Mapped[str | None] = mapped_column(Text)
    letter_object: Mapped[str | None] = mapped_column(Text)
    letter_size: Mapped[int | None] = mapped_column(BigInteger)
    letter_stored_size: Mapped[int | None] = mapped_column(BigInteger)
    letter_sha256: Mapped[str | None] = mapped_column(Text)
    letter_wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    letter_owner_key: Mapped[bytes | None] = mapped_column(LargeBinary)


class StatedIdentifier(Identified, Dated, Lettered, Base):
    """A number an organisation says it has, and what the operator made of it.

    The order letter is encrypted under a key of its own (`letter_owner_key`, wrapped by the operator's), so
    that the operator can read it without the organisation's key.
    """

    __tablename__ = "identifiers"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        CheckConstraint("(letter_object IS NULL) = (letter_wrapped_key IS NULL)", name="letter_whole"),
        CheckConstraint("kind <> 'din'", name="of_organisation"),
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
            postgresql_where=text("state = 'stated'"),
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
    # The last day, a day in India; None: without end. `ended_at`: when it was found to have passed, or was passed over.
    valid_until: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    # The parent that vouches, where that is how it was verified.
    vouched_by_id: Mapped[UUID | None]
    vouched_by_name: Mapped[str | None] = mapped_column(Text)


class Membership(Identified, Dated, Base):
    """A person in an organisation, with a role over all of it. Name and address are copies for its lists.

    With a source it is a seat: the person acts here through another organisation (an administration of a branch, an
    agency's authorisation), as long as that source stands. Whether it stands is asked on each read, never of this row.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index(
            "uq_memberships_current",
            "organisation_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND source_kind IS NULL"),
        ),
        Index(
            "uq_memberships_seat",
            "organisation_id",
            "person_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND source_kind IS NOT NULL"),
        ),
        CheckConstraint(
            "(source_kind IS NULL) = (source_id IS NULL) AND (source_kind IS NULL) = (source_organisation_id IS NULL)",
            name="source_whole",
        ),
        # Nobody administers from outside but with the role made for it, and an agency never does.
        CheckConstraint(
            "CASE WHEN source_kind IS NULL THEN role <> 'branch_administrator'"
            " WHEN source_kind = 'branch' THEN role = 'branch_administrator'"
            " WHEN source_kind = 'agency' THEN role NOT IN ('branch_administrator', 'administrator')"
            " ELSE false END",
            name="source_role",
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
    source_kind: Mapped[str | None] = mapped_column(Text)
    source_id: Mapped[UUID | None]
    source_organisation_id: Mapped[UUID | None]


class Invitation(Identified, Dated, Base):
    """A one-time link or code into an organisation. `membership_id` is who came in by it.

    By mail it is bound to the address. `guest_key` says who is meant, so that nobody is invited twice; `run_id` is
    the run of bulk onboarding in the parent organisation that issued it. `wrapped_code`: that of which the code of a
    slip or message is made, wrapped by the organisation's key, so that it can be printed again.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "invited_by_id"], ["memberships.organisation_id", "memberships.id"]),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        CheckConstraint(f"way IN ({_WAYS})", name="way"),
        CheckConstraint("way <> 'mail' OR email IS NOT NULL", name="addressed"),
        Index("ix_invitations_organisation_id", "organisation_id", "id"),
        Index("ix_invitations_email_normalised", "email_normalised"),
        Index("ix_invitations_guest_key", "organisation_id", "guest_key"),
        Index("ix_invitations_run_id", "organisation_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index(
            "ix_invitations_directory_token_id",
            "organisation_id",
            "directory_token_id",
            postgresql_where=text("directory_token_id IS NOT NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    way: Mapped[str] = mapped_column(Text, default=InvitationWay.MAIL.value)
    email: Mapped[str | None] = mapped_column(Text)
    email_normalised: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    guest_name: Mapped[str | None] = mapped_column(Text)
    guest_key: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    run_id: Mapped[UUID | None]
    wrapped_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    in_person: Mapped[bool] = mapped_column(Boolean, default=False)
    # Issued while the organisation was suspended: its time begins when that is lifted.
    waits_for_lift: Mapped[bool] = mapped_column(Boolean, default=False)
    sent_at: Mapped[datetime | None]
    role: Mapped[str] = mapped_column(Text)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime]
    # None: the directory invited by itself, or an officer of an organisation above did.
    invited_by_id: Mapped[UUID | None]
    # Who that was, member or not: nobody lets themselves in.
    invited_by_person_id: Mapped[UUID | None]
    # The organisation above whose officer invited from there: whether they still may is asked of it.
    through_organisation_id: Mapped[UUID | None]
    by_directory: Mapped[bool] = mapped_column(Boolean, default=False)
    # The token with which the directory came: whether it still stands is asked of it.
    directory_token_id: Mapped[UUID | None]
    invited_by_name: Mapped[str] = mapped_column(Text)
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    membership_id: Mapped[UUID | None]
