"""Tables of the vault: folders, documents, immutable versions, types of documents, answered uploads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
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

from entitylocker.extensions import Base, Dated, Identified
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from entitylocker.tenancy import TableKind


class Folder(Identified, Dated, Base):
    """A place in the vault. `path` is made of ids, never changes and ends in "/"; the root's is "/"."""

    __tablename__ = "folders"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "path"),
        ForeignKeyConstraint(["organisation_id", "parent_id"], ["folders.organisation_id", "folders.id"]),
        Index("uq_folders_root", "organisation_id", unique=True, postgresql_where=text("parent_id IS NULL")),
        Index("uq_folders_name", "organisation_id", "parent_id", text("lower(name)"), unique=True),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    parent_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)

    @property
    def depth(self) -> int:
        """0 for the root, 1 for what lies in it."""
        return self.path.count("/") - 1


class DocumentType(Base):
    """A kind of document by its code, as it stands in document URIs. Filled by migrations."""

    __tablename__ = "document_types"
    __table_args__ = ({"info": {"kind": TableKind.COMMON}},)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    label_en: Mapped[str] = mapped_column(Text)
    label_hi: Mapped[str] = mapped_column(Text)
    sensitive: Mapped[bool] = mapped_column(Boolean)

    def label(self, language: str) -> str:
        """The name of the type in `language` (en or hi)."""
        return self.label_hi if language == "hi" and self.label_hi else self.label_en


class Document(Identified, Dated, Base):
    """A document: what is known about it.

    Its bytes are in its versions; `version_number` is the current one.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "folder_id"], ["folders.organisation_id", "folders.id"]),
        Index("ix_documents_folder", "organisation_id", "folder_id", "id"),
        Index(
            "ix_documents_path",
            "organisation_id",
            "folder_path",
            postgresql_ops={"folder_path": "text_pattern_ops"},
        ),
        Index(
            "ix_documents_expires",
            "organisation_id",
            "expires_on",
            postgresql_where=text("binned_at IS NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    folder_id: Mapped[UUID]
    folder_path: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    type_code: Mapped[str | None] = mapped_column(ForeignKey("document_types.code"))
    number: Mapped[str] = mapped_column(Text, default="")
    issued_on: Mapped[date | None] = mapped_column(Date)
    expires_on: Mapped[date | None] = mapped_column(Date)
    version_number: Mapped[int] = mapped_column(Integer, default=1)
    created_by_id: Mapped[UUID | None]
    created_by_name: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    binned_at: Mapped[datetime | None]
    binned_by_name: Mapped[str] = mapped_column(Text, default="")


_VERDICTS = ", ".join(f"'{verdict.value}'" for verdict in Verdict)


class Version(Identified, Dated, Base):
    """The bytes of a document as they came in. Only what a check finds is ever written to it afterwards.

    `outward_verdict`: the word by the installation's trust alone, where the organisation's own makes it another.
    `recheck_at`, `recheck_why`: when it is checked again, and for which reason; `failures`: checks in a row that
    failed on our side. `verdict_before`: the word until `verdict_changed_at`, when a later check found another, and
    `outward_before` the one for others, if only that changed; `change_told_at`: when the organisation was told.
    """

    __tablename__ = "versions"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "document_id", "number"),
        ForeignKeyConstraint(["organisation_id", "document_id"], ["documents.organisation_id", "documents.id"]),
        Index("ix_versions_sha256", "organisation_id", "sha256"),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint(f"outward_verdict IN ({_VERDICTS})", name="outward_verdict"),
        Index("ix_versions_recheck_at", "recheck_at", postgresql_where=text("recheck_at IS NOT NULL")),
        Index(
            "ix_versions_verdict_changed_at",
            "organisation_id",
            "verdict_changed_at",
            postgresql_where=text("verdict_changed_at IS NOT NULL"),
        ),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    document_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(Integer)
    filename: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    ciphertext_size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_by_id: Mapped[UUID | None]
    created_by_name: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    outward_verdict: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    report: Mapped[dict[str, Any] | None]
    checked_at: Mapped[datetime | None]
    recheck_at: Mapped[datetime | None]
    recheck_why: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    verdict_before: Mapped[str | None] = mapped_column(Text)
    outward_before: Mapped[str | None] = mapped_column(Text)
    verdict_changed_at: Mapped[datetime | None]
    change_told_at: Mapped[datetime | None]

    @property
    def verdict_for_others(self) -> Verdict:
        """The word that portals and strangers are told: what an organisation alone trusts does not count for them.

        What is red for the organisation itself is so for everybody.
        """
        own = Verdict(self.verdict)
        if own is Verdict.CHECKING or colour(own) is Colour.RED:
            return own
        return Verdict(self.outward_verdict or own)


class AnsweredUpload(Base):
    """An upload that was answered under an idempotency key: sent again, it gets the same answer."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_created_at", "organisation_id", "created_at"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
