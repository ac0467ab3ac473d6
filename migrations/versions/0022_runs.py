"""Runs held by one worker at a time, looked at by the worker; targets of departments; letters that no row names."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

AT = sa.DateTime(timezone=True)
STATE = "state IN ({})"
STATES = "'preview', 'running', 'done', 'stopped', 'undone'"
HOLD = "claim_onboarding_hold(uuid, integer)"
ADOPTION = "lookup_adoption()"
ADOPTION_WEEKS = "lookup_adoption_weeks(text)"
# Order letters lie in the store under the id of the row that names them.
LETTERED = ("name_changes", "authorisations")
BELOW = """WITH RECURSIVE below AS (
    SELECT o.id FROM organisations o
    WHERE o.parent_id = nullif(current_setting('app.organisation_id', true), '')::uuid
    UNION SELECT o.id FROM organisations o JOIN below b ON o.parent_id = b.id)"""
# Who is meant by an invitation: an address, whatever way it went; else the officer of a row; else itself.
WHO = "coalesce({0}email_normalised, {0}guest_key, {0}id::text)"
OLD_WHO = "coalesce({0}guest_key, {0}id::text)"
IN_NOW = """EXISTS (SELECT FROM memberships m WHERE m.organisation_id = i.organisation_id AND m.id = i.membership_id
                        AND m.ended_at IS NULL)"""
OLD_IN = "i.redeemed_at IS NOT NULL"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _runs()
    _targets()
    _letters()
    _adoption(WHO, IN_NOW)


def downgrade() -> None:
    op.execute("SET row_security = off")
    _adoption(OLD_WHO, OLD_IN)
    for table in LETTERED:
        op.execute(f"DROP POLICY worker_list ON {table}")
        op.execute(f"REVOKE SELECT (id, letter_object) ON {table} FROM el_worker")
    op.execute("REVOKE SELECT (id, letter_object) ON identifiers FROM el_worker")
    op.drop_table("onboarding_targets_of_departments")
    kinds.drop_lookup(HOLD)
    _end_looking()
    for name in ("lookup", "lookup_update"):
        op.execute(f"DROP POLICY {name} ON onboarding_runs")
    op.execute("REVOKE ALL ON onboarding_runs FROM el_lookup")
    op.drop_column("onboarding_runs", "fence")
    op.drop_constraint(op.f("ck_onboarding_runs_ck_onboarding_runs_state"), "onboarding_runs")
    op.create_check_constraint(
        op.f("ck_onboarding_runs_ck_onboarding_runs_state"), "onboarding_runs", STATE.format(STATES)
    )


def _end_looking() -> None:
    """What is only being looked at waits to be started, as it would at the end of the look."""
    op.execute("GRANT UPDATE (state, worked_until) ON onboarding_runs TO el_lookup")
    # Behind the walls only this role finds the rows.
    op.execute("SET LOCAL row_security = on")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute("UPDATE onboarding_runs SET state = 'preview', worked_until = NULL WHERE state = 'looking'")
    op.execute("RESET ROLE")
    op.execute("SET LOCAL row_security = off")


def _runs() -> None:
    table = "onboarding_runs"
    op.drop_constraint(op.f("ck_onboarding_runs_ck_onboarding_runs_state"), table)
    op.create_check_constraint(
        op.f("ck_onboarding_runs_ck_onboarding_runs_state"), table, STATE.format(f"{STATES}, 'looking'")
    )
    op.add_column(table, sa.Column("fence", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column(table, "fence", server_default=None)
    # Asked in the department: whether the run is still the caller's, and the department still below its organisation
    # and alive. The run cannot be taken over before that transaction ends.
    kinds.lookup(
        """CREATE FUNCTION claim_onboarding_hold(uuid, integer) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ WITH held AS (
            SELECT r.organisation_id FROM onboarding_runs r
            WHERE r.id = $1 AND r.fence = $2 AND r.state = 'running' FOR SHARE)
        SELECT EXISTS (SELECT FROM held h JOIN lookup_above() a ON a.organisation_id = h.organisation_id
                       WHERE a.distance > 0)
           AND EXISTS (SELECT FROM lookup_above() a WHERE a.distance = 0 AND a.state IN ('draft', 'active')) $$""",
        HOLD,
        reads=[(table, ["id", "organisation_id", "state", "fence"])],
        writes="UPDATE (fence)",
    )


def _targets() -> None:
    table = "onboarding_targets_of_departments"
    op.create_table(
        table,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("officers", sa.Integer(), nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("changed_by_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "department_id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=f"fk_{table}_organisation_id"),
        sa.ForeignKeyConstraint(["department_id"], ["organisations.id"], name=f"fk_{table}_department_id"),
        sa.CheckConstraint("officers BETWEEN 1 AND 1000000", name=f"ck_{table}_officers"),
    )
    kinds.own(table)


def _letters() -> None:
    """The sweeper asks which of the letters in the store a row names."""
    op.execute("GRANT SELECT (id, letter_object) ON identifiers TO el_worker")
    for table in LETTERED:
        kinds.worker_lists(table, ["id", "letter_object"])


def _adoption(who: str, is_in: str) -> None:
    """Counts of the branches below: of documents and consents nothing but numbers. In is who is a member now."""
    for signature in (ADOPTION_WEEKS, ADOPTION):
        kinds.drop_lookup(signature)
    kinds.lookup(
        f"""CREATE FUNCTION lookup_adoption()
        RETURNS TABLE (organisation_id uuid, name text, state text, invited bigint, joined bigint, waiting bigint,
                       documents bigint, first_document_at timestamptz, consents bigint,
                       first_consent_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ {BELOW}
        SELECT o.id, o.name, o.state, i.invited, i.joined, i.waiting, d.number, d.first_at, c.number, c.first_at
        FROM below b JOIN organisations o ON o.id = b.id
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT {who.format("i.")}) AS invited,
                   count(DISTINCT {who.format("i.")}) FILTER (WHERE {is_in}) AS joined,
                   count(*) FILTER (WHERE i.redeemed_at IS NULL AND i.expires_at > now()) AS waiting
            FROM invitations i
            WHERE i.organisation_id = b.id AND (i.revoked_at IS NULL OR i.redeemed_at IS NOT NULL)) i
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, min(created_at) AS first_at FROM documents WHERE organisation_id = b.id) d
        CROSS JOIN LATERAL (
            SELECT count(*) AS number, min(created_at) AS first_at FROM consents WHERE organisation_id = b.id) c
        ORDER BY lower(o.name), o.id $$""",
        ADOPTION,
        reads=[
            ("organisations", ["id", "name", "state", "parent_id"]),
            (
                "invitations",
                ["id", "organisation_id", "guest_key", "email_normalised", "membership_id", "redeemed_at",
                 "revoked_at", "expires_at"],
            ),
            ("memberships", ["organisation_id", "id", "ended_at"]),
            ("documents", ["organisation_id", "created_at"]),
            ("consents", ["organisation_id", "created_at"]),
        ],
    )  # fmt: skip
    kinds.lookup(
        f"""CREATE FUNCTION lookup_adoption_weeks(text)
        RETURNS TABLE (week date, invited bigint, joined bigint, documents bigint, consents bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
        AS $$ {BELOW}, happened (at, what) AS (
            SELECT min(i.created_at), 'invited' FROM invitations i JOIN below b ON i.organisation_id = b.id
            WHERE i.revoked_at IS NULL OR i.redeemed_at IS NOT NULL
            GROUP BY i.organisation_id, {who.format("i.")}
            UNION ALL
            SELECT min(i.redeemed_at), 'joined' FROM invitations i JOIN below b ON i.organisation_id = b.id
            WHERE i.redeemed_at IS NOT NULL GROUP BY i.organisation_id, {who.format("i.")}
            UNION ALL
            SELECT min(created_at), 'document' FROM documents JOIN below b ON organisation_id = b.id
            GROUP BY organisation_id
            UNION ALL
            SELECT min(created_at), 'consent' FROM consents JOIN below b ON organisation_id = b.id
            GROUP BY organisation_id)
        SELECT date_trunc('week', at AT TIME ZONE $1)::date, count(*) FILTER (WHERE what = 'invited'),
               count(*) FILTER (WHERE what = 'joined'), count(*) FILTER (WHERE what = 'document'),
               count(*) FILTER (WHERE what = 'consent')
        FROM happened GROUP BY 1 ORDER BY 1 $$""",
        ADOPTION_WEEKS,
        reads=[("invitations", ["created_at"])],
    )
