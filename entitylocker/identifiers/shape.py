"""Checking an identifier character by character against a mask, and saying which character is wrong."""

from __future__ import annotations

import string

from entitylocker.identifiers.kinds import IdentifierKind
from entitylocker.identifiers.problems import (
    IdentifierMissing,
    InvalidIdentifier,
    MeantDigit,
    MeantLetter,
    MeantZero,
    MustBeDigit,
    MustBeLetter,
    MustBeLetterOrDigit,
    WrongLength,
)

_LETTER, _DIGIT = "A", "9"
_DIGIT_LIKE = {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "G": "6", "B": "8"}
_LETTER_LIKE = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"}


def require_shape(kind: IdentifierKind, value: str, mask: str) -> None:
    """Hold `value` against `mask` (A a letter, 9 a digit, * either).

    Raises InvalidIdentifier for the first character from the left that does not fit.
    """
    if not value:
        raise IdentifierMissing(kind)
    if len(value) != len(mask):
        raise WrongLength(kind, expected=len(mask), typed=len(value))
    for position, (character, wanted) in enumerate(zip(value, mask, strict=True), start=1):
        problem = _problem_at(kind, position, character, wanted)
        if problem is not None:
            raise problem


def _problem_at(kind: IdentifierKind, position: int, character: str, wanted: str) -> InvalidIdentifier | None:
    if wanted == _DIGIT:
        return None if character in string.digits else _not_a_digit(kind, position, character)
    if wanted == _LETTER:
        return None if character in string.ascii_uppercase else _not_a_letter(kind, position, character)
    if character in string.digits + string.ascii_uppercase:
        return None
    return MustBeLetterOrDigit(kind, position=position, typed=character)


def _not_a_digit(kind: IdentifierKind, position: int, character: str) -> InvalidIdentifier:
    meant = _DIGIT_LIKE.get(character)
    if meant is None:
        return MustBeDigit(kind, position=position, typed=character)
    if meant == "0":
        return MeantZero(kind, position=position, typed=character, meant=meant)
    return MeantDigit(kind, position=position, typed=character, meant=meant)


def _not_a_letter(kind: IdentifierKind, position: int, character: str) -> InvalidIdentifier:
    meant = _LETTER_LIKE.get(character)
    if meant is None:
        return MustBeLetter(kind, position=position, typed=character)
    return MeantLetter(kind, position=position, typed=character, meant=meant)
