"""Roles given to members for a folder and a time."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("folder_id", sa.Uuid()),
        sa.Column("folder_path", sa.Text()),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date()),
        sa.Column("starts_at", AT, nullable=False),
        sa.Column("ends_at", AT),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by_id", sa.Uuid(), nullable=False),
        sa.Column("given_by_name", sa.Text(), nullable=False),
        sa.Column("rests_on_id", sa.Uuid()),
        sa.Column("revoked_at", AT),
        sa.Column("revoked_by_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_delegations"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_delegations_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_delegations_organisation_id"),
        *_within_organisation(),
        sa.CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="ck_delegations_order"),
        sa.CheckConstraint("(folder_id IS NULL) = (folder_path IS NULL)", name="ck_delegations_folder"),
    )
    op.create_index("ix_delegations_membership", "delegations", ["organisation_id", "membership_id"])
    op.create_index(
        "ix_delegations_rests_on",
        "delegations",
        ["organisation_id", "rests_on_id"],
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    kinds.own("delegations", rights="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.drop_table("delegations")


def _within_organisation() -> list[sa.ForeignKeyConstraint]:
    """What a delegation points at is of the same organisation."""
    targets = {
        "membership_id": "memberships",
        "given_by_id": "memberships",
        "folder_id": "folders",
        "rests_on_id": "delegations",
    }
    return [
        sa.ForeignKeyConstraint(
            ["organisation_id", column],
            [f"{table}.organisation_id", f"{table}.id"],
            name=f"fk_delegations_organisation_id_{column}",
        )
        for column, table in targets.items()
    ]
