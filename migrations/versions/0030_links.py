"""A citizen locker that names somebody differently: what organisations saw through it is hidden at once."""

import kinds
from alembic import op

revision = "0030"
down_revision = "0029"

HIDE = "claim_back_shown_proofs(uuid)"


def upgrade() -> None:
    op.execute("SET row_security = off")
    # As claim_back_citizen_source does at the end of a link, but what is lent stays lent.
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_shown_proofs(wanted uuid) RETURNS TABLE (organisation_id uuid, thing_id uuid)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public AS $$
        DELETE FROM shown_proofs s USING citizen_links l
        WHERE l.id = wanted AND l.person_id = {kinds.PERSON} AND s.source_id = l.id
        RETURNING s.organisation_id, s.id $$""",
        HIDE,
        reads=[("shown_proofs", ["id", "organisation_id", "source_id"]), ("citizen_links", ["id", "person_id"])],
        writes="DELETE",
    )


def downgrade() -> None:
    op.execute("SET row_security = off")
    kinds.drop_lookup(HIDE)
