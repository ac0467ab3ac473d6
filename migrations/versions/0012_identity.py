"""Identifiers that end; directors; changes of an organisation's name and of its members' roles."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

AT = sa.DateTime(timezone=True)
SWEEP = "sweep_expired_identifiers()"
CLAIM = "claim_name_change(uuid)"
OPEN = "uq_identifiers_open"
LETTER = (
    ("letter_name", sa.Text()),
    ("letter_object", sa.Text()),
    ("letter_size", sa.BigInteger()),
    ("letter_stored_size", sa.BigInteger()),
    ("letter_sha256", sa.Text()),
    ("letter_wrapped_key", sa.LargeBinary()),
    ("letter_owner_key", sa.LargeBinary()),
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    _identifiers()
    _directors()
    _role_changes()
    _name_changes()


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(CLAIM)
    op.execute("REVOKE UPDATE (name) ON organisations FROM el_lookup")
    op.execute("DROP POLICY IF EXISTS lookup_update ON organisations")
    for table in ("name_changes", "role_changes", "directors"):
        op.drop_table(table)
    kinds.drop_lookup(SWEEP)
    op.execute("DROP POLICY IF EXISTS lookup_update ON identifiers")
    op.execute("DROP POLICY IF EXISTS worker_list ON identifiers")
    op.execute("REVOKE UPDATE (state) ON identifiers FROM el_lookup")
    op.execute("REVOKE SELECT (organisation_id, state) ON identifiers FROM el_worker")
    op.drop_constraint(op.f("ck_identifiers_of_organisation"), "identifiers")
    op.drop_column("identifiers", "ended_at")
    op.drop_column("identifiers", "valid_until")
    _only_one_open("state IN ('stated', 'verified')")


def _only_one_open(which: str) -> None:
    op.drop_index(OPEN, "identifiers")
    columns = ["organisation_id", "kind", "value"]
    op.create_index(OPEN, "identifiers", columns, unique=True, postgresql_where=sa.text(which))


def _identifiers() -> None:
    op.add_column("identifiers", sa.Column("valid_until", sa.Date()))
    op.add_column("identifiers", sa.Column("ended_at", AT))
    op.create_check_constraint(op.f("ck_identifiers_of_organisation"), "identifiers", "kind <> 'din'")
    # What is verified and ends soon is stated again before it ends; that one is verified is another index.
    _only_one_open("state = 'stated'")
    op.execute("GRANT UPDATE (valid_until, ended_at) ON identifiers TO el_operator")
    kinds.worker_lists("identifiers", ["organisation_id", "state", "valid_until"])
    # An organisation never decides about its identifiers; that a day has passed is no decision. For whom is not an
    # argument: the function works for the organisation of the transaction only.
    kinds.lookup(
        """CREATE FUNCTION sweep_expired_identifiers()
        RETURNS TABLE (id uuid, kind text, value text, valid_until date)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ UPDATE identifiers i SET state = 'expired', ended_at = now()
              WHERE i.organisation_id = nullif(current_setting('app.organisation_id', true), '')::uuid
                AND i.state = 'verified' AND i.valid_until < (now() AT TIME ZONE 'Asia/Kolkata')::date
              RETURNING i.id, i.kind, i.value, i.valid_until $$""",
        SWEEP,
        reads=[("identifiers", ["id", "organisation_id", "kind", "value", "state", "valid_until"])],
        writes="UPDATE (state, ended_at)",
    )


def _directors() -> None:
    op.create_table(
        "directors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("din", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_by_name", sa.Text(), nullable=False),
        sa.Column("ended_at", AT),
        sa.Column("ended_by_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_directors"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_directors_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_directors_organisation_id"),
    )
    current = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_directors_current", "directors", ["organisation_id", "din"], unique=True, postgresql_where=current
    )
    kinds.own("directors", rights="SELECT, INSERT, UPDATE (ended_at, ended_by_name)")


def _role_changes() -> None:
    op.create_table(
        "role_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("changed_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_changes"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_role_changes_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_role_changes_organisation_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "membership_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_role_changes_organisation_id_membership_id",
        ),
    )
    op.create_index("ix_role_changes_membership", "role_changes", ["organisation_id", "membership_id"])
    kinds.own("role_changes", rights="SELECT, INSERT")


def _name_changes() -> None:
    op.create_table(
        "name_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("old_name", sa.Text(), nullable=False),
        sa.Column("new_name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_by_email", sa.Text(), nullable=False),
        sa.Column("decided_at", AT),
        sa.Column("decided_by_name", sa.Text()),
        sa.Column("note", sa.Text()),
        *(sa.Column(name, kind) for name, kind in LETTER),
        sa.PrimaryKeyConstraint("id", name="pk_name_changes"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_name_changes_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_name_changes_organisation_id"),
        sa.CheckConstraint("state IN ('pending', 'done', 'refused', 'withdrawn')", name="ck_name_changes_state"),
    )
    pending = sa.text("state = 'pending'")
    op.create_index(
        "uq_name_changes_pending", "name_changes", ["organisation_id"], unique=True, postgresql_where=pending
    )
    kinds.own("name_changes", rights="SELECT, INSERT, UPDATE (state, decided_at, decided_by_name)")
    # Asked for, it can be withdrawn by whoever asked; what the operator has to confirm, the app cannot mark as done.
    op.execute(
        "CREATE POLICY only_withdrawn ON name_changes AS RESTRICTIVE FOR UPDATE TO el_app"
        " USING (state = 'pending') WITH CHECK (state = 'withdrawn')"
    )
    kinds.grant_operator("name_changes", "SELECT")
    kinds.grant_operator("name_changes", "UPDATE", ["state", "decided_at", "decided_by_name", "note"])
    # The operator confirms the name that was asked for, and can write no other.
    kinds.lookup(
        """CREATE FUNCTION claim_name_change(uuid) RETURNS uuid
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ WITH confirmed AS (
                  UPDATE name_changes c SET state = 'done' WHERE c.id = $1 AND c.state = 'pending'
                  RETURNING c.organisation_id, c.new_name)
              UPDATE organisations o SET name = confirmed.new_name FROM confirmed
              WHERE o.id = confirmed.organisation_id RETURNING o.id $$""",
        CLAIM,
        reads=[
            ("organisations", ["id", "name"]),
            ("name_changes", ["id", "organisation_id", "new_name", "state"]),
        ],
        writes="UPDATE (name)",
    )
    op.execute("GRANT UPDATE (state) ON name_changes TO el_lookup")
    op.execute("CREATE POLICY lookup_update ON name_changes FOR UPDATE TO el_lookup USING (true)")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {CLAIM} FROM el_app")
    op.execute(f"GRANT EXECUTE ON FUNCTION {CLAIM} TO el_operator")
    op.execute("RESET ROLE")
