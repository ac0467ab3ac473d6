"""What was read of a file and what was left out is kept with its run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"

TABLE = "onboarding_runs"


def upgrade() -> None:
    op.execute("SET row_security = off")
    # Of the files of before it is not known.
    op.add_column(TABLE, sa.Column("reading", JSONB(), nullable=True))


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.drop_column(TABLE, "reading")
