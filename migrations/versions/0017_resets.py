"""."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET row_security = off")


def downgrade() -> None:
    op.execute("SET row_security = off")
