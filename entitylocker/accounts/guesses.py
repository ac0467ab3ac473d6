"""How often codes and passwords of one person may be guessed after the first step: counted in PostgreSQL.

Every try is counted before it is looked at, so that tries at the same moment cannot slip through, and taken back if it
was right. Six digits of which three count at a time: fifty tries a day find one in about ten years.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from sqlalchemy import select

from entitylocker import tenancy
from entitylocker.accounts.models import PersonSession
from entitylocker.accounts.notices import tell_person
from entitylocker.accounts.people import tenant_of_person
from entitylocker.accounts.sessions import Visit
from entitylocker.errors import TooManyRequests
from entitylocker.extensions import db, limiter, network_of
from entitylocker.tenancy import Tenant

# Of one person from one network, and of one person from anywhere.
PER_ADDRESS = RateLimitItemPerMinute(10, 15)
PER_PERSON = RateLimitItemPerDay(50)
_NAME = "second_factor"


@contextmanager
def one_guess(person_id: UUID, visit: Visit, *, counts: bool = True) -> Iterator[None]:
    """Run one try inside the block; it counts if the block raises. Raises TooManyRequests instead of running it.

    `counts`: False for what nobody can guess. A browser in which the person signed in before is counted for itself:
    whoever guesses elsewhere does not keep its owner out.
    """
    if not counts:
        yield
        return
    here = f"{person_id} {visit.browser.hex()}" if visit.browser and _is_known(person_id, visit.browser) else None
    keys = (
        (PER_ADDRESS, here or f"{person_id} {network_of(visit.address)}"),
        (PER_PERSON, here or str(person_id)),
    )
    for item, who in keys:
        _check(item, _add(item, who, 1), person_id)
    yield
    _take_back(keys)


def _is_known(person_id: UUID, browser: bytes) -> bool:
    with tenancy.transaction(Tenant(person_id=person_id)):
        own = (PersonSession.person_id == person_id, PersonSession.browser_digest == browser)
        # A provider could make as many browsers known as it likes.
        found = select(PersonSession.id).where(*own, PersonSession.limited_to.is_(None)).limit(1)
        return db.session.scalar(found) is not None


def _take_back(keys: tuple[tuple[RateLimitItem, str], ...]) -> None:
    for item, who in keys:
        _add(item, who, -1)


def _add(item: RateLimitItem, who: str, amount: int) -> int:
    return int(limiter.storage.incr(item.key_for(_NAME, who), item.get_expiry(), amount=amount))


def _check(item: RateLimitItem, count: int, person_id: UUID) -> None:
    if count <= item.amount:
        return
    if item is PER_PERSON and count == item.amount + 1:
        # Whoever guesses codes knows the password already.
        with tenancy.transaction(tenant_of_person(person_id)):
            tell_person(person_id, "codes_guessed")
    raise TooManyRequests(seconds=item.get_expiry())
