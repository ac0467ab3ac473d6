"""Forgetting, by a job: records of lendings that ended long ago, used e-KYC files, visits that nobody came back from.

How long they are kept stands in the functions of the database: nobody can sweep sooner.
"""

from __future__ import annotations

from sqlalchemy import text

from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.extensions import db
from entitylocker.jobs.queue import housekeeper, task
from entitylocker.tenancy import DatabaseRole, use_case


@task("citizen.forget", patient=True)
def forget() -> None:
    """Forget what is over."""
    forget_ended(housekeeper())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def forget_ended(actor: Actor) -> None:
    """Forget lendings three years after their end, with who opened them, but none of which a copy was kept.

    Of offline e-KYC files that were used, their digests after 400 days: older ones are taken from nobody.
    """
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    db.session.execute(text("SELECT sweep_ended_lendings(), sweep_ekyc_uses(), sweep_citizen_states()"))
