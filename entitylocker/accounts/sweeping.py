"""Forgetting, by a job: sessions that ended, and whatever was open for minutes or days and is over.

How long ended sessions are kept stands in the function of the database: nobody can sweep sooner.
"""

from __future__ import annotations

from sqlalchemy import text
from uuid_utils.compat import uuid7

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.accounts.open_links import end_address_changes, end_resets
from entitylocker.audit.models import OPERATOR_LOG
from entitylocker.extensions import db
from entitylocker.jobs.queue import housekeeper, job_actor, task
from entitylocker.tenancy import DatabaseRole, use_case
from entitylocker.web.engine_room import engines

_EXPIRED = "sweep_sign_ups(), sweep_sign_in_tickets(), sweep_passkey_challenges(), throttle_sweep()"


@task("accounts.sweep", patient=True)
def sweep_accounts() -> None:
    """Forget what is over. Whoever comes next does so with most of it, too; this is for when nobody comes."""
    sweep_sessions(housekeeper())
    sweep_expired(housekeeper())
    sweep_links(job_actor(OPERATOR_LOG))


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def sweep_sessions(actor: Actor) -> int:
    """Forget sessions 90 days after they ended or ran out, but nobody's last one; returns how many."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    settings = engines().settings
    lengths = {"lifetime": settings.session_seconds, "idle": settings.session_idle_seconds}
    return int(db.session.execute(text("SELECT sweep_sessions(:lifetime, :idle)"), lengths).scalar_one())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def sweep_expired(actor: Actor) -> None:
    """Forget sign-ups, first steps of signing in, challenges and counts whose time is over."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    db.session.execute(text(f"SELECT {_EXPIRED}"))


@use_case(Permission.HOUSEKEEPING)
def sweep_links(actor: Actor) -> None:
    """End the links in mails whose time is over, each with its event in the installation's log."""
    require(actor, Permission.HOUSEKEEPING, actor.facts)
    nobody = uuid7()
    end_resets(actor, nobody, why="expired")
    end_address_changes(actor, nobody, why="expired")
