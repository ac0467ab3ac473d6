"""Giving tokens back to a citizen locker: by a job, as well as can be; here they are gone before."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.citizen.adapters import Tokens
from entitylocker.citizen.lockers import LockerEntry, adapter_of, get_locker
from entitylocker.citizen.models import CitizenRevocation
from entitylocker.citizen.sealing import KeptTokens, Sealed, seal, unseal
from entitylocker.errors import LockerError
from entitylocker.extensions import db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.tenancy import DatabaseRole, Tenant

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)
_WORKER = Tenant(DatabaseRole.WORKER)


def queue_revocation(locker_key: str, sealed: Sealed, link_id: UUID) -> None:
    """Have the tokens of a link given back, in the running transaction."""
    _queue(locker_key, unseal(link_id, sealed))


def give_back(entry: LockerEntry, tokens: Tokens) -> None:
    """Have tokens given back that are not wanted after all. In a transaction of its own."""
    with tenancy.transaction(Tenant()):
        _queue(entry.key, KeptTokens(tokens.access_token, tokens.refresh_token))


def _queue(locker_key: str, tokens: KeptTokens) -> None:
    waiting_id = uuid7()
    sealed = seal(waiting_id, tokens)
    db.session.execute(
        insert(CitizenRevocation).values(
            id=waiting_id,
            created_at=utc_now(),
            locker_key=locker_key,
            wrapped_key=sealed.wrapped_key,
            sealed_tokens=sealed.sealed_tokens,
        )
    )
    defer(revoke_waiting)


@task("citizen.revoke_waiting", patient=True)
def revoke_waiting() -> None:
    """Give back every token that waits for it; what is a day old is forgotten, whether or not it worked."""
    with tenancy.transaction(_WORKER):
        waiting = list(db.session.scalars(select(CitizenRevocation).order_by(CitizenRevocation.id).limit(200)))
    for row in waiting:
        if _revoke(row) or row.created_at < utc_now() - KEPT_FOR:
            with tenancy.transaction(_WORKER):
                db.session.execute(delete(CitizenRevocation).where(CitizenRevocation.id == row.id))


def _revoke(row: CitizenRevocation) -> bool:
    """Whether the citizen locker took the tokens back."""
    with suppress(LockerError):
        adapter = adapter_of(get_locker(row.locker_key))
        tokens = unseal(row.id, Sealed(row.wrapped_key, row.sealed_tokens))
        if tokens.refresh_token:
            adapter.revoke(tokens.refresh_token, "refresh_token")
        adapter.revoke(tokens.access_token, "access_token")
        return True
    log.warning("tokens of the citizen locker %s could not be given back yet", row.locker_key)
    return False
