"""Mobile numbers as text messages need them."""

from __future__ import annotations

import re
import unicodedata

_INDIAN = re.compile(r"(?:\+?91|0)?([6-9]\d{9})")
_ABROAD = re.compile(r"\+[1-9]\d{7,14}")


def find_phone(typed: str) -> str | None:
    """A mobile number in the form of E.164 (`+919812345678`); None for what is none.

    Indian mobiles may stand without their country, with 0, 91 or +91; others only with + and their country.
    Digits of every script, spaces, dots, hyphens and brackets are read.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    digits = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text if c not in " .-()\u00a0\u2011")
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    indian = _INDIAN.fullmatch(digits)
    if indian:
        return f"+91{indian.group(1)}"
    if digits.startswith("+91"):
        return None
    return digits if _ABROAD.fullmatch(digits) else None


def mask_phone(phone: str) -> str:
    """A number for a page that others see: `…5678`."""
    return f"…{phone[-4:]}"
