"""What providers say of themselves, kept: nobody who signs in waits for it, and no visitor has others asked in a row.

A job asks each provider once an hour. What it said is used for a day; after that, and for a key that is not among those
kept, it is asked again by whoever comes, at most once a minute.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from entitylocker import tenancy
from entitylocker.access import Actor, Facts, Permission, require
from entitylocker.errors import LockerError
from entitylocker.extensions import db, utc_now
from entitylocker.federation import oidc
from entitylocker.federation.errors import ProviderDoesNotAnswer
from entitylocker.federation.models import IdentityProvider
from entitylocker.jobs.queue import defer, housekeeper, task
from entitylocker.tenancy import DatabaseRole, Tenant, open_use_case, use_case
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

# Less than the hour after which the job comes again, so that it does not skip every second time.
FRESH_FOR = timedelta(minutes=50)
GOOD_FOR = timedelta(days=1)
NOT_AGAIN_FOR = timedelta(minutes=1)
# How many requests of one process may wait for one provider: of anybody, and of those who come back from there.
MOST_WAITING = 3
MOST_ARRIVING = 16

_waiting: Counter[tuple[UUID, int]] = Counter()
_turn = threading.Lock()


@dataclass(frozen=True)
class Answers:
    """What a provider said at `asked_at`: where it answers, and its public keys."""

    metadata: oidc.Metadata
    keys: dict[str, Any]
    asked_at: datetime

    @property
    def are_good(self) -> bool:
        """Whether they may still be used."""
        return utc_now() - self.asked_at < GOOD_FOR


def ask(issuer: str) -> Answers:
    """Ask a provider. Raises ProviderDoesNotAnswer, ProviderUntrustworthy."""
    metadata = oidc.discover(engines().outgoing, issuer)
    return Answers(metadata, oidc.fetch_keys(engines().outgoing, metadata), utc_now())


def read_kept(row: Any) -> Answers | None:
    """What a provider said, out of its row; None if nothing was kept or it does not hold any more."""
    if row.asked_at is None:
        return None
    try:
        return Answers(oidc.read_metadata(engines().outgoing, row.issuer, row.discovery), row.keys, row.asked_at)
    except LockerError:
        return None


@open_use_case("whose provider it is was found by its name in an address; who comes is nobody yet")
def ask_again(organisation_id: UUID, provider_id: UUID) -> Answers | None:
    """Ask a live provider now and keep what it says. None if it was asked within the last minute.

    Raises ProviderDoesNotAnswer, ProviderUntrustworthy.
    """
    this = (IdentityProvider.organisation_id == organisation_id, IdentityProvider.id == provider_id)
    now = utc_now()
    long_ago = or_(IdentityProvider.tried_at.is_(None), IdentityProvider.tried_at <= now - NOT_AGAIN_FOR)
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        claim = update(IdentityProvider).where(*this, IdentityProvider.ended_at.is_(None), long_ago)
        issuer = db.session.scalar(claim.values(tried_at=now).returning(IdentityProvider.issuer))
    if issuer is None:
        return None
    answers = ask(issuer)
    with tenancy.transaction(Tenant(organisation_id=organisation_id)):
        kept = {"discovery": answers.metadata.to_json(), "keys": answers.keys, "asked_at": answers.asked_at}
        db.session.execute(update(IdentityProvider).where(*this).values(**kept))
    return answers


@contextmanager
def place_at(provider_id: UUID, most: int = MOST_WAITING) -> Iterator[None]:
    """Wait for a provider, unless `most` of this process do: a slow one must not hold all threads.

    Raises ProviderDoesNotAnswer.
    """
    place = (provider_id, most)
    with _turn:
        if _waiting[place] >= most:
            raise ProviderDoesNotAnswer
        _waiting[place] += 1
    try:
        yield
    finally:
        with _turn:
            _waiting[place] -= 1
            if not _waiting[place]:
                del _waiting[place]


@task("federation.ask_providers", patient=True)
def ask_providers() -> None:
    """Queue a job for each provider that was not asked within the hour."""
    queue_due(housekeeper())


@use_case(Permission.HOUSEKEEPING, role=DatabaseRole.WORKER)
def queue_due(actor: Actor) -> None:
    """Find the live providers that were not asked for long."""
    require(actor, Permission.HOUSEKEEPING, Facts(None))
    long_ago = or_(IdentityProvider.asked_at.is_(None), IdentityProvider.asked_at <= utc_now() - FRESH_FOR)
    due = select(IdentityProvider.organisation_id, IdentityProvider.id)
    for row in db.session.execute(due.where(IdentityProvider.ended_at.is_(None), long_ago)).all():
        defer(ask_provider, organisation_id=str(row.organisation_id), provider_id=str(row.id))


@task("federation.ask_provider", patient=True)
def ask_provider(organisation_id: str, provider_id: str) -> None:
    """Ask one provider. One that does not answer is asked again within the hour."""
    try:
        ask_again(UUID(organisation_id), UUID(provider_id))
    except LockerError as fault:
        log.warning("provider %s: %s", provider_id, fault.code)
