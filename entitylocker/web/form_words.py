"""What marshmallow says about a field, in the words of this house: plain, and in the reader's language."""

from __future__ import annotations

import re

from flask_babel import gettext

from entitylocker.errors import N_

# What marshmallow writes by itself, as a whole, and what stands for it here. Its numbers become facts.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (r"Missing data for required field\.|Field may not be null\.", N_("Please fill this in.")),
        (r"Shorter than minimum length 1\.", N_("Please fill this in.")),
        (r"Shorter than minimum length (?P<least>\d+)\.", N_("Please use at least %(least)s characters.")),
        (r"Longer than maximum length (?P<most>\d+)\.", N_("Please use at most %(most)s characters.")),
        (
            r"Length must be between (?P<least>\d+) and (?P<most>\d+)\.",
            N_("Please use %(least)s to %(most)s characters."),
        ),
        (r"Not a valid email address\.", N_("This is not an e-mail address.")),
        (r"Not a valid (date|time|datetime|naive date|aware datetime)\.", N_("This is not a date.")),
        (r"Not a valid (integer|number)\.", N_("This is not a number.")),
        (r"Number too large\.|Must be (greater|less) than .*", N_("This is too small or too large.")),
        (r"Not a valid UUID\.|Must be one of: .*", N_("Please choose one of the list.")),
        (r"Not a valid URL\.", N_("This is not a complete address.")),
        (r"Unknown field\.", N_("This field is not known here.")),
        (r"(Invalid|Not a valid|String does not match|\".*\" cannot be) .*", N_("This cannot be read.")),
    )
)


def in_words(text: str) -> str:
    """`text`, a message about a field, translated. What marshmallow wrote by itself is said in plain words first."""
    for pattern, message in _WORDS:
        found = pattern.fullmatch(text)
        if found:
            return str(gettext(message, **found.groupdict()))
    return str(gettext(text))
