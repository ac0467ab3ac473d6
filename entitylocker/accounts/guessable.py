"""How easily a password is guessed, by zxcvbn: offline, from lists and patterns that come with it."""

from __future__ import annotations

import re
import threading

from zxcvbn import zxcvbn

from entitylocker.errors import N_

# 0 to 4; from 3 on a password withstands guessing (about 10^8 tries and more), the rest is done by slow hashes.
SCORE_LEAST = 3
# zxcvbn takes no more; what follows can only make a password better.
SCORED_CHARACTERS = 72

# Signs that may stand for several letters cost zxcvbn time that doubles with each: of many of them short parts are
# scored, and the best of these counts. A part that withstands guessing makes the whole withstand it.
_SIGNS = set("4@8({[<3691!|70$5+%2")
_SIGNS_MOST = 6
_PART = 18

# zxcvbn keeps the person's own words where all threads see them.
_one_at_a_time = threading.Lock()

_OF_THIS_PLACE = (
    "entitylocker", "digilocker", "locker", "aadhaar", "bharat", "bharatmata", "hindustan", "jaihind", "vandemataram",
    "india", "indian", "namaste", "ganesh", "ganesha", "shiva", "krishna", "jaishreeram", "saibaba", "lakshmi", "durga",
    "balaji", "hanuman", "mahadev", "waheguru", "bismillah", "sachin", "tendulkar", "dhoni", "kohli", "cricket",
    "bollywood", "mumbai", "delhi", "chennai", "kolkata", "bengaluru", "bangalore", "hyderabad", "maharashtra",
    "kerala", "government", "sarkar", "karyalaya", "office", "department", "vibhag", "welcome", "changeme",
)  # fmt: skip

EASY = N_("This password is guessed quickly. Please add one or two words that do not belong together.")
# What zxcvbn found in most of the password → what is said of it.
WEAKNESSES: dict[str, str] = {
    "dictionary": N_(
        "This password is made of a word or name that many use, which is guessed quickly. "
        "Please take several words that do not belong together."
    ),
    "spatial": N_(
        "This password is keys that lie side by side, which are guessed quickly. "
        "Please take several words that do not belong together."
    ),
    "repeat": N_(
        "This password says the same again and again, which is guessed quickly. "
        "Please take several words that do not belong together."
    ),
    "sequence": N_(
        "This password is a row such as abcd or 1234, which is guessed quickly. "
        "Please take several words that do not belong together."
    ),
    "date": N_(
        "This password is made of a date or year, which is guessed quickly. "
        "Please take several words that do not belong together."
    ),
    "regex": N_(
        "This password is made of a date or year, which is guessed quickly. "
        "Please take several words that do not belong together."
    ),
}


def find_weakness(password: str, own_words: list[str]) -> str | None:
    """What makes the password easy to guess, as one of the sentences above; None if it is not.

    `own_words`: what is known of the person, such as name and address: guessed first.
    """
    worst: str | None = None
    for part in _parts(password[:SCORED_CHARACTERS]):
        with _one_at_a_time:
            found = zxcvbn(part, user_inputs=[*own_words, *_OF_THIS_PLACE])
        if found["score"] >= SCORE_LEAST:
            return None
        worst = worst or _weakness_of(found["sequence"])
    return worst or EASY


def _parts(head: str) -> list[str]:
    if len(_SIGNS & set(head)) <= _SIGNS_MOST:
        return [head]
    return re.findall(f".{{1,{_PART}}}", head, re.DOTALL)


def _weakness_of(sequence: list[dict[str, str]]) -> str:
    """The pattern that covers most of it."""
    longest = max(sequence, key=lambda match: len(match["token"]), default={"pattern": ""})
    return WEAKNESSES.get(longest["pattern"], EASY)
