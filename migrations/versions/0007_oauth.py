"""The authorization server: used assertions, pushed requests, codes, tokens, and what finds and claims them."""

import kinds
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"

FUNCTIONS = (
    "lookup_par_request(bytea)",
    "claim_par_request(bytea, uuid, text)",
    "lookup_code(bytea)",
    "claim_code(bytea, text)",
    "lookup_token(bytea)",
    "claim_back_tokens(uuid, uuid)",
    "sweep_client_assertions()",
    "sweep_par_requests()",
)
DEFINER = "SECURITY DEFINER SET search_path = public"
VERIFIED = "EXISTS (SELECT 1 FROM identifiers i WHERE i.organisation_id = {} AND i.state = 'verified')"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _client_assertions()
    _par_requests()
    _authorization_codes()
    _tokens()
    _request_functions()
    _code_functions()
    _token_functions()
    _sweepers()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for function in FUNCTIONS:
        kinds.drop_lookup(function)
    for table in ("tokens", "authorization_codes", "par_requests", "client_assertions"):
        op.drop_table(table)


def _instant(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _client_assertions() -> None:
    op.create_table(
        "client_assertions",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("jti_digest", sa.LargeBinary(), nullable=False),
        _instant("expires_at"),
        sa.PrimaryKeyConstraint("id", name="pk_client_assertions"),
        sa.UniqueConstraint("jti_digest", name="uq_client_assertions_jti_digest"),
    )
    op.create_index("ix_client_assertions_expires_at", "client_assertions", ["expires_at"])
    kinds.door("client_assertions")


def _par_requests() -> None:
    op.create_table(
        "par_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(), nullable=False),
        _instant("expires_at"),
        _instant("answered_at", nullable=True),
        sa.Column("answered_by_id", sa.Uuid()),
        sa.Column("outcome", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_par_requests"),
        sa.UniqueConstraint("request_digest", name="uq_par_requests_request_digest"),
        sa.CheckConstraint("outcome IN ('allowed', 'denied')", name="ck_par_requests_outcome"),
        sa.CheckConstraint("(answered_at IS NULL) = (outcome IS NULL)", name="ck_par_requests_answered"),
    )
    op.create_index("ix_par_requests_expires_at", "par_requests", ["expires_at"])
    kinds.door("par_requests")


def _authorization_codes() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("code_challenge", sa.Text(), nullable=False),
        _instant("expires_at"),
        _instant("used_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_authorization_codes"),
        sa.UniqueConstraint("code_digest", name="uq_authorization_codes_code_digest"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_authorization_codes_organisation_id_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "consent_id"],
            ["consents.organisation_id", "consents.id"],
            name="fk_authorization_codes_organisation_id_consent_id",
        ),
    )
    op.create_index("ix_authorization_codes_expires_at", "authorization_codes", ["expires_at"])
    kinds.door("authorization_codes")


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        _instant("created_at"),
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("code_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        _instant("expires_at"),
        _instant("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("token_digest", name="uq_tokens_token_digest"),
        sa.UniqueConstraint("organisation_id", "id", name="uq_tokens_organisation_id_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "consent_id"],
            ["consents.organisation_id", "consents.id"],
            name="fk_tokens_organisation_id_consent_id",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "code_id"],
            ["authorization_codes.organisation_id", "authorization_codes.id"],
            name="fk_tokens_organisation_id_code_id",
        ),
        sa.CheckConstraint("kind IN ('access', 'refresh')", name="ck_tokens_kind"),
    )
    op.create_index("ix_tokens_code_id", "tokens", ["code_id"])
    op.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    kinds.door("tokens")


def _request_functions() -> None:
    kinds.lookup(
        f"""CREATE FUNCTION lookup_par_request(wanted bytea)
        RETURNS TABLE (id uuid, client_id text, parameters jsonb, created_at timestamptz, expires_at timestamptz,
                       answered_at timestamptz, answered_by_id uuid, outcome text)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT r.id, r.client_id, r.parameters, r.created_at, r.expires_at, r.answered_at, r.answered_by_id, r.outcome
        FROM par_requests r WHERE r.request_digest = wanted $$""",
        FUNCTIONS[0],
        reads=[
            (
                "par_requests",
                [
                    "id",
                    "request_digest",
                    "client_id",
                    "parameters",
                    "created_at",
                    "expires_at",
                    "answered_at",
                    "answered_by_id",
                    "outcome",
                ],
            )
        ],
    )
    # One statement: of two answers at once the second waits and then finds the request answered.
    kinds.lookup(
        f"""CREATE FUNCTION claim_par_request(wanted bytea, person uuid, answer text) RETURNS TABLE (id uuid)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        UPDATE par_requests r SET answered_at = clock_timestamp(), answered_by_id = person, outcome = answer
        WHERE r.request_digest = wanted AND r.answered_at IS NULL AND r.expires_at > clock_timestamp()
        RETURNING r.id $$""",
        FUNCTIONS[1],
        reads=[("par_requests", ["id"])],
        writes="UPDATE (answered_at, answered_by_id, outcome)",
    )


def _code_functions() -> None:
    kinds.lookup(
        f"""CREATE FUNCTION lookup_code(wanted bytea)
        RETURNS TABLE (id uuid, organisation_id uuid, client_id text, expires_at timestamptz, used_at timestamptz)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT c.id, c.organisation_id, c.client_id, c.expires_at, c.used_at
        FROM authorization_codes c WHERE c.code_digest = wanted $$""",
        FUNCTIONS[2],
        reads=[
            (
                "authorization_codes",
                [
                    "id",
                    "code_digest",
                    "organisation_id",
                    "consent_id",
                    "client_id",
                    "redirect_uri",
                    "code_challenge",
                    "expires_at",
                    "used_at",
                ],
            )
        ],
    )
    kinds.lookup(
        f"""CREATE FUNCTION claim_code(wanted bytea, redeemer text)
        RETURNS TABLE (id uuid, organisation_id uuid, consent_id uuid, redirect_uri text, code_challenge text)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        UPDATE authorization_codes c SET used_at = clock_timestamp()
        WHERE c.code_digest = wanted AND c.client_id = redeemer
          AND c.used_at IS NULL AND c.expires_at > clock_timestamp()
        RETURNING c.id, c.organisation_id, c.consent_id, c.redirect_uri, c.code_challenge $$""",
        FUNCTIONS[3],
        reads=[("authorization_codes", ["id"])],
        writes="UPDATE (used_at)",
    )


def _token_functions() -> None:
    kinds.lookup(
        f"""CREATE FUNCTION lookup_token(wanted bytea)
        RETURNS TABLE (id uuid, kind text, code_id uuid, client_id text, expires_at timestamptz, revoked_at timestamptz,
                       organisation_id uuid, organisation_name text, organisation_verified boolean,
                       consent_id uuid, consent_ends_at timestamptz, consent_revoked_at timestamptz,
                       document_ids uuid[],
                       portal_id uuid, portal_name text, portal_state text, keeper_verified boolean)
        LANGUAGE sql STABLE {DEFINER} AS $$
        SELECT t.id, t.kind, t.code_id, t.client_id, t.expires_at, t.revoked_at,
               o.id, o.name, {VERIFIED.format("o.id")},
               c.id, c.ends_at, c.revoked_at,
               ARRAY (SELECT x.document_id FROM consent_items x
                      WHERE x.organisation_id = c.organisation_id AND x.consent_id = c.id),
               p.id, p.name, p.state, {VERIFIED.format("p.organisation_id")}
        FROM tokens t
        JOIN consents c ON c.organisation_id = t.organisation_id AND c.id = t.consent_id
        JOIN organisations o ON o.id = c.organisation_id
        JOIN portals p ON p.organisation_id = c.portal_organisation_id AND p.id = c.portal_id
        WHERE t.token_digest = wanted $$""",
        FUNCTIONS[4],
        reads=[
            (
                "tokens",
                [
                    "id",
                    "token_digest",
                    "kind",
                    "code_id",
                    "client_id",
                    "expires_at",
                    "revoked_at",
                    "organisation_id",
                    "consent_id",
                ],
            ),
            (
                "consents",
                ["id", "organisation_id", "ends_at", "revoked_at", "portal_organisation_id", "portal_id"],
            ),
            ("consent_items", ["organisation_id", "consent_id", "document_id"]),
            ("organisations", ["id", "name"]),
            ("identifiers", ["organisation_id", "state"]),
            ("portals", ["id", "organisation_id", "name", "state"]),
        ],
    )
    # One token of a code, or all of them.
    kinds.lookup(
        f"""CREATE FUNCTION claim_back_tokens(of_code uuid, only_token uuid) RETURNS TABLE (id uuid)
        LANGUAGE sql VOLATILE {DEFINER} AS $$
        UPDATE tokens t SET revoked_at = clock_timestamp()
        WHERE t.code_id = of_code AND (only_token IS NULL OR t.id = only_token) AND t.revoked_at IS NULL
        RETURNING t.id $$""",
        FUNCTIONS[5],
        reads=[("tokens", ["id"])],
        writes="UPDATE (revoked_at)",
    )


def _sweepers() -> None:
    """What expired a day ago opens nothing: a few of the oldest go at a time."""
    for function, table in (
        ("sweep_client_assertions()", "client_assertions"),
        ("sweep_par_requests()", "par_requests"),
    ):
        kinds.lookup(
            f"""CREATE FUNCTION {function} RETURNS void LANGUAGE sql VOLATILE {DEFINER} AS $$
            DELETE FROM {table} WHERE id IN (
                SELECT old.id FROM {table} old WHERE old.expires_at < clock_timestamp() - interval '1 day'
                ORDER BY old.expires_at LIMIT 50) $$""",
            function,
            reads=[(table, ["id", "expires_at"])],
            writes="DELETE",
        )
