"""The life of an organisation: why it stands where it stands, proposals and votes, exports, the end of its key."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

AT = sa.DateTime(timezone=True)
DEFINER = "SECURITY DEFINER SET search_path = public"
VERIFIED = "EXISTS (SELECT 1 FROM identifiers i WHERE i.organisation_id = {} AND i.state = 'verified')"
PORTAL, TOKEN, CHECK_CODE = "lookup_portal(text)", "lookup_token(bytea)", "lookup_check_code(bytea)"
KEY = "claim_back_organisation_key(uuid)"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _states()
    _proposals()
    _votes()
    _exports()
    _lookups(with_state=True)
    # The key goes only when the thirty days are over: the database itself looks, whoever calls.
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_organisation_key(uuid) RETURNS TABLE (organisation_id uuid)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        DELETE FROM organisation_keys k WHERE k.organisation_id = $1 AND EXISTS (
            SELECT 1 FROM organisations o WHERE o.id = $1 AND o.state = 'closed'
            AND o.state_at < clock_timestamp() - interval '30 days')
        RETURNING k.organisation_id $$""",
        KEY,
        reads=[("organisation_keys", ["organisation_id"]), ("organisations", ["id", "state", "state_at"])],
        writes="DELETE",
    )


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(KEY)
    _lookups(with_state=False)
    for table in ("exports", "proposal_votes", "proposals"):
        op.drop_table(table)
    op.execute("DROP POLICY worker_list ON organisations")
    op.execute("DROP POLICY operator_update ON organisations")
    op.execute("REVOKE SELECT (id, state) ON organisations FROM el_worker")
    for column in ("state_by_name", "state_at", "state_reason", "suspended_by"):
        op.drop_column("organisations", column)


def _states() -> None:
    op.add_column("organisations", sa.Column("suspended_by", sa.Text()))
    op.add_column("organisations", sa.Column("state_reason", sa.Text(), nullable=False, server_default=""))
    op.alter_column("organisations", "state_reason", server_default=None)
    op.add_column("organisations", sa.Column("state_at", AT))
    op.add_column("organisations", sa.Column("state_by_name", sa.Text(), nullable=False, server_default=""))
    op.alter_column("organisations", "state_by_name", server_default=None)
    op.create_check_constraint(
        "ck_organisations_suspended_by",
        "organisations",
        "suspended_by IN ('operator', 'organisation') AND state = 'suspended'"
        " OR suspended_by IS NULL AND state <> 'suspended'",
    )
    changed = ["state", "suspended_by", "state_reason", "state_at", "state_by_name"]
    op.execute(f"GRANT SELECT ({', '.join(changed)}) ON organisations TO el_operator")
    kinds.grant_operator("organisations", "UPDATE", changed)
    kinds.worker_lists("organisations", ["id", "state", "state_at"])


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("concerned_id", sa.Uuid()),
        sa.Column("concerned_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by_name", sa.Text(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("alone_since", AT),
        sa.Column("objected_at", AT),
        sa.Column("ended_at", AT),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_proposals_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_proposals_organisation_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "concerned_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_proposals_organisation_id_concerned_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposed_by_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_proposals_organisation_id_proposed_by_id",
        ),
        sa.CheckConstraint("kind IN ('remove', 'demote', 'replace', 'lift', 'close')", name="ck_proposals_kind"),
        sa.CheckConstraint("(concerned_id IS NULL) = (kind IN ('lift', 'close'))", name="ck_proposals_concerned"),
        sa.CheckConstraint("(role IS NOT NULL) = (kind = 'demote')", name="ck_proposals_role"),
        sa.CheckConstraint("(email IS NOT NULL) = (kind = 'replace')", name="ck_proposals_email"),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ck_proposals_ended"),
    )
    open_ones = sa.text("ended_at IS NULL")
    op.create_index("ix_proposals_open", "proposals", ["organisation_id", "id"], postgresql_where=open_ones)
    kinds.own("proposals", rights="SELECT, INSERT, UPDATE (expires_at, alone_since, objected_at, ended_at, outcome)")


def _votes() -> None:
    op.create_table(
        "proposal_votes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("proposal_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("member_name", sa.Text(), nullable=False),
        sa.Column("yes", sa.Boolean(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "proposal_id", "membership_id", name="pk_proposal_votes"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "proposal_id"],
            ["proposals.organisation_id", "proposals.id"],
            name="fk_proposal_votes_organisation_id_proposal_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "membership_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_proposal_votes_organisation_id_membership_id",
        ),
    )
    kinds.own("proposal_votes", rights="SELECT, INSERT, UPDATE (yes, at)")


def _exports() -> None:
    op.create_table(
        "exports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("made_by_name", sa.Text(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("versions", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_exports_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_exports_organisation_id"),
    )
    kinds.own("exports", rights="SELECT, INSERT, UPDATE (ended_at)")


def _lookups(*, with_state: bool) -> None:
    """What is found before the tenant is known, with or without the states of the organisations it depends on."""
    for signature in (PORTAL, TOKEN, CHECK_CODE):
        kinds.drop_lookup(signature)
    _portal_lookup(with_state)
    _token_lookup(with_state)
    _check_code_lookup(with_state)


def _portal_lookup(with_state: bool) -> None:
    column, read = (", keeper_state text", ", o.state") if with_state else ("", "")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_portal(wanted text)
        RETURNS TABLE (id uuid, organisation_id uuid, keeper_name text, keeper_verified boolean, client_id text,
                       name text, homepage text, jwks jsonb, redirect_uris jsonb, document_types jsonb,
                       state text{column})
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT p.id, p.organisation_id, o.name, {VERIFIED.format("o.id")},
               p.client_id, p.name, p.homepage, p.jwks, p.redirect_uris, p.document_types, p.state{read}
        FROM portals p JOIN organisations o ON o.id = p.organisation_id WHERE p.client_id = wanted $$""",
        PORTAL,
        reads=[],
    )


def _token_lookup(with_state: bool) -> None:
    columns, read = (", organisation_state text, keeper_state text", ", o.state, k.state") if with_state else ("", "")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_token(wanted bytea)
        RETURNS TABLE (id uuid, kind text, code_id uuid, client_id text, expires_at timestamptz, revoked_at timestamptz,
                       organisation_id uuid, organisation_name text, organisation_verified boolean,
                       consent_id uuid, consent_ends_at timestamptz, consent_revoked_at timestamptz,
                       document_ids uuid[],
                       portal_id uuid, portal_name text, portal_state text, keeper_verified boolean{columns})
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT t.id, t.kind, t.code_id, t.client_id, t.expires_at, t.revoked_at,
               o.id, o.name, {VERIFIED.format("o.id")},
               c.id, c.ends_at, c.revoked_at,
               ARRAY (SELECT x.document_id FROM consent_items x
                      WHERE x.organisation_id = c.organisation_id AND x.consent_id = c.id),
               p.id, p.name, p.state, {VERIFIED.format("p.organisation_id")}{read}
        FROM tokens t
        JOIN consents c ON c.organisation_id = t.organisation_id AND c.id = t.consent_id
        JOIN organisations o ON o.id = c.organisation_id
        JOIN portals p ON p.organisation_id = c.portal_organisation_id AND p.id = c.portal_id
        JOIN organisations k ON k.id = p.organisation_id
        WHERE t.token_digest = wanted $$""",
        TOKEN,
        reads=[],
    )


def _check_code_lookup(with_state: bool) -> None:
    active = (
        "AND EXISTS (SELECT 1 FROM organisations o WHERE o.id = k.organisation_id AND o.state = 'active')"
        if with_state
        else ""
    )
    kinds.lookup(
        f"""CREATE FUNCTION lookup_check_code(wanted bytea) RETURNS TABLE (organisation_id uuid, check_page_id uuid)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT k.organisation_id, k.check_page_id
        FROM check_codes k
        JOIN check_pages p ON p.organisation_id = k.organisation_id AND p.id = k.check_page_id AND p.ended_at IS NULL
        WHERE k.code_digest = wanted AND {VERIFIED.format("k.organisation_id")} {active} $$""",
        CHECK_CODE,
        reads=[],
    )
