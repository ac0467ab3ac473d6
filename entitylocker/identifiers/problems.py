"""What can be wrong with a typed identifier: one class a sentence, so that each is translated whole."""

from __future__ import annotations

from typing import Any

from entitylocker.errors import N_, LockerError
from entitylocker.identifiers.kinds import IdentifierKind


class InvalidIdentifier(LockerError):
    """Not an identifier of the kind it was said to be. Facts: `kind`; `position` (from 1) where it is known.

    Positions count letters and digits only: spaces and hyphens are written in many ways and never matter.
    """

    code = "invalid_identifier"
    status = 422
    worded = frozenset({"kind"})
    message = N_("This is not a valid %(kind)s.")
    advice = N_("Compare it with the certificate, character by character.")

    def __init__(self, kind: IdentifierKind, field: str | None = None, **facts: Any) -> None:
        self.kind = kind
        super().__init__(field=field, kind=kind.label, **facts)


class IdentifierMissing(InvalidIdentifier):
    code = "identifier_missing"
    message = N_("Type the %(kind)s.")


class WrongLength(InvalidIdentifier):
    code = "identifier_wrong_length"
    message = N_("%(kind)s: %(expected)s letters and digits are needed, you typed %(typed)s.")


class MustBeDigit(InvalidIdentifier):
    code = "identifier_digit_expected"
    message = N_('Character %(position)s must be a digit: you typed "%(typed)s".')


class MeantDigit(MustBeDigit):
    """A letter that looks like a digit; `meant` is that digit."""

    message = N_('Character %(position)s must be a digit: you typed "%(typed)s". Did you mean the digit %(meant)s?')


class MeantZero(MeantDigit):
    message = N_('Character %(position)s must be a digit: you typed "%(typed)s". Did you mean zero?')


class MustBeLetter(InvalidIdentifier):
    code = "identifier_letter_expected"
    message = N_('Character %(position)s must be a letter from A to Z: you typed "%(typed)s".')


class MeantLetter(MustBeLetter):
    """A digit that looks like a letter; `meant` is that letter."""

    message = N_('Character %(position)s must be a letter: you typed "%(typed)s". Did you mean the letter %(meant)s?')


class MustBeLetterOrDigit(InvalidIdentifier):
    code = "identifier_letter_or_digit_expected"
    message = N_('Character %(position)s must be a letter from A to Z or a digit: you typed "%(typed)s".')


class MustBeOneOf(InvalidIdentifier):
    code = "identifier_character_not_allowed"
    message = N_('Character %(position)s must be one of %(allowed)s: you typed "%(typed)s".')


class MustBeginWith(InvalidIdentifier):
    code = "identifier_wrong_beginning"
    message = N_("%(kind)s: it must begin with %(beginning)s.")


class UnknownState(InvalidIdentifier):
    code = "identifier_unknown_state"
    message = N_('Characters %(position)s and %(last)s must name a state or union territory: you typed "%(typed)s".')


class UnknownCompanyType(InvalidIdentifier):
    code = "identifier_unknown_company_type"
    message = N_(
        'Characters %(position)s to %(last)s must be a type of company such as PTC or PLC: you typed "%(typed)s".'
    )


class ImpossibleYear(InvalidIdentifier):
    code = "identifier_impossible_year"
    message = N_(
        'Characters %(position)s to %(last)s must be a year from %(earliest)s to %(latest)s: you typed "%(typed)s".'
    )


class SerialIsZero(InvalidIdentifier):
    code = "identifier_serial_zero"
    message = N_("Characters %(position)s to %(last)s cannot all be zero.")


class DoesNotAddUp(InvalidIdentifier):
    """The check digit contradicts the rest: which character is wrong cannot be said."""

    code = "identifier_does_not_add_up"
    message = N_("%(kind)s: the number does not add up. A character is wrong, or two have changed places.")


class BadDepartmentCode(InvalidIdentifier):
    code = "department_code_malformed"
    message = N_("A department code begins with a letter and has 2 to 20 letters (A to Z), digits and single hyphens.")
    advice = N_("Use the code as it stands in the order letter.")
