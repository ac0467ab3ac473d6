"""${message}"""

import sqlalchemy as sa
from alembic import op

import kinds

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    op.execute("SET row_security = off")
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    op.execute("SET row_security = off")
    ${downgrades if downgrades else "pass"}
