"""People, sessions, operators, throttles; organisations, identifiers, members, invitations."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

AT = sa.DateTime(timezone=True)

_LOOKUPS = (
    "lookup_person(text)",
    "lookup_session(bytea)",
    "lookup_sign_up(bytea)",
    "claim_sign_up(bytea)",
    "sweep_sign_ups()",
    "throttle_hit(bytea, integer, bigint)",
    "throttle_look(bytea)",
    "throttle_sweep()",
    "throttle_clear(bytea)",
    "lookup_invitation(bytea)",
    "lookup_my_organisations()",
)
_TABLES = (
    "invitations",
    "memberships",
    "identifiers",
    "organisation_keys",
    "organisations",
    "throttles",
    "operators",
    "sign_ups",
    "sessions",
    "persons",
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    _people()
    _person_lookups()
    _throttles()
    _organisations()
    _members()
    _organisation_lookups()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for signature in _LOOKUPS:
        kinds.drop_lookup(signature)
    for table in _TABLES:
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_normalised", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
        sa.UniqueConstraint("email_normalised", name="uq_persons_email_normalised"),
        sa.CheckConstraint("language IN ('en', 'hi')", name="ck_persons_language"),
    )
    kinds.person("persons", column="id", rights="SELECT, INSERT, UPDATE")
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("last_seen_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_sessions_token_digest"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_sessions_person_id"),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], postgresql_where=sa.text("ended_at IS NULL"))
    kinds.person("sessions", rights="SELECT, INSERT, UPDATE")
    op.create_table(
        "sign_ups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("expires_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ups"),
        sa.UniqueConstraint("token_digest", name="uq_sign_ups_token_digest"),
    )
    op.create_index("ix_sign_ups_expires_at", "sign_ups", ["expires_at"])
    kinds.door("sign_ups")
    op.create_table(
        "operators",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("ended_at", AT),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_operators_person_id"),
    )
    current = sa.text("ended_at IS NULL")
    op.create_index("uq_operators_person_id", "operators", ["person_id"], unique=True, postgresql_where=current)
    kinds.operator("operators", rights="SELECT, INSERT, UPDATE")


def _person_lookups() -> None:
    kinds.lookup(
        """CREATE FUNCTION lookup_person(text) RETURNS uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT id FROM persons WHERE email_normalised = $1 $$""",
        "lookup_person(text)",
        reads=[("persons", ["id", "email_normalised", "name", "email", "language"])],
    )
    kinds.lookup(
        """CREATE FUNCTION lookup_session(bytea)
        RETURNS TABLE (session_id uuid, person_id uuid, name text, email text, language text,
                       created_at timestamptz, last_seen_at timestamptz, is_operator boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT s.id, p.id, p.name, p.email, p.language, s.created_at, s.last_seen_at,
                     EXISTS (SELECT FROM operators o WHERE o.person_id = p.id AND o.ended_at IS NULL)
              FROM sessions s JOIN persons p ON p.id = s.person_id
              WHERE s.token_digest = $1 AND s.ended_at IS NULL $$""",
        "lookup_session(bytea)",
        reads=[
            ("sessions", ["id", "person_id", "token_digest", "created_at", "last_seen_at", "ended_at"]),
            ("operators", ["person_id", "ended_at"]),
        ],
    )
    sign_up = ("sign_ups", ["token_digest", "name", "email", "password_hash", "language", "expires_at"])
    kinds.lookup(
        """CREATE FUNCTION lookup_sign_up(bytea) RETURNS TABLE (email text, password_hash text)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT s.email, s.password_hash FROM sign_ups s
              WHERE s.token_digest = $1 AND s.expires_at > now() $$""",
        "lookup_sign_up(bytea)",
        reads=[sign_up],
    )
    # One statement: of two that come with the same link, one gets it.
    kinds.lookup(
        """CREATE FUNCTION claim_sign_up(bytea)
        RETURNS TABLE (name text, email text, password_hash text, language text)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM sign_ups s WHERE s.token_digest = $1 AND s.expires_at > now()
              RETURNING s.name, s.email, s.password_hash, s.language $$""",
        "claim_sign_up(bytea)",
        reads=[sign_up],
        writes="DELETE",
    )
    kinds.lookup(
        """CREATE FUNCTION sweep_sign_ups() RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM sign_ups WHERE expires_at <= now() $$""",
        "sweep_sign_ups()",
        reads=[sign_up],
        writes="DELETE",
    )


def _throttles() -> None:
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttles"),
    )
    op.create_index("ix_throttles_ends_at", "throttles", ["ends_at"])
    # Counted and read by the functions below only.
    kinds.door("throttles", rights="INSERT")
    throttle = ("throttles", ["key", "hits", "ends_at"])
    kinds.lookup(
        """CREATE FUNCTION throttle_look(bytea) RETURNS TABLE (hits bigint, ends_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT t.hits, t.ends_at FROM throttles t WHERE t.key = $1 AND t.ends_at > now() $$""",
        "throttle_look(bytea)",
        reads=[throttle],
        writes="INSERT",
    )
    kinds.lookup(
        """CREATE FUNCTION throttle_hit(bytea, integer, bigint) RETURNS bigint
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ INSERT INTO throttles AS t (key, hits, ends_at)
              VALUES ($1, $3, now() + make_interval(secs => $2))
              ON CONFLICT (key) DO UPDATE SET
                  hits = CASE WHEN t.ends_at <= now() THEN excluded.hits ELSE t.hits + excluded.hits END,
                  ends_at = CASE WHEN t.ends_at <= now() THEN excluded.ends_at ELSE t.ends_at END
              RETURNING t.hits $$""",
        "throttle_hit(bytea, integer, bigint)",
        reads=[throttle],
        writes="UPDATE",
    )
    kinds.lookup(
        """CREATE FUNCTION throttle_sweep() RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM throttles WHERE ends_at <= now() $$""",
        "throttle_sweep()",
        reads=[throttle],
        writes="DELETE",
    )
    kinds.lookup(
        """CREATE FUNCTION throttle_clear(bytea) RETURNS void
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ DELETE FROM throttles WHERE key = $1 OR $1 IS NULL $$""",
        "throttle_clear(bytea)",
        reads=[throttle],
        writes="DELETE",
    )


def _organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    kinds.own("organisations", column="id", rights="SELECT, INSERT, UPDATE")
    kinds.grant_operator("organisations", "SELECT", ["id", "created_at", "name", "kind"])
    op.create_table(
        "organisation_keys",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation_keys"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_organisation_keys_organisation_id"),
    )
    kinds.own("organisation_keys", rights="SELECT, INSERT, UPDATE")
    op.create_table(
        "identifiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stated_by_name", sa.Text(), nullable=False),
        sa.Column("stated_by_email", sa.Text(), nullable=False),
        sa.Column("decided_at", AT),
        sa.Column("decided_by_name", sa.Text()),
        sa.Column("method", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("letter_name", sa.Text()),
        sa.Column("letter_object", sa.Text()),
        sa.Column("letter_size", sa.BigInteger()),
        sa.Column("letter_stored_size", sa.BigInteger()),
        sa.Column("letter_sha256", sa.Text()),
        sa.Column("letter_wrapped_key", sa.LargeBinary()),
        sa.Column("letter_owner_key", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_identifiers"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_identifiers_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_identifiers_organisation_id"),
        sa.CheckConstraint("state IN ('stated', 'verified', 'refused', 'expired')", name="ck_identifiers_state"),
        sa.CheckConstraint(
            "(letter_object IS NULL) = (letter_wrapped_key IS NULL)", name="ck_identifiers_letter_whole"
        ),
    )
    verified = sa.text("state = 'verified'")
    op.create_index("uq_identifiers_verified", "identifiers", ["kind", "value"], unique=True, postgresql_where=verified)
    op.create_index(
        "uq_identifiers_open",
        "identifiers",
        ["organisation_id", "kind", "value"],
        unique=True,
        postgresql_where=sa.text("state IN ('stated', 'verified')"),
    )
    # An organisation states; it never decides: the app's role may not change an identifier.
    kinds.own("identifiers", rights="SELECT, INSERT")
    op.execute(
        "CREATE POLICY only_stated ON identifiers AS RESTRICTIVE FOR INSERT TO el_app"
        " WITH CHECK (state = 'stated' AND decided_at IS NULL)"
    )
    kinds.grant_operator("identifiers", "SELECT")
    kinds.grant_operator("identifiers", "UPDATE", ["state", "decided_at", "decided_by_name", "method", "note"])


def _members() -> None:
    op.create_table(
        "memberships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("person_email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rights_version", sa.Integer(), nullable=False),
        sa.Column("ended_at", AT),
        sa.Column("ended_by_name", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_memberships_organisation_id_id"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_memberships_organisation_id"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_memberships_person_id"),
    )
    current = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_memberships_current",
        "memberships",
        ["organisation_id", "person_id"],
        unique=True,
        postgresql_where=current,
    )
    op.create_index("ix_memberships_person_id", "memberships", ["person_id"], postgresql_where=current)
    kinds.own("memberships", rights="SELECT, INSERT, UPDATE")
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by_name", sa.Text(), nullable=False),
        sa.Column("redeemed_at", AT),
        sa.Column("revoked_at", AT),
        sa.Column("membership_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_invitations_organisation_id_id"),
        sa.UniqueConstraint("token_digest", name="uq_invitations_token_digest"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name="fk_invitations_organisation_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "invited_by_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_invitations_organisation_id_invited_by_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "membership_id"],
            ["memberships.organisation_id", "memberships.id"],
            name="fk_invitations_organisation_id_membership_id",
        ),
    )
    op.create_index("ix_invitations_organisation_id", "invitations", ["organisation_id", "id"])
    kinds.own("invitations", rights="SELECT, INSERT, UPDATE")


def _organisation_lookups() -> None:
    kinds.lookup(
        """CREATE FUNCTION lookup_invitation(bytea)
        RETURNS TABLE (organisation_id uuid, organisation_name text, role text, email text,
                       invited_by_name text, expires_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT i.organisation_id, o.name, i.role, i.email, i.invited_by_name, i.expires_at
              FROM invitations i JOIN organisations o ON o.id = i.organisation_id
              WHERE i.token_digest = $1 AND i.redeemed_at IS NULL AND i.revoked_at IS NULL
                AND i.expires_at > now() $$""",
        "lookup_invitation(bytea)",
        reads=[
            (
                "invitations",
                [
                    "organisation_id",
                    "role",
                    "email",
                    "invited_by_name",
                    "token_digest",
                    "expires_at",
                    "redeemed_at",
                    "revoked_at",
                ],
            ),
            ("organisations", ["id", "name"]),
        ],
    )
    # For whom is not an argument: the function answers for the person of the transaction only.
    kinds.lookup(
        """CREATE FUNCTION lookup_my_organisations()
        RETURNS TABLE (organisation_id uuid, name text, role text, verified boolean)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ SELECT o.id, o.name, m.role, EXISTS (
                  SELECT FROM identifiers i WHERE i.organisation_id = o.id AND i.state = 'verified')
              FROM memberships m JOIN organisations o ON o.id = m.organisation_id
              WHERE m.person_id = nullif(current_setting('app.person_id', true), '')::uuid
                AND m.ended_at IS NULL ORDER BY lower(o.name), o.id $$""",
        "lookup_my_organisations()",
        reads=[
            ("memberships", ["organisation_id", "person_id", "role", "ended_at"]),
            ("organisations", ["id", "name"]),
            ("identifiers", ["organisation_id", "state"]),
        ],
    )
