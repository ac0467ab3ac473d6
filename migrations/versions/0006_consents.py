"""Consents and the documents in them."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _consents()
    _items()


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.drop_table("consent_items")
    op.drop_table("consents")


def _consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("portal_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("portal_id", sa.Uuid(), nullable=False),
        sa.Column("portal_name", sa.Text(), nullable=False),
        sa.Column("portal_homepage", sa.Text(), nullable=False),
        sa.Column("keeper_name", sa.Text(), nullable=False),
        sa.Column("given_by_membership_id", sa.Uuid(), nullable=False),
        sa.Column("given_by_name", sa.Text(), nullable=False),
        sa.Column("given_by_role", sa.Text(), nullable=False),
        sa.Column("document_types", postgresql.JSONB(), nullable=False),
        sa.Column("purpose_code", sa.Text(), nullable=False),
        sa.Column("purpose_text", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetch_times", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("least_verdict", sa.Text()),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_consents_organisation_id_id"),
        sa.ForeignKeyConstraint(
            ["portal_organisation_id", "portal_id"],
            ["portals.organisation_id", "portals.id"],
            name="fk_consents_portal_organisation_id_portal_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "given_by_membership_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_consents_organisation_id_given_by_membership_id",
        ),
        sa.CheckConstraint("fetch_times > 0", name="ck_consents_fetch_times"),
    )
    op.create_index("ix_consents_portal_organisation_id", "consents", ["portal_organisation_id"])
    kinds.two_party("consents", rights="SELECT, INSERT, UPDATE (revoked_at, revoked_by_name)")


def _items() -> None:
    op.create_table(
        "consent_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("portal_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.Column("last_fetched_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_consent_items"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_consent_items_organisation_id_id"),
        sa.UniqueConstraint(
            "organisation_id",
            "consent_id",
            "document_id",
            name="uq_consent_items_organisation_id_consent_id_document_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "consent_id"],
            ["consents.organisation_id", "consents.id"],
            name="fk_consent_items_organisation_id_consent_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "document_id"],
            ["documents.organisation_id", "documents.id"],
            name="fk_consent_items_organisation_id_document_id",
        ),
    )
    # What was agreed stays as it is: only the use of a document is written later.
    kinds.two_party("consent_items", rights="SELECT, INSERT, UPDATE (fetches, last_fetched_at)")
