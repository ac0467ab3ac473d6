"""Hindi in the fonts of before Unicode (Kruti Dev, DevLys and the like): Latin bytes that only look Hindi in that font.

No bytes tell it from English, so the shapes of its words do: in these fonts `k` is the commonest vowel sign, `f`, `h`
and `s` are others, signs such as `{`, `;` and `/` are letters, and capitals (half letters) stand within words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VOWELS = frozenset("aeiouyAEIOUY")
# What is a letter there and hardly stands between letters in English.
_SIGNS = re.compile(r"[A-Za-z][{\[\]};|~^<>`\\][A-Za-z]?|[{\[};|~^<>`\\][A-Za-z]|[A-Za-z][;|]\Z")
_STROKE = re.compile(r"[a-z][/.,'][a-z]")
_SHA = re.compile(r"(?:\A|[a-zA-Z])'[k\[]|\"k")
_HIGH = re.compile(r"[ÙØÑÉÊÅÆÝÞßåæ¼½¾¿§¡©«¶÷]")
_CAPITAL_WITHIN = re.compile(r"[a-z][A-Z]")
_ENDINGS = re.compile(r"(?:kZ|Zk|k[sS]a?|[fh]r|Hk|kk|;k|k;|kh)")
_CAMEL = re.compile(r"(?:[A-Z]?[a-z]+)(?:[A-Z][a-z]*[aeiou][a-z]*)+")
_HINDI_OFFICE = frozenset({"foHkkx", "Jh", "Jherh", "ftyk", "eq[;", "dk;kZy;"})
_SUSPICIOUS = 3
_LEAST_LETTERS = 3


def looks_legacy(text: str) -> bool:
    """Whether a cell is Hindi in an old font: most of its words look so."""
    words = [word for word in text.split() if sum(letter.isalpha() for letter in word) >= _LEAST_LETTERS]
    if not words or not text.isprintable() or any("\u0900" <= letter <= "\u097f" for letter in text):
        return False
    marks = [_marks(word) for word in words]
    suspicious = sum(mark >= _SUSPICIOUS for mark in marks)
    return suspicious * 2 >= len(words) or sum(marks) >= 2 * len(words) + 2


def is_legacy_file(cells: Iterable[str]) -> bool:
    """Whether a file is written so: several different cells are, and no small part of them.

    A single such cell is a matter of its row.
    """
    different = {cell for cell in cells if cell.strip()}
    found = sum(map(looks_legacy, different))
    return found >= 3 and found * 5 >= len(different)


def _marks(word: str) -> int:
    """How much a word looks so; English ones have 0 or 1."""
    if word in _HINDI_OFFICE:
        return _SUSPICIOUS
    letters = [letter for letter in word if letter.isalpha()]
    small = sum(letter.islower() for letter in letters)
    signs = 3 * bool(_SIGNS.search(word)) + 2 * bool(_SHA.search(word)) + 2 * bool(_HIGH.search(word))
    inside = 2 * (bool(_CAPITAL_WITHIN.search(word)) and not _CAMEL.fullmatch(word))
    # Abbreviations have no vowels either, but they are capitals.
    bare = 2 * (small * 2 > len(letters) and not _VOWELS & set(word))
    few = small * 2 > len(letters) and len(letters) > 3 and 4 * sum(x in _VOWELS for x in letters) <= len(letters)
    little = bool(_STROKE.search(word)) + bool(_ENDINGS.search(word)) + (word.count("k") > 1)
    return signs + inside + bare + few + little
