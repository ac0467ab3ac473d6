"""How a session was opened and last confirmed; the life and the parent of an organisation."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

SESSION = "lookup_session(bytea)"
COLUMNS = """session_id uuid, person_id uuid, name text, email text, language text,
             created_at timestamptz, last_seen_at timestamptz, is_operator boolean"""
READ = """s.id, p.id, p.name, p.email, p.language, s.created_at, s.last_seen_at,
          EXISTS (SELECT FROM operators o WHERE o.person_id = p.id AND o.ended_at IS NULL)"""


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.add_column("sessions", sa.Column("amr", sa.Text(), nullable=False, server_default="pwd"))
    op.alter_column("sessions", "amr", server_default=None)
    op.add_column("sessions", sa.Column("confirmed_at", sa.DateTime(timezone=True)))
    # Whoever was signed in before confirmed it when they signed in, not now. (The walls bind the owner, too: an
    # UPDATE would find no rows.)
    op.execute("ALTER TABLE sessions ALTER COLUMN confirmed_at TYPE timestamptz USING created_at")
    op.alter_column("sessions", "confirmed_at", nullable=False)
    _session_lookup(f"{COLUMNS}, amr text, confirmed_at timestamptz", f"{READ}, s.amr, s.confirmed_at")
    op.add_column("organisations", sa.Column("state", sa.Text(), nullable=False, server_default="active"))
    op.alter_column("organisations", "state", server_default=None)
    op.create_check_constraint(
        "ck_organisations_state", "organisations", "state IN ('draft', 'active', 'suspended', 'closed')"
    )
    # In one statement: a key added to a column that is there already would be checked row by row, behind the walls.
    op.execute(
        "ALTER TABLE organisations ADD COLUMN parent_id uuid"
        " CONSTRAINT fk_organisations_parent_id REFERENCES organisations (id)"
    )
    op.create_index(
        "ix_organisations_parent_id",
        "organisations",
        ["parent_id"],
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.execute("GRANT SELECT (state, parent_id) ON organisations TO el_operator, el_lookup")
    op.alter_column("invitations", "invited_by_id", nullable=True)


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.alter_column("invitations", "invited_by_id", nullable=False)
    op.drop_column("organisations", "parent_id")
    op.drop_column("organisations", "state")
    _session_lookup(COLUMNS, READ)
    op.drop_column("sessions", "confirmed_at")
    op.drop_column("sessions", "amr")


def _session_lookup(columns: str, read: str) -> None:
    kinds.drop_lookup(SESSION)
    seen = ["id", "person_id", "token_digest", "created_at", "last_seen_at", "ended_at"]
    added = ["amr", "confirmed_at"] if "amr" in read else []
    kinds.lookup(
        f"""CREATE FUNCTION lookup_session(bytea) RETURNS TABLE ({columns})
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT {read} FROM sessions s JOIN persons p ON p.id = s.person_id
              WHERE s.token_digest = $1 AND s.ended_at IS NULL $$""",
        SESSION,
        reads=[("sessions", [*seen, *added]), ("operators", ["person_id", "ended_at"])],
    )
