"""Codes of check pages: 80 bits that one can read from paper and type."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

# Crockford's base 32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_GROUP = 4
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LONGEST_TYPED = 64


def code_of(secret: bytes) -> str:
    """The code that belongs to a secret of 256 bits; it tells nothing about the secret."""
    mac = hmac.new(secret, b"entitylocker/check-code/1", hashlib.sha256).digest()
    bits = int.from_bytes(mac[:10], "big")
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(LENGTH)))


def read_code(typed: str) -> str:
    """What was typed, as codes are written: capitals, look-alikes put right, without spaces and hyphens.

    It need not be a code: see `is_code`.
    """
    text = unicodedata.normalize("NFKC", typed[:_LONGEST_TYPED]).upper()
    return "".join(letter for letter in text if letter.isalnum()).translate(_LOOK_ALIKES)


def is_code(text: str) -> bool:
    """Whether `text` could be a code."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


def show_code(code: str) -> str:
    """The code in groups of four, for people."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def digest(code: str) -> bytes:
    """What is stored of a code (as `read_code` writes it). 80 random bits are too many to be guessed from it."""
    return hashlib.sha256(code.encode()).digest()
