"""A run is taken back by the worker: a state for that, who asked for it, their hold. A target can be taken away."""

import kinds
import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

TABLE = "onboarding_runs"
STATE = "ck_onboarding_runs_ck_onboarding_runs_state"
STATES = "'looking', 'preview', 'running', 'done', 'stopped', 'undone'"
HOLD = "claim_onboarding_hold(uuid, integer)"


def upgrade() -> None:
    op.execute("SET row_security = off")
    _states(f"{STATES}, 'undoing'")
    op.add_column(TABLE, sa.Column("undone_by_person_id", sa.Uuid()))
    _hold("'running', 'undoing'")
    op.execute("GRANT DELETE ON onboarding_targets TO el_app")


def downgrade() -> None:
    op.execute("SET row_security = off")
    op.execute("REVOKE DELETE ON onboarding_targets FROM el_app")
    _hold("'running'")
    _end_undoing()
    op.drop_column(TABLE, "undone_by_person_id")
    _states(STATES)


def _states(states: str) -> None:
    op.drop_constraint(op.f(STATE), TABLE)
    op.create_check_constraint(op.f(STATE), TABLE, f"state IN ({states})")


def _end_undoing() -> None:
    """What is half taken back can be taken back again."""
    op.execute(f"GRANT UPDATE (state, worked_until) ON {TABLE} TO el_lookup")
    # Behind the walls only this role finds the rows.
    op.execute("SET LOCAL row_security = on")
    op.execute("SET LOCAL ROLE el_lookup")
    op.execute(f"UPDATE {TABLE} SET state = 'stopped', worked_until = NULL WHERE state = 'undoing'")
    op.execute("RESET ROLE")
    op.execute("SET LOCAL row_security = off")
    op.execute(f"REVOKE UPDATE (state, worked_until) ON {TABLE} FROM el_lookup")


def _hold(states: str) -> None:
    """As before; whoever takes a run back holds it as well, and needs the department to be below and alive."""
    kinds.drop_lookup(HOLD)
    kinds.lookup(
        f"""CREATE FUNCTION claim_onboarding_hold(uuid, integer) RETURNS boolean
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public
        AS $$ WITH held AS (
            SELECT r.organisation_id FROM onboarding_runs r
            WHERE r.id = $1 AND r.fence = $2 AND r.state IN ({states}) FOR SHARE)
        SELECT EXISTS (SELECT FROM held h JOIN lookup_above() a ON a.organisation_id = h.organisation_id
                       WHERE a.distance > 0)
           AND EXISTS (SELECT FROM lookup_above() a WHERE a.distance = 0 AND a.state IN ('draft', 'active')) $$""",
        HOLD,
        reads=[],
    )
