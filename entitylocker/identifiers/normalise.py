"""Bringing what a person typed or pasted into one written form, without guessing at its meaning."""

from __future__ import annotations

import unicodedata

_INVISIBLE = {"Cf", "Cc"}
_MINUS_SIGN = "\N{MINUS SIGN}"


def compact(text: str) -> str:
    """Letters and digits only, without spaces and hyphens.

    Full-width forms become plain ones, the digits of every script 0-9, and a-z upper-case.
    """
    return "".join(character for character in _characters(text) if character not in " -")


def with_single_hyphens(text: str) -> str:
    """As `compact`, but each run of spaces or hyphens between characters becomes one hyphen."""
    return "-".join("".join(_characters(text)).replace("-", " ").split())


def _characters(text: str) -> list[str]:
    visible = (c for c in unicodedata.normalize("NFKC", text) if not _is_invisible(c))
    return [_plain(character) for character in visible]


def _is_invisible(character: str) -> bool:
    """Zero-width joiners and soft hyphens come along when people copy; line breaks and tabs are spaces."""
    return unicodedata.category(character) in _INVISIBLE and not character.isspace()


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if character == _MINUS_SIGN or unicodedata.category(character) == "Pd":
        return "-"
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    # Only a-z: upper-casing other letters can turn one character into two, or into a Latin one nobody typed.
    return character.upper() if character.isascii() else character
