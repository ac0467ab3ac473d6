"""Invitations by mail, slip and text message; text messages; runs of bulk onboarding, their rows, the target."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

AT = sa.DateTime(timezone=True)
JSONB = postgresql.JSONB
INVITATION = "lookup_invitation(bytea)"
MINE = "lookup_my_invitations()"
ISSUER = "lookup_issuer_above(uuid, uuid)"
ADOPTION = "lookup_adoption()"
ADOPTION_WEEKS = "lookup_adoption_weeks(text)"
ADDED = (
    "email_normalised",
    "way",
    "phone",
    "guest_name",
    "guest_key",
    "language",
    "run_id",
    "wrapped_code",
    "in_person",
    "invited_by_person_id",
    "through_organisation_id",
    "by_directory",
    "sent_at",
)
OLD_COLUMNS = """organisation_id uuid, organisation_name text, role text, email text,
                 invited_by_name text, expires_at timestamptz"""
OLD_READ = "i.organisation_id, o.name, i.role, i.email, i.invited_by_name, i.expires_at"
# The branches below the organisation of the transaction, its own row not among them.
BELOW = """WITH RECURSIVE below AS (
    SELECT o.id FROM organisations o
    WHERE o.parent_id = nullif(current_setting('app.organisation_id', true), '')::uuid
    UNION SELECT o.id FROM organisations o JOIN below b ON o.parent_id = b.id)"""


def upgrade() -> None:
    op.execute("SET row_security = off")
    _invitations()
    _issuers_above()
    _text_messages()
    _runs()
    _adoption()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for signature in (ADOPTION_WEEKS, ADOPTION, ISSUER, MINE):
        kinds.drop_lookup(signature)
    for table in ("onboarding_targets", "onboarding_rows", "onboarding_runs", "text_messages"):
        op.drop_table(table)
    _invitation_lookup(OLD_COLUMNS, OLD_READ, "", [])
    for name in ("ix_invitations_email_normalised", "ix_invitations_run_id", "ix_invitations_guest_key"):
        op.drop_index(name, "invitations")
    for name in ADDED:
        op.drop_column("invitations", name)
    # Slips and messages have no address; what is not known cannot be told.
    op.execute("ALTER TABLE invitations ALTER COLUMN email TYPE text USING coalesce(email, '')")
    op.alter_column("invitations", "email", nullable=False)


def _invitations() -> None:
    table = "invitations"
    op.alter_column(table, "email", nullable=True)
    op.add_column(table, sa.Column("email_normalised", sa.Text()))
    # The walls bind the owner, too: an UPDATE would find no rows.
    op.execute(f"ALTER TABLE {table} ALTER COLUMN email_normalised TYPE text USING lower(normalize(email, NFKC))")
    op.add_column(table, sa.Column("way", sa.Text(), nullable=False, server_default="mail"))
    op.alter_column(table, "way", server_default=None)
    op.create_check_constraint("ck_invitations_way", table, "way IN ('mail', 'slip', 'sms')")
    op.create_check_constraint("ck_invitations_addressed", table, "way <> 'mail' OR email IS NOT NULL")
    for name in ("phone", "guest_name", "guest_key", "language"):
        op.add_column(table, sa.Column(name, sa.Text()))
    op.add_column(table, sa.Column("run_id", sa.Uuid()))
    op.add_column(table, sa.Column("wrapped_code", sa.LargeBinary()))
    for name in ("invited_by_person_id", "through_organisation_id"):
        op.add_column(table, sa.Column(name, sa.Uuid()))
    for name in ("in_person", "by_directory"):
        op.add_column(table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
        op.alter_column(table, name, server_default=None)
    op.add_column(table, sa.Column("sent_at", AT))
    op.execute(f"ALTER TABLE {table} ALTER COLUMN sent_at TYPE timestamptz USING created_at")
    op.create_index("ix_invitations_email_normalised", table, ["email_normalised"])
    op.create_index("ix_invitations_guest_key", table, ["organisation_id", "guest_key"])
    op.create_index(
        "ix_invitations_run_id", table, ["organisation_id", "run_id"], postgresql_where=sa.text("run_id IS NOT NULL")
    )
    _invitation_lookup(
        f"{OLD_COLUMNS}, way text, guest_name text",
        f"{OLD_READ}, i.way, i.guest_name",
        "AND o.state IN ('draft', 'active')",
        ["way", "guest_name"],
    )
    # For whom is not an argument: the function answers for the confirmed address of the transaction's person.
    kinds.lookup(
        """CREATE FUNCTION lookup_my_invitations()
        RETURNS TABLE (invitation_id uuid, organisation_id uuid, organisation_name text, role text,
                       invited_by_name text, expires_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT i.id, i.organisation_id, o.name, i.role, i.invited_by_name, i.expires_at
              FROM persons p JOIN invitations i ON i.email_normalised = p.email_normalised
              JOIN organisations o ON o.id = i.organisation_id
              WHERE p.id = nullif(current_setting('app.person_id', true), '')::uuid AND i.way = 'mail'
                AND i.redeemed_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
                AND o.state IN ('draft', 'active') ORDER BY i.id $$""",
        MINE,
        reads=[("invitations", ["id", "email_normalised", "way"]), ("persons", ["id", "email_normalised"])],
    )


def _issuers_above() -> None:
    """Whether somebody may still seat people from an organisation above that of the transaction, and as what there."""
    kinds.lookup(
        """CREATE FUNCTION lookup_issuer_above(person uuid, parent uuid) RETURNS text
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT CASE
            WHEN EXISTS (
                SELECT FROM memberships m
                WHERE m.organisation_id = $2 AND m.person_id = $1 AND m.ended_at IS NULL AND m.source_kind IS NULL
                  AND (m.role = 'administrator' OR EXISTS (
                    SELECT FROM delegations d
                    WHERE d.organisation_id = m.organisation_id AND d.membership_id = m.id
                      AND d.role = 'administrator' AND d.folder_path IS NULL AND d.revoked_at IS NULL
                      AND d.starts_at <= now() AND d.ends_at IS NULL))) THEN 'member'
            WHEN EXISTS (
                SELECT FROM lookup_sources($2) s WHERE s.person_id = $1 AND s.source_kind = 'branch') THEN 'branch'
            END
        FROM lookup_above() a WHERE a.organisation_id = $2 AND a.distance > 0 AND a.state = 'active' $$""",
        ISSUER,
        reads=[
            ("memberships", ["organisation_id", "id", "person_id", "role", "ended_at", "source_kind"]),
            (
                "delegations",
                ["organisation_id", "membership_id", "role", "folder_path", "starts_at", "ends_at", "revoked_at"],
            ),
        ],
    )


def _invitation_lookup(columns: str, read: str, condition: str, added: list[str]) -> None:
    kinds.drop_lookup(INVITATION)
    kinds.lookup(
        f"""CREATE FUNCTION lookup_invitation(bytea) RETURNS TABLE ({columns})
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT {read} FROM invitations i JOIN organisations o ON o.id = i.organisation_id
              WHERE i.token_digest = $1 AND i.redeemed_at IS NULL AND i.revoked_at IS NULL
                AND i.expires_at > now() {condition} $$""",
        INVITATION,
        reads=[("invitations", ["id", "organisation_id", *added]), ("organisations", ["id", "name"])],
    )


def _text_messages() -> None:
    op.create_table(
        "text_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_text_messages"),
    )
    kinds.operator("text_messages", rights="INSERT")
    op.execute("GRANT INSERT ON text_messages TO el_app")
    op.execute("CREATE POLICY app_puts ON text_messages FOR INSERT TO el_app WITH CHECK (true)")
    op.execute("GRANT SELECT, UPDATE (sent_at, text) ON text_messages TO el_worker")
    op.execute("CREATE POLICY worker_sends ON text_messages FOR ALL TO el_worker USING (true)")


def _runs() -> None:
    op.create_table(
        "onboarding_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("started_by_person_id", sa.Uuid(), nullable=False),
        sa.Column("started_by_name", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("in_person", sa.Boolean(), nullable=False),
        sa.Column("letter", sa.LargeBinary()),
        sa.Column("letter_wrapped_key", sa.LargeBinary()),
        sa.Column("letter_name", sa.Text(), nullable=False),
        sa.Column("worked_until", AT),
        sa.Column("finished_at", AT),
        sa.Column("undone_at", AT),
        sa.Column("undone_by_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_onboarding_runs"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_onboarding_runs_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_onboarding_runs_organisation_id"),
        sa.CheckConstraint(
            "state IN ('preview', 'running', 'done', 'stopped', 'undone')", name="ck_onboarding_runs_state"
        ),
    )
    kinds.own("onboarding_runs")
    kinds.worker_lists("onboarding_runs", ["organisation_id", "id", "state", "worked_until"])
    op.create_table(
        "onboarding_rows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("plan", JSONB(), nullable=False),
        sa.Column("problems", JSONB(), nullable=False),
        sa.Column("notes", JSONB(), nullable=False),
        sa.Column("child_id", sa.Uuid()),
        sa.Column("child_opened", sa.Boolean(), nullable=False),
        sa.Column("invitation_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_onboarding_rows"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_onboarding_rows_organisation_id_id"),
        sa.UniqueConstraint("organisation_id", "run_id", "line", name="uq_onboarding_rows_organisation_id_run_id_line"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "run_id"],
            ["onboarding_runs.organisation_id", "onboarding_runs.id"],
            name="fk_onboarding_rows_organisation_id_run_id",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "state IN ('ready', 'bad', 'done', 'known', 'failed', 'undone')", name="ck_onboarding_rows_state"
        ),
    )
    kinds.own("onboarding_rows")
    op.create_table(
        "onboarding_targets",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("officers", sa.Integer(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("changed_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_onboarding_targets"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_onboarding_targets_organisation_id"
        ),
        sa.CheckConstraint("officers BETWEEN 1 AND 1000000", name="ck_onboarding_targets_officers"),
    )
    kinds.own("onboarding_targets", rights="SELECT, INSERT, UPDATE")


def _adoption() -> None:
    """Counts of the branches below the transaction's organisation; of documents and consents nothing but numbers."""
    kinds.lookup(
        f"""CREATE FUNCTION lookup_adoption()
        RETURNS TABLE (organisation_id uuid, name text, state text, invited bigint, joined bigint, waiting bigint,
                       documents bigint, first_document_at timestamptz, consents bigint,
                       first_consent_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ {BELOW}
        SELECT o.id, o.name, o.state, i.invited, i.joined, i.waiting, d.number, d.first_at, c.number, c.first_at
        FROM below b JOIN organisations o ON o.id = b.id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT coalesce(guest_key, id::text)) AS invited,
                   count(DISTINCT coalesce(guest_key, id::text)) FILTER (WHERE redeemed_at IS NOT NULL) AS joined,
                   count(*) FILTER (WHERE redeemed_at IS NULL AND expires_at > now()) AS waiting
            FROM invitations WHERE organisation_id = b.id AND (revoked_at IS NULL OR redeemed_at IS NOT NULL)) i
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, min(created_at) AS first_at FROM documents WHERE organisation_id = b.id) d
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, min(created_at) AS first_at FROM consents WHERE organisation_id = b.id) c
        ORDER BY lower(o.name), o.id $$""",
        ADOPTION,
        reads=[
            ("organisations", ["id", "name", "state", "parent_id"]),
            ("invitations", ["id", "organisation_id", "guest_key", "redeemed_at", "revoked_at", "expires_at"]),
            ("documents", ["organisation_id", "created_at"]),
            ("consents", ["organisation_id", "created_at"]),
        ],
    )
    kinds.lookup(
        f"""CREATE FUNCTION lookup_adoption_weeks(text)
        RETURNS TABLE (week date, invited bigint, joined bigint, documents bigint, consents bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ {BELOW}, happened (at, what) AS (
            SELECT min(created_at), 'invited' FROM invitations JOIN below b ON organisation_id = b.id
            WHERE revoked_at IS NULL OR redeemed_at IS NOT NULL
            GROUP BY organisation_id, coalesce(guest_key, invitations.id::text)
            UNION ALL
            SELECT min(redeemed_at), 'joined' FROM invitations JOIN below b ON organisation_id = b.id
            WHERE redeemed_at IS NOT NULL GROUP BY organisation_id, coalesce(guest_key, invitations.id::text)
            UNION ALL
            SELECT min(created_at), 'document' FROM documents JOIN below b ON organisation_id = b.id
            GROUP BY organisation_id
            UNION ALL
            SELECT min(created_at), 'consent' FROM consents JOIN below b ON organisation_id = b.id
            GROUP BY organisation_id)
        SELECT date_trunc('week', at AT TIME ZONE $1)::date, count(*) FILTER (WHERE what = 'invited'),
               count(*) FILTER (WHERE what = 'joined'), count(*) FILTER (WHERE what = 'document'),
               count(*) FILTER (WHERE what = 'consent')
        FROM happened GROUP BY 1 ORDER BY 1 $$""",
        ADOPTION_WEEKS,
        reads=[("invitations", ["created_at"])],
    )
