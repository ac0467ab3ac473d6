"""Folders, documents, versions, document types, answered uploads."""

import csv
from pathlib import Path

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

DOCUMENT_TYPES = Path(__file__).resolve().parents[1] / "data" / "document_types.csv"
VERDICTS = (
    "altered",
    "changed_after_signing",
    "revoked",
    "not_checkable",
    "old_cryptography",
    "signer_not_confirmed",
    "filled_in_after_signing",
    "valid_at_claimed_time",
    "valid_with_additions",
    "valid",
    "not_signed",
    "checking",
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    _document_types()
    _folders()
    _documents()
    _versions()
    _idempotency_keys()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for table in ("idempotency_keys", "versions", "documents", "folders", "document_types"):
        op.drop_table(table)


def _document_types() -> None:
    table = op.create_table(
        "document_types",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("label_hi", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_document_types"),
    )
    with DOCUMENT_TYPES.open(encoding="utf-8", newline="") as file:
        rows = [
            {
                "code": row["code"],
                "label_en": row["label_en"],
                "label_hi": row["label_hi"],
                "sensitive": row["sensitive"].strip().lower() in ("1", "true", "yes"),
            }
            for row in csv.DictReader(file)
        ]
    op.bulk_insert(table, rows)
    kinds.common("document_types")


def _folders() -> None:
    op.create_table(
        "folders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_folders"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_folders_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "path", name="uq_folders_organisation_id_path"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_folders_organisation_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["folders.organisation_id", "folders.id"],
            name="fk_folders_organisation_id_parent_id",
        ),
    )
    root = sa.text("parent_id IS NULL")
    op.create_index("uq_folders_root", "folders", ["organisation_id"], unique=True, postgresql_where=root)
    name = ["organisation_id", "parent_id", sa.text("lower(name)")]
    op.create_index("uq_folders_name", "folders", name, unique=True)
    kinds.own("folders", rights="SELECT, INSERT, UPDATE (name)")


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("folder_path", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("type_code", sa.Text()),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date()),
        sa.Column("expires_on", sa.Date()),
        sa.Column("version_number", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("binned_at", sa.DateTime(timezone=True)),
        sa.Column("binned_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_documents_organisation_id_id"),
        sa.ForeignKeyConstraint(["type_code"], ["document_types.code"], name="fk_documents_type_code"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "folder_id"],
            ["folders.organisation_id", "folders.id"],
            name="fk_documents_organisation_id_folder_id",
        ),
    )
    op.create_index("ix_documents_folder", "documents", ["organisation_id", "folder_id", "id"])
    op.create_index(
        "ix_documents_path",
        "documents",
        ["organisation_id", "folder_path"],
        postgresql_ops={"folder_path": "text_pattern_ops"},
    )
    op.create_index(
        "ix_documents_expires",
        "documents",
        ["organisation_id", "expires_on"],
        postgresql_where=sa.text("binned_at IS NULL"),
    )
    kinds.own("documents", rights="SELECT, INSERT, UPDATE")


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ciphertext_size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_by_id", sa.Uuid()),
        sa.Column("created_by_name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("report", postgresql.JSONB()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_versions_organisation_id_id"),
        sa.UniqueConstraint(
            "organisation_id", "document_id", "number", name="uq_versions_organisation_id_document_id_number"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "document_id"],
            ["documents.organisation_id", "documents.id"],
            name="fk_versions_organisation_id_document_id",
        ),
        sa.CheckConstraint("verdict IN (" + ", ".join(f"'{word}'" for word in VERDICTS) + ")", name="verdict"),
    )
    op.create_index("ix_versions_sha256", "versions", ["organisation_id", "sha256"])
    # A version is immutable: the app may write what a check found, and nothing else of it.
    kinds.own("versions", rights="SELECT, INSERT, UPDATE (verdict, reason, report, checked_at)")
    kinds.worker_lists("versions", ["organisation_id", "id", "verdict", "created_at"])


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "key", name="pk_idempotency_keys"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_idempotency_keys_organisation_id"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["organisation_id", "created_at"])
    kinds.own("idempotency_keys", rights="SELECT, INSERT, DELETE")
