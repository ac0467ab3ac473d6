"""Passkeys, authenticator apps, recovery codes, sign-in in two steps; organisations that ask for a second factor."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

FUNCTIONS = (
    "lookup_passkey(bytea)",
    "claim_passkey_challenge(bytea, bytea, text)",
    "sweep_passkey_challenges()",
    "lookup_sign_in_ticket(bytea)",
    "claim_sign_in_ticket(bytea)",
    "sweep_sign_in_tickets()",
    "lookup_second_factors_of_members()",
    "lookup_operators_without_second_factor()",
)
TABLES = ("passkey_challenges", "sign_in_tickets", "recovery_codes", "authenticator_apps", "passkeys")
DEFINER = "SECURITY DEFINER SET search_path = public"
HAS_FACTOR = """(EXISTS (SELECT FROM passkeys k WHERE k.person_id = {person})
     OR EXISTS (SELECT FROM authenticator_apps a WHERE a.person_id = {person} AND a.confirmed_at IS NOT NULL))"""


def upgrade() -> None:
    op.execute("SET row_security = off")
    _passkeys()
    _authenticator_apps()
    _recovery_codes()
    _tickets()
    _challenges()
    op.add_column("organisations", sa.Column("second_factor_since", sa.DateTime(timezone=True)))
    _counts()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for function in FUNCTIONS:
        kinds.drop_lookup(function)
    op.drop_column("organisations", "second_factor_since")
    for table in TABLES:
        op.drop_table(table)


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _of_person(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=f"fk_{table}_person_id"),
    ]


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        *_of_person("passkeys"),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("is_backed_up", sa.Boolean(), nullable=False),
        sa.Column("aaguid", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _instant("last_used_at", nullable=True),
        _instant("suspected_at", nullable=True),
        sa.UniqueConstraint("credential_id", name="uq_passkeys_credential_id"),
    )
    op.create_index("ix_passkeys_person_id", "passkeys", ["person_id"])
    kinds.person("passkeys")
    kinds.lookup(
        f"""CREATE FUNCTION lookup_passkey(bytea) RETURNS uuid LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT k.person_id FROM passkeys k WHERE k.credential_id = $1 $$""",
        "lookup_passkey(bytea)",
        reads=[("passkeys", ["person_id", "credential_id"])],
    )


def _authenticator_apps() -> None:
    op.create_table(
        "authenticator_apps",
        *_of_person("authenticator_apps"),
        sa.Column("wrapped_secret", sa.LargeBinary(), nullable=False),
        _instant("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger()),
        _instant("last_used_at", nullable=True),
    )
    for name, state in (("confirmed", "IS NOT NULL"), ("waiting", "IS NULL")):
        op.create_index(
            f"uq_authenticator_apps_{name}",
            "authenticator_apps",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text(f"confirmed_at {state}"),
        )
    kinds.person("authenticator_apps")


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        *_of_person("recovery_codes"),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        _instant("used_at", nullable=True),
        sa.UniqueConstraint("person_id", "code_digest", name="uq_recovery_codes_person_id_code_digest"),
    )
    kinds.person("recovery_codes")


def _tickets() -> None:
    op.create_table(
        "sign_in_tickets",
        *_of_person("sign_in_tickets"),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("amr", sa.Text(), nullable=False),
        sa.Column("limited_to", sa.Uuid()),
        _instant("expires_at"),
        sa.UniqueConstraint("token_digest", name="uq_sign_in_tickets_token_digest"),
    )
    op.create_index("ix_sign_in_tickets_expires_at", "sign_in_tickets", ["expires_at"])
    kinds.door("sign_in_tickets")
    ticket = ("sign_in_tickets", ["token_digest", "person_id", "amr", "limited_to", "expires_at"])
    kinds.lookup(
        f"""CREATE FUNCTION lookup_sign_in_ticket(bytea) RETURNS TABLE (person_id uuid, amr text, limited_to uuid)
        LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT t.person_id, t.amr, t.limited_to FROM sign_in_tickets t
              WHERE t.token_digest = $1 AND t.expires_at > now() $$""",
        "lookup_sign_in_ticket(bytea)",
        reads=[ticket],
    )
    # One statement: of two that come with the same ticket, one gets in.
    kinds.lookup(
        f"""CREATE FUNCTION claim_sign_in_ticket(bytea) RETURNS TABLE (person_id uuid, amr text, limited_to uuid)
        LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM sign_in_tickets t WHERE t.token_digest = $1 AND t.expires_at > now()
              RETURNING t.person_id, t.amr, t.limited_to $$""",
        "claim_sign_in_ticket(bytea)",
        reads=[ticket],
        writes="DELETE",
    )
    kinds.lookup(
        f"""CREATE FUNCTION sweep_sign_in_tickets() RETURNS void LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM sign_in_tickets WHERE expires_at <= now() $$""",
        "sweep_sign_in_tickets()",
        reads=[ticket],
        writes="DELETE",
    )


def _challenges() -> None:
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("challenge_digest", sa.LargeBinary(), nullable=False),
        sa.Column("browser_digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey_challenges"),
        sa.UniqueConstraint("challenge_digest", name="uq_passkey_challenges_challenge_digest"),
    )
    op.create_index("ix_passkey_challenges_expires_at", "passkey_challenges", ["expires_at"])
    kinds.door("passkey_challenges")
    challenge = (
        "passkey_challenges",
        ["challenge_digest", "browser_digest", "purpose", "person_id", "expires_at"],
    )
    kinds.lookup(
        f"""CREATE FUNCTION claim_passkey_challenge(bytea, bytea, text) RETURNS TABLE (person_id uuid)
        LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM passkey_challenges c WHERE c.challenge_digest = $1 AND c.browser_digest = $2
                  AND c.purpose = $3 AND c.expires_at > now() RETURNING c.person_id $$""",
        "claim_passkey_challenge(bytea, bytea, text)",
        reads=[challenge],
        writes="DELETE",
    )
    kinds.lookup(
        f"""CREATE FUNCTION sweep_passkey_challenges() RETURNS void LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM passkey_challenges WHERE expires_at <= now() $$""",
        "sweep_passkey_challenges()",
        reads=[challenge],
        writes="DELETE",
    )


def _counts() -> None:
    factors = [("passkeys", ["person_id"]), ("authenticator_apps", ["person_id", "confirmed_at"])]
    # For which organisation is not an argument: the function answers for that of the transaction only, and in numbers.
    kinds.lookup(
        f"""CREATE FUNCTION lookup_second_factors_of_members() RETURNS TABLE (members bigint, with_factor bigint)
        LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT count(*), count(*) FILTER (WHERE {HAS_FACTOR.format(person="m.person_id")})
              FROM memberships m WHERE m.organisation_id = {kinds.ORGANISATION} AND m.ended_at IS NULL $$""",
        "lookup_second_factors_of_members()",
        reads=[("memberships", ["organisation_id", "person_id", "ended_at"]), *factors],
    )
    kinds.lookup(
        f"""CREATE FUNCTION lookup_operators_without_second_factor() RETURNS bigint
        LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT count(*) FROM operators o WHERE o.ended_at IS NULL
              AND NOT {HAS_FACTOR.format(person="o.person_id")} $$""",
        "lookup_operators_without_second_factor()",
        reads=[("operators", ["person_id", "ended_at"]), *factors],
    )
