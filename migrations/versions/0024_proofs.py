"""What a proof by offline e-KYC is worth; one refresh of a token at a time; less kept of what ended.

A file is known again by the bytes of its signature from now on, no longer by how they were written down. Digests of
files used before are of the other kind: such a file could be used once more while it is fresh.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute("SET row_security = off")
    # How the file was signed. Earlier proofs do not say.
    op.add_column("citizen_proofs", sa.Column("signature_method", sa.Text(), nullable=True))
    op.add_column("shown_proofs", sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True))
    # Whose turn it is to use up the refresh token, and how long others wait for it.
    op.add_column("citizen_links", sa.Column("refresh_id", sa.Uuid(), nullable=True))
    op.add_column("citizen_links", sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        "ck_citizen_links_refreshing", "citizen_links", "(refresh_id IS NULL) = (refreshing_until IS NULL)"
    )
    op.execute("GRANT UPDATE (refresh_id, refreshing_until) ON citizen_links TO el_app")
    # The membership knows the address, and goes along when it changes.
    op.drop_column("lendings", "person_email")


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.add_column("lendings", sa.Column("person_email", sa.Text(), nullable=False, server_default=""))
    op.alter_column("lendings", "person_email", server_default=None)
    op.drop_constraint("ck_citizen_links_refreshing", "citizen_links", type_="check")
    op.drop_column("citizen_links", "refreshing_until")
    op.drop_column("citizen_links", "refresh_id")
    op.drop_column("shown_proofs", "issued_at")
    op.drop_column("citizen_proofs", "signature_method")
