"""Portals and the operator's decisions about them."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

LOOKUP = "lookup_portal(text)"


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.create_table(
        "portals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("homepage", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("jwks", postgresql.JSONB(), nullable=False),
        sa.Column("redirect_uris", postgresql.JSONB(), nullable=False),
        sa.Column("document_types", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by_name", sa.Text(), nullable=False),
        sa.Column("registered_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_portals"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_portals_organisation_id_id"),
        sa.UniqueConstraint("client_id", name="uq_portals_client_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_portals_organisation_id"),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'suspended')", name="ck_portals_state"),
    )
    op.create_index("ix_portals_state", "portals", ["state"])
    # Only the operator changes a portal: a keeper proposes, and approval is never within its own reach.
    kinds.own("portals", rights="SELECT, INSERT")
    op.execute(
        "CREATE POLICY only_proposed ON portals AS RESTRICTIVE FOR INSERT TO el_app WITH CHECK (state = 'proposed')"
    )
    kinds.grant_operator("portals", "SELECT")
    kinds.grant_operator("portals", "UPDATE", ["state", "reason", "decided_at", "decided_by_name"])
    _lookup()


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(LOOKUP)
    op.drop_table("portals")


def _lookup() -> None:
    """The portal that a client_id names, whoever asks."""
    kinds.lookup(
        """CREATE FUNCTION lookup_portal(wanted text)
        RETURNS TABLE (id uuid, organisation_id uuid, keeper_name text, keeper_verified boolean, client_id text,
                       name text, homepage text, jwks jsonb, redirect_uris jsonb, document_types jsonb, state text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS $$
        SELECT p.id, p.organisation_id, o.name,
               EXISTS (SELECT 1 FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified'),
               p.client_id, p.name, p.homepage, p.jwks, p.redirect_uris, p.document_types, p.state
        FROM portals p JOIN organisations o ON o.id = p.organisation_id WHERE p.client_id = wanted $$""",
        LOOKUP,
        reads=[
            (
                "portals",
                [
                    "id",
                    "organisation_id",
                    "client_id",
                    "name",
                    "homepage",
                    "jwks",
                    "redirect_uris",
                    "document_types",
                    "state",
                ],
            ),
            ("organisations", ["id", "name"]),
            ("identifiers", ["organisation_id", "state"]),
        ],
    )
