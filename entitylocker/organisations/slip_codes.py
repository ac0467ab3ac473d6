"""Codes on slips and in text messages: 80 bits that one can read from paper and type."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from entitylocker.accounts.tokens import digest_of

# Crockford's base 32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_GROUP = 4
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LONGEST_TYPED = 64


def code_of(secret: bytes) -> str:
    """The code that belongs to a secret of 256 bits, in groups of four; it tells nothing about the secret."""
    mac = hmac.new(secret, b"entitylocker/slip-code/1", hashlib.sha256).digest()
    bits = int.from_bytes(mac[:10], "big")
    plain = "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(LENGTH)))
    return "-".join(plain[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def find_code(typed: str) -> str | None:
    """The code in what was typed: capitals, look-alikes put right, without spaces and hyphens; None if it is none.

    The secret of a link by mail is never taken for a code: it is longer.
    """
    text = unicodedata.normalize("NFKC", typed[:_LONGEST_TYPED]).upper()
    plain = "".join(letter for letter in text if letter.isalnum()).translate(_LOOK_ALIKES)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None


def digest_of_bearer(typed: str) -> bytes:
    """Under which digest an invitation is kept whose code, or whose secret from a link, was given."""
    code = find_code(typed)
    return digest_of(typed if code is None else f"slip:{code}")
