"""The sweeper's choice: old, and named by no row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from entitylocker.storage.store import ListedObject
from entitylocker.storage.sweep import orphans

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def listed(key: str, hours: float) -> ListedObject:
    return ListedObject(key, 1, NOW - timedelta(hours=hours))


def test_only_old_and_unknown_go() -> None:
    stored = [listed("known-old", 48), listed("new", 1), listed("edge", 24), listed("old", 24.01)]
    assert list(orphans(stored, ["known-old"], now=NOW)) == ["old"]


def test_another_grace() -> None:
    assert list(orphans([listed("a", 2)], [], now=NOW, grace=timedelta(hours=1))) == ["a"]


@given(st.dictionaries(st.text(max_size=3), st.floats(-5, 100)), st.sets(st.text(max_size=3)))
def test_a_known_or_young_object_is_never_swept(stored: dict[str, float], known: set[str]) -> None:
    swept = set(orphans((listed(key, age) for key, age in stored.items()), known, now=NOW))
    assert not swept & known
    assert all(stored[key] > 24 for key in swept)
    assert all(key in swept for key, age in stored.items() if age > 24.001 and key not in known)
