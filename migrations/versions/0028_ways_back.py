"""Invitations know the token of the directory that made them; seats open no own sign-in; a way keeps its owner."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

STANDS, ANOTHER = "lookup_directory_stands(uuid)", "lookup_way_of_another(text)"
IDENTITY, MINE = "lookup_federated_identity(uuid, text, text)", "lookup_my_providers()"
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public"


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.add_column("invitations", sa.Column("directory_token_id", sa.Uuid()))
    op.create_index(
        "ix_invitations_directory_token_id",
        "invitations",
        ["organisation_id", "directory_token_id"],
        postgresql_where=sa.text("directory_token_id IS NOT NULL"),
    )
    # Of earlier ones nobody knows by which token they came: they are over. The walls bind the owner, too: an UPDATE
    # would find no rows.
    op.execute(
        "ALTER TABLE invitations ALTER COLUMN revoked_at TYPE timestamptz"
        " USING CASE WHEN by_directory AND redeemed_at IS NULL THEN coalesce(revoked_at, now()) ELSE revoked_at END"
    )
    _directory_stands()
    _way_of_another()
    _identity(" AND m.source_kind IS NULL")
    _mine(" AND m.source_kind IS NULL")


def downgrade() -> None:
    op.execute("SET row_security = off")
    _mine("")
    _identity("")
    kinds.drop_lookup(ANOTHER)
    kinds.drop_lookup(STANDS)
    # The application before this let people in by them without asking.
    op.execute(
        "ALTER TABLE invitations ALTER COLUMN revoked_at TYPE timestamptz"
        " USING CASE WHEN by_directory AND redeemed_at IS NULL THEN coalesce(revoked_at, now()) ELSE revoked_at END"
    )
    op.drop_index("ix_invitations_directory_token_id", "invitations")
    op.drop_column("invitations", "directory_token_id")


def _directory_stands() -> None:
    """Whether a token of the transaction's organisation was not ended, and whoever issued it may issue one.

    One that ended by its time is no reason to distrust what it said before.
    """
    kinds.lookup(
        f"""CREATE FUNCTION {STANDS} RETURNS boolean {DEFINER} AS $$
        SELECT EXISTS (
            SELECT FROM directory_tokens t
            JOIN memberships m ON m.organisation_id = t.organisation_id AND m.id = t.issued_by_id
             AND m.ended_at IS NULL AND m.source_kind IS NULL AND m.role = 'administrator'
            WHERE t.organisation_id = {kinds.ORGANISATION} AND t.id = $1 AND t.revoked_at IS NULL) $$""",
        STANDS,
        reads=[
            ("directory_tokens", ["id", "organisation_id", "issued_by_id", "revoked_at"]),
            ("memberships", ["organisation_id", "id", "ended_at", "source_kind", "role"]),
        ],
    )


def _way_of_another() -> None:
    """Whether a way in of this name is or was another organisation's than the transaction's."""
    kinds.lookup(
        f"""CREATE FUNCTION {ANOTHER} RETURNS boolean {DEFINER} AS $$
        SELECT EXISTS (SELECT FROM identity_providers p
                       WHERE p.slug = $1 AND p.organisation_id IS DISTINCT FROM {kinds.ORGANISATION}) $$""",
        ANOTHER,
        reads=[("identity_providers", ["organisation_id", "slug"])],
    )


def _identity(and_own: str) -> None:
    """Who comes through a provider counts only while they are a member of the provider's organisation itself."""
    kinds.drop_lookup(IDENTITY)
    kinds.lookup(
        f"""CREATE FUNCTION {IDENTITY} RETURNS uuid
        {DEFINER} AS $$
        SELECT f.person_id FROM federated_identities f
        JOIN identity_providers p ON p.id = f.provider_id AND p.ended_at IS NULL
        WHERE f.provider_id = $1 AND f.issuer = $2 AND f.subject = $3
          AND EXISTS (SELECT FROM memberships m WHERE m.organisation_id = p.organisation_id
                      AND m.person_id = f.person_id AND m.ended_at IS NULL{and_own}) $$""",
        IDENTITY,
        reads=[("memberships", ["organisation_id", "person_id", "ended_at", "source_kind"])],
    )


def _mine(and_own: str) -> None:
    """For whom is not an argument: it answers for the person of the transaction."""
    kinds.drop_lookup(MINE)
    kinds.lookup(
        f"""CREATE FUNCTION {MINE}
        RETURNS TABLE (id uuid, organisation_id uuid, organisation_name text, name text, slug text)
        {DEFINER} AS $$
        SELECT p.id, o.id, o.name, p.name, p.slug
        FROM memberships m JOIN organisations o ON o.id = m.organisation_id
        JOIN identity_providers p ON p.organisation_id = o.id AND p.ended_at IS NULL
        WHERE m.person_id = {kinds.PERSON} AND m.ended_at IS NULL{and_own}
        ORDER BY lower(o.name), p.id $$""",
        MINE,
        reads=[("memberships", ["organisation_id", "person_id", "ended_at", "source_kind"])],
    )
