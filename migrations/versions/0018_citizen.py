"""."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("SET row_security = off")


def downgrade() -> None:
    op.execute("SET row_security = off")
