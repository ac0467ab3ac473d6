"""Tokens of directories, what directories said of people and groups, providers and the identities they vouch for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
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
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.federation.rules import GROUP_ROLES
from entitylocker.tenancy import TableKind

_ROLES = ", ".join(f"'{role}'" for role in GROUP_ROLES)


class DirectoryToken(Identified, Dated, Base):
    """With what an organisation's directory comes. The token itself is shown once and kept as a digest.

    `issued_by_id`: the membership it stands by. It opens nothing once that one may issue none any more. `reminded_at`:
    when the administrators were last told that it ends soon.
    """

    __tablename__ = "directory_tokens"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("ix_directory_tokens_organisation_id", "organisation_id", "id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    issued_by_name: Mapped[str] = mapped_column(Text)
    issued_by_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]


class DirectoryUser(Identified, Dated, Base):
    """A SCIM User (RFC 7643 section 4.1). `document`: the attributes that are kept, as the directory wrote them.

    `membership_id`: who this is here, once they came in, and who they were where people here removed them since;
    `given_role`: what the directory's groups meant for them last.
    `email_normalised` is empty while the directory says no address: nobody is invited then.
    """

    __tablename__ = "directory_users"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "name_normalised"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        Index("ix_directory_users_email_normalised", "organisation_id", "email_normalised"),
        Index("ix_directory_users_external_id", "organisation_id", "external_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name_normalised: Mapped[str] = mapped_column(Text)
    email_normalised: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool]
    membership_id: Mapped[UUID | None]
    given_role: Mapped[str | None] = mapped_column(Text)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)


class DirectoryGroup(Identified, Dated, Base):
    """A SCIM Group (RFC 7643 section 4.2), and the role that the organisation's administrators gave it, if any."""

    __tablename__ = "directory_groups"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)


class DirectoryGroupMember(Base):
    """Who is in a group."""

    __tablename__ = "directory_group_members"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["directory_groups.organisation_id", "directory_groups.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["directory_users.organisation_id", "directory_users.id"],
            ondelete="CASCADE",
        ),
        Index("ix_directory_group_members_user_id", "organisation_id", "user_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)


class IdentityProvider(Identified, Dated, Base):
    """An organisation's own OpenID provider. `slug`: what stands in the address of its way in.

    The client's secret is encrypted under a key of its own (`wrapped_key`, wrapped by the operator's).
    `discovery`, `keys`: what the provider answered at `asked_at`; `tried_at`: when it was asked last.
    """

    __tablename__ = "identity_providers"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("uq_identity_providers_live", "slug", unique=True, postgresql_where=text("ended_at IS NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    encrypted_secret: Mapped[bytes] = mapped_column(LargeBinary)
    set_up_by_name: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    discovery: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    keys: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    asked_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]


class FederatedIdentity(Identified, Dated, Base):
    """Whom a provider knows under which subject. Linked by the person while signed in, never by a mail address."""

    __tablename__ = "federated_identities"
    __table_args__ = (
        UniqueConstraint("provider_id", "issuer", "subject"),
        UniqueConstraint("provider_id", "person_id"),
        Index("ix_federated_identities_person_id", "person_id"),
        {"info": {"kind": TableKind.PERSON}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("identity_providers.id"))
    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    called: Mapped[str] = mapped_column(Text)
