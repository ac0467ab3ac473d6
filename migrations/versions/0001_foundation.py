"""The queue, the audit trail and the outbox."""

import kinds
import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

OPERATOR_LOG = "'00000000-0000-0000-0000-000000000000'::uuid"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _queue()
    _events()
    _outbox()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for table in ("outbox_messages", "refusal_counts", "event_heads", "events"):
        op.drop_table(table)
    op.execute("DROP SCHEMA queue CASCADE")


def _queue() -> None:
    """procrastinate's own schema: its rows belong to no organisation, its arguments are ids only."""
    op.execute("CREATE SCHEMA queue")
    op.execute("SET search_path = queue, public")
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    op.execute("SET search_path = public")
    op.execute("GRANT USAGE ON SCHEMA queue TO el_app, el_operator, el_worker")
    op.execute("GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA queue TO el_app, el_operator")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA queue TO el_worker")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA queue TO el_app, el_operator, el_worker")


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid()),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("canonical", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("organisation_id", "sequence", name="uq_events_organisation_id_sequence"),
    )
    op.create_index("ix_events_organisation_id_subject_id", "events", ["organisation_id", "subject_id"])
    op.create_table(
        "event_heads",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_event_heads"),
    )
    op.create_table(
        "refusal_counts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "refusal", "hour", name="pk_refusal_counts"),
    )
    # Events are added, never changed or removed: the app holds no right to do so.
    kinds.own("events", rights="SELECT, INSERT")
    kinds.own("event_heads", rights="SELECT, INSERT, UPDATE")
    kinds.own("refusal_counts", rights="SELECT, INSERT, UPDATE")
    # The operator's acts are written into the trail of whom they concern; only the installation's log can be read.
    op.execute("GRANT SELECT, INSERT ON events TO el_operator")
    op.execute("CREATE POLICY operator_insert ON events FOR INSERT TO el_operator WITH CHECK (true)")
    op.execute(
        f"CREATE POLICY operator_select ON events FOR SELECT TO el_operator USING (organisation_id = {OPERATOR_LOG})"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON event_heads TO el_operator")
    op.execute("CREATE POLICY operator_heads ON event_heads FOR ALL TO el_operator USING (true)")


def _outbox() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_messages"),
    )
    kinds.operator("outbox_messages", rights="INSERT")
    op.execute("GRANT INSERT ON outbox_messages TO el_app")
    op.execute("CREATE POLICY app_puts ON outbox_messages FOR INSERT TO el_app WITH CHECK (true)")
    op.execute("GRANT SELECT, UPDATE (sent_at) ON outbox_messages TO el_worker")
    op.execute("CREATE POLICY worker_sends ON outbox_messages FOR ALL TO el_worker USING (true)")
