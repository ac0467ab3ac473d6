"""Whose signatures are believed: certificates, imported CRLs, an organisation's policy; verdicts for others."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

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
# A certificate is added, removed and added again; what it is never changes.
CHANGEABLE = ["added_at", "added_by_name", "removed_at", "removed_by_name"]


def upgrade() -> None:
    op.execute("SET row_security = off")
    _certificates("trust_certificates", sa.UniqueConstraint("fingerprint", name="uq_trust_certificates_fingerprint"))
    kinds.common("trust_certificates")
    kinds.grant_operator("trust_certificates", "INSERT")
    kinds.grant_operator("trust_certificates", "UPDATE", CHANGEABLE)
    _certificates(
        "organisation_certificates",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("organisation_id", "id", name="uq_organisation_certificates_organisation_id_id"),
        sa.UniqueConstraint(
            "organisation_id", "fingerprint", name="uq_organisation_certificates_organisation_id_fingerprint"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_organisation_certificates_organisation_id"
        ),
    )
    kinds.own("organisation_certificates", rights=f"SELECT, INSERT, UPDATE ({', '.join(CHANGEABLE)})")
    _crls()
    _policies()
    op.add_column("versions", sa.Column("outward_verdict", sa.Text()))
    op.create_check_constraint("ck_versions_outward_verdict", "versions", f"outward_verdict IN {VERDICTS}")
    op.execute("GRANT UPDATE (outward_verdict) ON versions TO el_app")


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.drop_column("versions", "outward_verdict")
    for table in ("trust_policies", "trust_crls", "organisation_certificates", "trust_certificates"):
        op.drop_table(table)


def _certificates(table: str, *more: sa.Column | sa.Constraint) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("is_root", sa.Boolean(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_name", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("removed_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *more,
    )


def _crls() -> None:
    op.create_table(
        "trust_crls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("produced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_update", sa.DateTime(timezone=True)),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trust_crls"),
        sa.UniqueConstraint("series", name="uq_trust_crls_series"),
    )
    kinds.common("trust_crls")
    kinds.grant_operator("trust_crls", "INSERT")
    kinds.grant_operator("trust_crls", "UPDATE")


def _policies() -> None:
    op.create_table(
        "trust_policies",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("claimed_time_suffices", sa.Boolean(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_trust_policies"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_trust_policies_organisation_id"),
    )
    kinds.own("trust_policies", rights="SELECT, INSERT, UPDATE")
