"""Tokens of directories stand by whoever issued them; sessions know their provider; providers' answers are kept."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0025"
down_revision = "0024"

AT = sa.DateTime(timezone=True)
TOKEN = "lookup_directory_token(bytea)"  # noqa: S105 - the name of a function
PROVIDER = "lookup_identity_provider(text)"
SESSION = "lookup_session(bytea)"
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public"
KEPT = ("discovery", "keys", "asked_at", "tried_at")
SEEN = """session_id uuid, person_id uuid, name text, email text, language text, created_at timestamptz,
          last_seen_at timestamptz, is_operator boolean, amr text, confirmed_at timestamptz, limited_to uuid"""
READ = """s.id, p.id, p.name, p.email, p.language, s.created_at, s.last_seen_at,
          EXISTS (SELECT FROM operators o WHERE o.person_id = p.id AND o.ended_at IS NULL), s.amr, s.confirmed_at,
          s.limited_to"""


def upgrade() -> None:
    op.execute("SET row_security = off")
    # No foreign keys: the tables have walls, which bind their owner, too, when a key is made.
    op.add_column("directory_tokens", sa.Column("issued_by_id", sa.Uuid()))
    op.add_column("directory_tokens", sa.Column("last_used_at", AT))
    op.execute("GRANT UPDATE (last_used_at) ON directory_tokens TO el_app")
    # Who the directory is stays what it was: whoever issued a token, and may no longer, takes the token along.
    _token_lookup(
        "organisation_verified boolean, last_used_at timestamptz",
        ", t.last_used_at",
        """JOIN memberships m ON m.organisation_id = t.organisation_id AND m.id = t.issued_by_id
               AND m.ended_at IS NULL AND m.source_kind IS NULL AND m.role = 'administrator'""",
    )
    op.create_index("ix_directory_users_external_id", "directory_users", ["organisation_id", "external_id"])
    for name in KEPT:
        op.add_column("identity_providers", sa.Column(name, AT if name.endswith("_at") else JSONB()))
    op.execute(f"GRANT UPDATE ({', '.join(KEPT)}) ON identity_providers TO el_app")
    kinds.worker_lists("identity_providers", ["organisation_id", "id", "ended_at", "asked_at"])
    _provider_lookup(
        ", discovery jsonb, keys jsonb, asked_at timestamptz",
        ", p.discovery, p.keys, p.asked_at",
        ["discovery", "keys", "asked_at"],
    )
    op.add_column("sessions", sa.Column("provider_id", sa.Uuid()))
    # Of two providers of one organisation each takes along only what it vouched for. Of earlier sessions nobody knows
    # which it was: they are over.
    _session_lookup("f.provider_id = s.provider_id", ["provider_id"])


def downgrade() -> None:
    op.execute("SET row_security = off")
    _session_lookup("true", [])
    op.drop_column("sessions", "provider_id")
    _provider_lookup("", "", [])
    op.execute("DROP POLICY worker_list ON identity_providers")
    op.execute("REVOKE SELECT (organisation_id, id, ended_at, asked_at) ON identity_providers FROM el_worker")
    for name in KEPT:
        op.drop_column("identity_providers", name)
    op.drop_index("ix_directory_users_external_id", "directory_users")
    _token_lookup("organisation_verified boolean", "", "")
    op.drop_column("directory_tokens", "last_used_at")
    op.drop_column("directory_tokens", "issued_by_id")


def _token_lookup(last: str, read: str, standing: str) -> None:
    kinds.drop_lookup(TOKEN)
    more = ["issued_by_id", "last_used_at"] if standing else []
    maker = [("memberships", ["organisation_id", "id", "ended_at", "source_kind", "role"])] if standing else []
    kinds.lookup(
        f"""CREATE FUNCTION {TOKEN}
        RETURNS TABLE (id uuid, name text, organisation_id uuid, organisation_name text, organisation_state text,
                       {last})
        {DEFINER} AS $$
        SELECT t.id, t.name, o.id, o.name, o.state, EXISTS (
                   SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified'){read}
        FROM directory_tokens t JOIN organisations o ON o.id = t.organisation_id
        {standing}
        WHERE t.token_digest = $1 AND t.revoked_at IS NULL AND t.expires_at > now() $$""",
        TOKEN,
        reads=[("directory_tokens", ["id", "organisation_id", *more]), *maker],
    )


def _provider_lookup(columns: str, read: str, more: list[str]) -> None:
    kinds.drop_lookup(PROVIDER)
    kinds.lookup(
        f"""CREATE FUNCTION {PROVIDER}
        RETURNS TABLE (id uuid, organisation_id uuid, organisation_name text, name text, slug text, issuer text,
                       client_id text, wrapped_key bytea, encrypted_secret bytea{columns})
        {DEFINER} AS $$
        SELECT p.id, p.organisation_id, o.name, p.name, p.slug, p.issuer, p.client_id, p.wrapped_key,
               p.encrypted_secret{read}
        FROM identity_providers p JOIN organisations o ON o.id = p.organisation_id AND o.state = 'active'
        WHERE p.slug = $1 AND p.ended_at IS NULL $$""",
        PROVIDER,
        reads=[("identity_providers", ["id", *more])],
    )


def _session_lookup(vouched_by: str, more: list[str]) -> None:
    kinds.drop_lookup(SESSION)
    kinds.lookup(
        f"""CREATE FUNCTION {SESSION} RETURNS TABLE ({SEEN})
        {DEFINER} AS $$
        SELECT {READ} FROM sessions s JOIN persons p ON p.id = s.person_id
        WHERE s.token_digest = $1 AND s.ended_at IS NULL AND (s.limited_to IS NULL OR EXISTS (
            SELECT FROM federated_identities f
            JOIN identity_providers v ON v.id = f.provider_id AND v.ended_at IS NULL
            WHERE f.person_id = s.person_id AND v.organisation_id = s.limited_to AND {vouched_by})) $$""",
        SESSION,
        reads=[("sessions", ["id", *more])],
    )
