"""Names that are much alike and yet not the same: a letter too many, too few, wrong or in the wrong place. Pure.

Every name is looked up, not compared with every other: a file of thousands of names costs as much for each as one of
ten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Shorter words differ by a letter because they are different: Circle A and Circle B, East and West.
_LONG_ENOUGH = 5
# Of longer names only vowels and doubled letters are forgiven: nobody has so long ones but to keep the locker busy.
_LONGEST = 100
_VOWELS = re.compile(r"(?<=\w)[aeiou]+")
_TWICE = re.compile(r"(.)\1+")


class Alike:
    """The names seen so far, found again in a spelling that is off by little."""

    def __init__(self) -> None:
        self._by_sign: dict[int, str] = {}
        self._name_of: dict[str, str] = {}

    def add(self, key: str, name: str) -> None:
        """Remember a name by its key."""
        self._name_of[key] = name
        for sign in _signs(key):
            self._by_sign.setdefault(sign, key)

    def find(self, key: str) -> str | None:
        """The name of another key that differs only as a slip of the pen does, if one was added."""
        for sign in _signs(key):
            other = self._by_sign.get(sign)
            if other is not None and other != key and _is_slip(key, other):
                return self._name_of[other]
        return None


def _signs(key: str) -> Iterator[int]:
    """What two keys have in common when they differ by one letter, or only in vowels and doubled letters."""
    yield hash(("bones", _TWICE.sub(r"\1", _VOWELS.sub("", key)).replace(" ", "")))
    yield hash(key)
    for place in range(len(key) if len(key) <= _LONGEST else 0):
        yield hash(key[:place] + key[place + 1 :])


def _is_slip(one: str, other: str) -> bool:
    """Whether words of some length differ, and none that holds a number: District 11 is not District 12."""
    different = set(one.split()) ^ set(other.split())
    return all(len(word) >= _LONG_ENOUGH and not any(map(str.isnumeric, word)) for word in different)
