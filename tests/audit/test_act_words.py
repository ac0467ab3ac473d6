"""Every act that can be refused is called by plain words on the activity page."""

from __future__ import annotations

from entitylocker.access import Permission
from entitylocker.audit.act_words import ACT_WORDS


def test_every_permission_has_words() -> None:
    assert set(ACT_WORDS) == set(Permission)
    assert all(words and ":" not in words for words in ACT_WORDS.values())
    assert len(set(ACT_WORDS.values())) == len(ACT_WORDS)
