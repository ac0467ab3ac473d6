"""What is printed on a slip: words in English and Hindi, the code and its picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import segno
from flask_babel import force_locale, gettext
from markupsafe import Markup

from entitylocker.organisations.slips import Slip
from entitylocker.web.display import LOCALES
from entitylocker.web.links import link_to

# Dark enough on white paper and on the white plate that it stands on in every theme.
DARK = "#10162e"


@dataclass(frozen=True)
class PrintedSlip:
    """A slip with its picture. `sayings`: language → words, the officer's language first."""

    slip: Slip
    qr: Markup
    sayings: dict[str, dict[str, str]]


def faces_of(slips: Iterable[Slip]) -> dict[str, Any]:
    """What the template of slips needs: the slips, and the address to type by hand."""
    words = {}
    for language, locale in LOCALES.items():
        with force_locale(locale):
            words[language] = _words()
    return {"slips": [_printed(slip, words) for slip in slips], "join_address": link_to("organisations.join")}


def _printed(slip: Slip, words: dict[str, dict[str, str]]) -> PrintedSlip:
    order = sorted(words, key=lambda language: language != (slip.language or "en"))
    return PrintedSlip(slip, _qr(slip.link), {language: words[language] for language in order})


def _qr(address: str) -> Markup:
    # `address` goes in as modules only, so nothing of it can be markup.
    return Markup(segno.make(address, error="m", micro=False).svg_inline(dark=DARK, border=2, omitsize=True))  # noqa: S704


def _words() -> dict[str, str]:
    return {
        "title": gettext("Your invitation"),
        "do": gettext("Scan the square, or open the address and type the code. Then open an account of your own."),
        "once": gettext("The code works once. Give it to nobody."),
    }
