"""What somebody proved before an account was secured counts no more; known browsers; operators' sessions at commit."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

DEFINER = "SECURITY DEFINER SET search_path = public"
LOOK_AT_TICKET, CLAIM_TICKET = "lookup_sign_in_ticket(bytea)", "claim_sign_in_ticket(bytea)"
TICKET = ("sign_in_tickets", ["token_digest", "person_id", "amr", "limited_to", "expires_at"])
COLUMNS = "person_id uuid, amr text, limited_to uuid"
READ = "t.person_id, t.amr, t.limited_to"
COUNTED = "lookup_second_factors_of_members()"
BROWSER, OPERATOR_SESSION, MEMBERS = (
    "lookup_known_browser(text, bytea)",
    "lookup_operator_session(uuid)",
    "lookup_members_without_second_factor()",
)


def upgrade() -> None:
    op.execute("SET row_security = off")
    op.add_column("persons", sa.Column("sign_in_epoch", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sign_in_tickets", sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
    _tickets_of_this_epoch()
    _known_browsers()
    _operator_sessions()
    kinds.drop_lookup(COUNTED)
    _members_without()


def downgrade() -> None:
    op.execute("SET row_security = off")
    for function in (BROWSER, OPERATOR_SESSION, MEMBERS, LOOK_AT_TICKET, CLAIM_TICKET):
        kinds.drop_lookup(function)
    _tickets()
    _counted_before()
    op.drop_index("ix_sessions_browser_digest", "sessions")
    op.drop_column("sign_in_tickets", "epoch")
    op.drop_column("persons", "sign_in_epoch")


def _tickets() -> None:
    """As they were before."""
    kinds.lookup(
        f"""CREATE FUNCTION {LOOK_AT_TICKET} RETURNS TABLE ({COLUMNS}) LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT {READ} FROM sign_in_tickets t WHERE t.token_digest = $1 AND t.expires_at > now() $$""",
        LOOK_AT_TICKET,
        reads=[TICKET],
    )
    kinds.lookup(
        f"""CREATE FUNCTION {CLAIM_TICKET} RETURNS TABLE ({COLUMNS}) LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM sign_in_tickets t WHERE t.token_digest = $1 AND t.expires_at > now() RETURNING {READ} $$""",
        CLAIM_TICKET,
        reads=[TICKET],
        writes="DELETE",
    )


def _tickets_of_this_epoch() -> None:
    """A first step that was taken before the account was secured opens no second one."""
    for function in (LOOK_AT_TICKET, CLAIM_TICKET):
        kinds.drop_lookup(function)
    reads = [(TICKET[0], [*TICKET[1], "epoch"]), ("persons", ["id", "sign_in_epoch"])]
    good = """t.token_digest = $1 AND t.expires_at > now() AND p.id = t.person_id
              AND p.sign_in_epoch = t.epoch"""
    columns, read = f"{COLUMNS}, epoch integer", f"{READ}, t.epoch"
    kinds.lookup(
        f"""CREATE FUNCTION {LOOK_AT_TICKET} RETURNS TABLE ({columns}) LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT {read} FROM sign_in_tickets t, persons p WHERE {good} $$""",
        LOOK_AT_TICKET,
        reads=reads,
    )
    kinds.lookup(
        f"""CREATE FUNCTION {CLAIM_TICKET} RETURNS TABLE ({columns}) LANGUAGE sql VOLATILE {DEFINER}
        AS $$ DELETE FROM sign_in_tickets t USING persons p WHERE {good} RETURNING {read} $$""",
        CLAIM_TICKET,
        reads=reads,
        writes="DELETE",
    )


def _known_browsers() -> None:
    """Whether somebody signed in to the account of an address in this browser before: who has the cookie may know.

    What an organisation's own provider says makes no browser known: it could make as many of them as it likes.
    """
    op.create_index(
        "ix_sessions_browser_digest",
        "sessions",
        ["browser_digest"],
        postgresql_where=sa.text("browser_digest IS NOT NULL"),
    )
    kinds.lookup(
        f"""CREATE FUNCTION {BROWSER} RETURNS boolean LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT EXISTS (SELECT FROM sessions s JOIN persons p ON p.id = s.person_id
                             WHERE s.browser_digest = $2 AND s.limited_to IS NULL
                               AND p.email_normalised = $1) $$""",
        BROWSER,
        reads=[("sessions", ["person_id", "browser_digest", "limited_to"]), ("persons", ["id", "email_normalised"])],
    )


def _operator_sessions() -> None:
    """Whether a session of the acting operator is still open; it stays so until the commit."""
    kinds.lookup(
        f"""CREATE FUNCTION {OPERATOR_SESSION} RETURNS boolean LANGUAGE sql VOLATILE {DEFINER}
        AS $$ SELECT count(*) = 1 FROM (
                  SELECT s.id FROM sessions s
                  WHERE s.id = $1 AND s.person_id = {kinds.PERSON} AND s.ended_at IS NULL FOR SHARE) open $$""",
        OPERATOR_SESSION,
        reads=[("sessions", ["id", "person_id", "ended_at"])],
        writes="UPDATE (last_seen_at)",
    )
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {OPERATOR_SESSION} FROM el_app")
    op.execute(f"GRANT EXECUTE ON FUNCTION {OPERATOR_SESSION} TO el_operator")
    op.execute("RESET ROLE")


def _counted_before() -> None:
    """As it was before: also those who act here for another organisation."""
    kinds.lookup(
        f"""CREATE FUNCTION {COUNTED} RETURNS TABLE (members bigint, with_factor bigint)
        LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT count(*), count(*) FILTER (WHERE
                     EXISTS (SELECT FROM passkeys k WHERE k.person_id = m.person_id)
                     OR EXISTS (SELECT FROM authenticator_apps a
                                WHERE a.person_id = m.person_id AND a.confirmed_at IS NOT NULL))
              FROM memberships m WHERE m.organisation_id = {kinds.ORGANISATION} AND m.ended_at IS NULL $$""",
        COUNTED,
        reads=[
            ("memberships", ["organisation_id", "person_id", "ended_at"]),
            ("passkeys", ["person_id"]),
            ("authenticator_apps", ["person_id", "confirmed_at"]),
        ],
    )


def _members_without() -> None:
    """Which memberships of the transaction's organisation belong to people without a second factor."""
    kinds.lookup(
        f"""CREATE FUNCTION {MEMBERS} RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER}
        AS $$ SELECT m.id FROM memberships m
              WHERE m.organisation_id = {kinds.ORGANISATION} AND m.ended_at IS NULL
                AND NOT EXISTS (SELECT FROM passkeys k WHERE k.person_id = m.person_id)
                AND NOT EXISTS (SELECT FROM authenticator_apps a
                                WHERE a.person_id = m.person_id AND a.confirmed_at IS NOT NULL) $$""",
        MEMBERS,
        reads=[
            ("memberships", ["id", "organisation_id", "person_id", "ended_at"]),
            ("passkeys", ["person_id"]),
            ("authenticator_apps", ["person_id", "confirmed_at"]),
        ],
    )
