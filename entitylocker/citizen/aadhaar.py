"""Aadhaar numbers are not kept here, whoever sends them: how they are recognised and masked."""

from __future__ import annotations

import re
import unicodedata

from stdnum import verhoeff

# Twelve digits, together or in groups, of which no more digits or letters are a part.
_TWELVE = re.compile(r"(?<![0-9A-Za-z])(?<![0-9][ -])\d(?:[ -]?\d){11}(?![ -]?\d)(?![A-Za-z])")
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Devanagari needs these two to say which form a letter takes.
_JOINERS = "\u200c\u200d"


def holds_aadhaar(text: str) -> bool:
    """Whether an Aadhaar number stands in `text`: twelve digits, the first not 0 or 1, whose check digit fits."""
    return any(_is_number(found.group()) for found in _TWELVE.finditer(_western(text)))


def mask_aadhaar(text: str) -> str:
    """`text` with all but the last four digits of every Aadhaar number in it replaced."""
    western = _western(text)
    return _TWELVE.sub(_masked, western) if holds_aadhaar(western) else text


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found.group())
    return f"XXXXXXXX{digits[-4:]}" if _is_number(found.group()) else found.group()


def _is_number(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return digits[0] not in "01" and bool(verhoeff.is_valid(digits))


def _western(text: str) -> str:
    """Digits of other scripts (Devanagari) as 0 to 9; everything else as it is."""
    return "".join(str(unicodedata.digit(letter)) if letter.isdecimal() else letter for letter in text)


def without_unseen(text: str) -> str:
    """One line, NFC, without control, bidirectional and zero-width characters but the joiners; spaces joined."""
    seen = (
        letter if letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN else " "
        for letter in unicodedata.normalize("NFC", text)
    )
    return " ".join("".join(seen).split())
