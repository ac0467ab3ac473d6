"""When two names of units mean the same: the key under which every spelling of a name is found."""

from __future__ import annotations

import unicodedata
from itertools import groupby

# How offices are shortened on letters and in lists.
_SAME = {
    "dept": "department",
    "deptt": "department",
    "dep": "department",
    "govt": "government",
    "dte": "directorate",
    "dist": "district",
    "distt": "district",
    "div": "division",
    "divn": "division",
    "commr": "commissioner",
    "evam": "and",
    "एवं": "and",
    "तथा": "and",
    "और": "and",
}
_APOSTROPHES = frozenset("'’‘`´ʼ")


def name_key(name: str) -> str:
    """A name without what spelling changes: case, width, punctuation, spaces, "&" for "and", "Dept." for "Department".

    Two names with the same key are taken for the same unit. Letters, marks and digits of every script are kept.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(_kept(letter) for letter in text.replace("&", " and "))
    words = (_SAME.get(word, word) for word in _initials_joined(letters.split()))
    return " ".join(words)


def _kept(letter: str) -> str:
    if letter in _APOSTROPHES or unicodedata.category(letter) == "Cf":
        return ""
    return letter if unicodedata.category(letter)[0] in "LMN" else " "


def _initials_joined(words: list[str]) -> list[str]:
    """ "p w d" was "P.W.D." and is "pwd"."""
    joined: list[str] = []
    for alone, run in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        found = list(run)
        joined += ["".join(found)] if alone else found
    return joined
