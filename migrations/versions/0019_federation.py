"""Directories that provision members, and providers through which members sign in."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

AT = sa.DateTime(timezone=True)
TOKEN = "lookup_directory_token(bytea)"  # noqa: S105 - the name of a function
PROVIDER = "lookup_identity_provider(text)"
MINE = "lookup_my_providers()"
SESSION = "lookup_session(bytea)"
SEEN = """session_id uuid, person_id uuid, name text, email text, language text, created_at timestamptz,
          last_seen_at timestamptz, is_operator boolean, amr text, confirmed_at timestamptz"""
READ = """s.id, p.id, p.name, p.email, p.language, s.created_at, s.last_seen_at,
          EXISTS (SELECT FROM operators o WHERE o.person_id = p.id AND o.ended_at IS NULL), s.amr, s.confirmed_at"""
# A session for which a provider vouched lasts while the provider does, and the connection with it.
STILL_VOUCHED = """(s.limited_to IS NULL OR EXISTS (
    SELECT FROM federated_identities f JOIN identity_providers v ON v.id = f.provider_id AND v.ended_at IS NULL
    WHERE f.person_id = s.person_id AND v.organisation_id = s.limited_to))"""
IDENTITY = "lookup_federated_identity(uuid, text, text)"
TABLES = (
    "federated_identities",
    "identity_providers",
    "directory_group_members",
    "directory_groups",
    "directory_users",
    "directory_tokens",
)
DEFINER = "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _tokens()
    _users()
    _groups()
    _providers()
    _identities()
    _sessions()


def downgrade() -> None:
    op.execute("SET row_security = off")
    _session_lookup(SEEN, READ, "")
    # Without the limit a session that a provider vouched for would count everywhere: it ends.
    op.execute(
        "ALTER TABLE sessions ALTER COLUMN ended_at TYPE timestamptz"
        " USING CASE WHEN limited_to IS NULL THEN ended_at ELSE coalesce(ended_at, now()) END"
    )
    op.drop_column("sessions", "limited_to")
    for function in (MINE, IDENTITY, PROVIDER, TOKEN):
        kinds.drop_lookup(function)
    for table in TABLES:
        op.drop_table(table)


def _own(table: str, *columns: sa.schema.SchemaItem) -> None:
    """A table of rows with ids of their own in one organisation."""
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("organisation_id", "id", name=f"uq_{table}_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=f"fk_{table}_organisation_id"),
    )


def _text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _tokens() -> None:
    _own(
        "directory_tokens",
        _text("name"),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        _text("issued_by_name"),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("revoked_at", AT),
        sa.UniqueConstraint("token_digest", name="uq_directory_tokens_token_digest"),
    )
    op.create_index("ix_directory_tokens_organisation_id", "directory_tokens", ["organisation_id", "id"])
    kinds.own("directory_tokens", rights="SELECT, INSERT, UPDATE (revoked_at)")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_directory_token(bytea)
        RETURNS TABLE (id uuid, name text, organisation_id uuid, organisation_name text, organisation_state text,
                       organisation_verified boolean)
        {DEFINER} AS $$
        SELECT t.id, t.name, o.id, o.name, o.state, EXISTS (
                   SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified')
        FROM directory_tokens t JOIN organisations o ON o.id = t.organisation_id
        WHERE t.token_digest = $1 AND t.revoked_at IS NULL AND t.expires_at > now() $$""",
        TOKEN,
        reads=[
            ("directory_tokens", ["id", "name", "organisation_id", "token_digest", "revoked_at", "expires_at"]),
            ("organisations", ["id", "name", "state"]),
            ("identifiers", ["organisation_id", "state"]),
        ],
    )


def _users() -> None:
    _own(
        "directory_users",
        _text("name_normalised"),
        _text("email_normalised"),
        _text("external_id", nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("membership_id", sa.Uuid()),
        _text("given_role", nullable=True),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint(
            "organisation_id", "name_normalised", name="uq_directory_users_organisation_id_name_normalised"
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "membership_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_directory_users_organisation_id_membership_id",
        ),
    )
    op.create_index("ix_directory_users_email_normalised", "directory_users", ["organisation_id", "email_normalised"])
    kinds.own("directory_users")


def _groups() -> None:
    _own(
        "directory_groups",
        _text("name"),
        _text("external_id", nullable=True),
        _text("role", nullable=True),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "role IN ('signatory', 'records_officer', 'auditor', 'reader', 'member')", name="ck_directory_groups_role"
        ),
    )
    kinds.own("directory_groups")
    op.create_table(
        "directory_group_members",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "group_id", "user_id", name="pk_directory_group_members"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["directory_groups.organisation_id", "directory_groups.id"],
            name="fk_directory_group_members_organisation_id_group_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "user_id"],
            ["directory_users.organisation_id", "directory_users.id"],
            name="fk_directory_group_members_organisation_id_user_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_directory_group_members_user_id", "directory_group_members", ["organisation_id", "user_id"])
    kinds.own("directory_group_members")


def _providers() -> None:
    _own(
        "identity_providers",
        *(_text(name) for name in ("name", "slug", "issuer", "client_id")),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("encrypted_secret", sa.LargeBinary(), nullable=False),
        _text("set_up_by_name"),
        sa.Column("ended_at", AT),
    )
    op.create_index(
        "uq_identity_providers_live",
        "identity_providers",
        ["slug"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    kinds.own("identity_providers", rights="SELECT, INSERT, UPDATE (ended_at)")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_identity_provider(text)
        RETURNS TABLE (id uuid, organisation_id uuid, organisation_name text, name text, slug text, issuer text,
                       client_id text, wrapped_key bytea, encrypted_secret bytea)
        {DEFINER} AS $$
        SELECT p.id, p.organisation_id, o.name, p.name, p.slug, p.issuer, p.client_id, p.wrapped_key,
               p.encrypted_secret
        FROM identity_providers p JOIN organisations o ON o.id = p.organisation_id AND o.state = 'active'
        WHERE p.slug = $1 AND p.ended_at IS NULL $$""",
        PROVIDER,
        reads=[
            (
                "identity_providers",
                [
                    *("id", "organisation_id", "name", "slug", "issuer", "client_id", "wrapped_key"),
                    *("encrypted_secret", "ended_at"),
                ],
            ),
            ("organisations", ["id", "name", "state"]),
        ],
    )


def _identities() -> None:
    op.create_table(
        "federated_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        *(_text(name) for name in ("organisation_name", "issuer", "subject", "called")),
        sa.PrimaryKeyConstraint("id", name="pk_federated_identities"),
        sa.UniqueConstraint(
            "provider_id", "issuer", "subject", name="uq_federated_identities_provider_id_issuer_subject"
        ),
        sa.UniqueConstraint("provider_id", "person_id", name="uq_federated_identities_provider_id_person_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_federated_identities_person_id"),
        sa.ForeignKeyConstraint(["provider_id"], ["identity_providers.id"], name="fk_federated_identities_provider_id"),
    )
    op.create_index("ix_federated_identities_person_id", "federated_identities", ["person_id"])
    kinds.person("federated_identities", rights="SELECT, INSERT, DELETE")
    # Who comes through a provider counts only while they are a member of the provider's organisation.
    kinds.lookup(
        f"""CREATE FUNCTION lookup_federated_identity(uuid, text, text) RETURNS uuid
        {DEFINER} AS $$
        SELECT f.person_id FROM federated_identities f
        JOIN identity_providers p ON p.id = f.provider_id AND p.ended_at IS NULL
        WHERE f.provider_id = $1 AND f.issuer = $2 AND f.subject = $3
          AND EXISTS (SELECT FROM memberships m WHERE m.organisation_id = p.organisation_id
                      AND m.person_id = f.person_id AND m.ended_at IS NULL) $$""",
        IDENTITY,
        reads=[
            ("federated_identities", ["person_id", "provider_id", "issuer", "subject"]),
            ("memberships", ["organisation_id", "person_id", "ended_at"]),
        ],
    )
    # For whom is not an argument: it answers for the person of the transaction.
    kinds.lookup(
        f"""CREATE FUNCTION lookup_my_providers()
        RETURNS TABLE (id uuid, organisation_id uuid, organisation_name text, name text, slug text)
        {DEFINER} AS $$
        SELECT p.id, o.id, o.name, p.name, p.slug
        FROM memberships m JOIN organisations o ON o.id = m.organisation_id
        JOIN identity_providers p ON p.organisation_id = o.id AND p.ended_at IS NULL
        WHERE m.person_id = nullif(current_setting('app.person_id', true), '')::uuid AND m.ended_at IS NULL
        ORDER BY lower(o.name), p.id $$""",
        MINE,
        reads=[
            ("memberships", ["organisation_id", "person_id", "ended_at"]),
            ("organisations", ["id", "name"]),
            ("identity_providers", ["id", "organisation_id", "name", "slug", "ended_at"]),
        ],
    )


def _sessions() -> None:
    op.add_column("sessions", sa.Column("limited_to", sa.Uuid()))
    _session_lookup(f"{SEEN}, limited_to uuid", f"{READ}, s.limited_to", f" AND {STILL_VOUCHED}")


def _session_lookup(columns: str, read: str, condition: str) -> None:
    kinds.drop_lookup(SESSION)
    seen = ["id", "person_id", "token_digest", "created_at", "last_seen_at", "ended_at", "amr", "confirmed_at"]
    more = ["limited_to"] if condition else []
    kinds.lookup(
        f"""CREATE FUNCTION lookup_session(bytea) RETURNS TABLE ({columns})
        {DEFINER} AS $$
        SELECT {read} FROM sessions s JOIN persons p ON p.id = s.person_id
        WHERE s.token_digest = $1 AND s.ended_at IS NULL{condition} $$""",
        SESSION,
        reads=[("sessions", [*seen, *more]), ("operators", ["person_id", "ended_at"])],
    )
