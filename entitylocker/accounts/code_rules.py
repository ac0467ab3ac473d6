"""Codes that people type, read as they were meant, before anything is compared."""

from __future__ import annotations

import re
import secrets
import unicodedata

DIGITS = 6
# Crockford's alphabet: no letter that looks like a digit.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TWINS = str.maketrans({"O": "0", "I": "1", "L": "1"})
# 24 letters of 5 bits: 120 bits, more than the 112 below which a digest alone would not do (ASVS 5.0, 6.5.2).
RECOVERY_LETTERS = 24
RECOVERY_CODES = 10
_GROUP = 4


def read_code(typed: str) -> str | None:
    """Six ASCII digits of what was typed: with spaces or signs between, in the digits of any script; else None."""
    kept = [letter for letter in unicodedata.normalize("NFKC", typed) if not _is_between(letter)]
    digits = "".join(str(unicodedata.decimal(letter, "x")) for letter in kept)
    return digits if re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits) else None


def read_recovery_code(typed: str) -> str | None:
    """The 24 letters of a recovery code, in any spelling, or None."""
    kept = "".join(letter for letter in unicodedata.normalize("NFKC", typed).upper() if not _is_between(letter))
    text = "".join(str(unicodedata.decimal(letter, letter)) for letter in kept).translate(_TWINS)
    return text if len(text) == RECOVERY_LETTERS and set(text) <= set(_ALPHABET) else None


def new_recovery_code() -> str:
    """A fresh code, in groups of four."""
    return in_groups("".join(secrets.choice(_ALPHABET) for _ in range(RECOVERY_LETTERS)), "-")


def in_groups(text: str, between: str = " ") -> str:
    """`text` in groups of four, as it is read out and typed."""
    return between.join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _is_between(letter: str) -> bool:
    """Spaces, dashes and signs that nobody sees."""
    return letter.isspace() or unicodedata.category(letter) in ("Pd", "Cf", "Cc", "Pc")
