"""."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET row_security = off")


def downgrade() -> None:
    op.execute("SET row_security = off")
