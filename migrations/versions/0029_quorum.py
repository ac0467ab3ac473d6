"""What is issued while an organisation is suspended waits for the lift, and says so to who has the link."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

SLEEPING = "lookup_sleeping_invitation(bytea)"


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.add_column("invitations", sa.Column("waits_for_lift", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("invitations", "waits_for_lift", server_default=None)
    kinds.lookup(
        """CREATE FUNCTION lookup_sleeping_invitation(bytea) RETURNS boolean
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT EXISTS (
            SELECT FROM invitations i JOIN organisations o ON o.id = i.organisation_id
            WHERE i.token_digest = $1 AND i.redeemed_at IS NULL AND i.revoked_at IS NULL
              AND (i.waits_for_lift OR (o.state = 'suspended' AND i.expires_at > now()))) $$""",
        SLEEPING,
        reads=[("invitations", ["waits_for_lift"])],
    )


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(SLEEPING)
    op.drop_column("invitations", "waits_for_lift")
