"""What ended is forgotten after a stated time; tokens of directories are told of; a provider's end at the commit."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

DEFINER = "SECURITY DEFINER SET search_path = public"
SESSIONS, LENDINGS, USES = "sweep_sessions(integer, integer)", "sweep_ended_lendings()", "sweep_ekyc_uses()"
OPEN_SESSION, OPERATOR_SESSION = "lookup_open_session(uuid)", "lookup_operator_session(uuid)"
# Whoever comes next sweeps these, too; the job does where nobody comes.
SWEPT_BY_USE = (
    "sweep_sign_ups()",
    "sweep_sign_in_tickets()",
    "sweep_passkey_challenges()",
    "sweep_citizen_states()",
    "throttle_sweep()",
)
LISTED = ("organisation_id", "id", "issued_by_id", "expires_at", "revoked_at", "reminded_at")


def upgrade() -> None:
    op.execute("SET row_security = off")
    _sweeps()
    _as_lookup(f"GRANT EXECUTE ON FUNCTION {', '.join(SWEPT_BY_USE)} TO el_worker")
    op.add_column("directory_tokens", sa.Column("reminded_at", sa.DateTime(timezone=True)))
    op.execute("GRANT UPDATE (reminded_at) ON directory_tokens TO el_app")
    kinds.worker_lists("directory_tokens", list(LISTED))
    _open_session()
    kinds.drop_lookup(OPERATOR_SESSION)


def downgrade() -> None:
    op.execute("SET row_security = off")
    _operator_session()
    for function in (OPEN_SESSION, SESSIONS, LENDINGS, USES):
        kinds.drop_lookup(function)
    op.execute("DROP POLICY worker_list ON directory_tokens")
    op.execute(f"REVOKE SELECT ({', '.join(LISTED)}) ON directory_tokens FROM el_worker")
    op.drop_column("directory_tokens", "reminded_at")
    _as_lookup(f"REVOKE EXECUTE ON FUNCTION {', '.join(SWEPT_BY_USE)} FROM el_worker")
    for table in ("lending_reads", "lendings", "ekyc_uses", "sessions"):
        op.execute(f"REVOKE DELETE ON {table} FROM el_lookup")
        op.execute(f"DROP POLICY lookup_delete ON {table}")


def _as_lookup(*statements: str) -> None:
    """The functions belong to el_lookup, and so do the rights on them."""
    op.execute("SET LOCAL ROLE el_lookup")
    for statement in statements:
        op.execute(statement)
    op.execute("RESET ROLE")


def _sweeps() -> None:
    # A person's last one stays: else nobody would be told of a browser that is new to the account.
    kinds.lookup(
        f"""CREATE FUNCTION {SESSIONS} RETURNS bigint LANGUAGE sql VOLATILE {DEFINER} AS $$
        WITH gone AS (
            DELETE FROM sessions s
            WHERE (s.ended_at < now() - interval '90 days'
                   OR s.created_at < now() - interval '90 days' - make_interval(secs => greatest($1, 0))
                   OR s.last_seen_at < now() - interval '90 days' - make_interval(secs => greatest($2, 0)))
              AND EXISTS (SELECT FROM sessions l WHERE l.person_id = s.person_id AND l.id > s.id)
            RETURNING s.id)
        SELECT count(*) FROM gone $$""",
        SESSIONS,
        reads=[("sessions", ["id", "person_id", "created_at", "last_seen_at", "ended_at"])],
        writes="DELETE",
    )
    # A copy that an organisation keeps for good rests on its lending: that record stays with it.
    kinds.lookup(
        f"""CREATE FUNCTION {LENDINGS} RETURNS bigint LANGUAGE sql VOLATILE {DEFINER} AS $$
        WITH old AS (
            SELECT l.organisation_id, l.id FROM lendings l
            WHERE l.ended_at < now() - interval '3 years' AND l.copied_at IS NULL
        ), reads AS (
            DELETE FROM lending_reads r USING old
            WHERE r.organisation_id = old.organisation_id AND r.lending_id = old.id
        ), gone AS (
            DELETE FROM lendings l USING old WHERE l.organisation_id = old.organisation_id AND l.id = old.id
            RETURNING l.id)
        SELECT count(*) FROM gone $$""",
        LENDINGS,
        reads=[
            ("lendings", ["organisation_id", "id", "ended_at", "copied_at"]),
            ("lending_reads", ["organisation_id", "lending_id"]),
        ],
        writes="DELETE",
    )
    op.execute("GRANT DELETE ON lending_reads TO el_lookup")
    kinds.once("lending_reads", "lookup_delete", "DELETE")
    # No installation takes a file that is older than 365 days, from nobody.
    kinds.lookup(
        f"""CREATE FUNCTION {USES} RETURNS bigint LANGUAGE sql VOLATILE {DEFINER} AS $$
        WITH gone AS (DELETE FROM ekyc_uses u WHERE u.created_at < now() - interval '400 days' RETURNING u.id)
        SELECT count(*) FROM gone $$""",
        USES,
        reads=[("ekyc_uses", ["id", "created_at"])],
        writes="DELETE",
    )
    for function in (SESSIONS, LENDINGS, USES):
        _as_lookup(
            f"REVOKE EXECUTE ON FUNCTION {function} FROM el_app", f"GRANT EXECUTE ON FUNCTION {function} TO el_worker"
        )


def _open_session() -> None:
    """Whether a session of the acting person is still open, and the provider that vouched for it still stands.

    The session stays so until the commit. A provider's end waits for all who hold its organisation's row.
    """
    kinds.lookup(
        f"""CREATE FUNCTION {OPEN_SESSION} RETURNS boolean LANGUAGE sql VOLATILE {DEFINER}
        AS $$ SELECT count(*) = 1 FROM (
                  SELECT s.id FROM sessions s
                  WHERE s.id = $1 AND s.person_id = {kinds.PERSON} AND s.ended_at IS NULL
                    AND (s.provider_id IS NULL OR EXISTS (
                         SELECT FROM identity_providers v WHERE v.id = s.provider_id AND v.ended_at IS NULL))
                  FOR SHARE OF s) open $$""",
        OPEN_SESSION,
        reads=[
            ("sessions", ["id", "person_id", "ended_at", "provider_id"]),
            ("identity_providers", ["id", "ended_at"]),
        ],
    )
    _as_lookup(f"GRANT EXECUTE ON FUNCTION {OPEN_SESSION} TO el_operator")


def _operator_session() -> None:
    """As it was before: for operators only."""
    kinds.lookup(
        f"""CREATE FUNCTION {OPERATOR_SESSION} RETURNS boolean LANGUAGE sql VOLATILE {DEFINER}
        AS $$ SELECT count(*) = 1 FROM (
                  SELECT s.id FROM sessions s
                  WHERE s.id = $1 AND s.person_id = {kinds.PERSON} AND s.ended_at IS NULL FOR SHARE) open $$""",
        OPERATOR_SESSION,
        reads=[("sessions", ["id", "person_id", "ended_at"])],
    )
    _as_lookup(
        f"REVOKE EXECUTE ON FUNCTION {OPERATOR_SESSION} FROM el_app",
        f"GRANT EXECUTE ON FUNCTION {OPERATOR_SESSION} TO el_operator",
    )
