"""Which objects no row names: put before a commit that never came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from entitylocker.storage.store import ListedObject

GRACE = timedelta(hours=24)


def orphans(
    stored: Iterable[ListedObject], known_keys: Iterable[str], *, now: datetime, grace: timedelta = GRACE
) -> Iterator[str]:
    """The keys of `stored` that are not in `known_keys` and older than `grace`.

    Pure. Younger ones may belong to an upload whose commit is still to come. List the store first and read
    the known keys afterwards, so that a commit in between counts.
    """
    known = frozenset(known_keys)
    for item in stored:
        if item.key not in known and now - item.modified_at > grace:
            yield item.key
