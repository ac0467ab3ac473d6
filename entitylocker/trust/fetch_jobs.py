"""Jobs of fetching answers about revocation."""

from __future__ import annotations

from entitylocker.jobs.queue import defer, housekeeper, task
from entitylocker.tenancy import DatabaseRole, Tenant, transaction
from entitylocker.trust import fetching
from entitylocker.web.engine_room import engines

# A job gives its place back soon: documents that were just deposited are checked in between.
_SECONDS = 10.0


@task("trust.fetch_answers", patient=True, once=True)
def fetch_answers() -> None:
    """Fetch what is due; what is left then is for the next job."""
    if engines().settings.revocation and fetching.fetch_due(housekeeper(), _SECONDS):
        with transaction(Tenant(DatabaseRole.WORKER)):
            defer(fetch_answers)
