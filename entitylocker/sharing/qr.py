"""The code of a check page as a picture."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

# Dark enough on the white plate that it stands on in every theme.
DARK = "#10162e"


def qr_svg(address: str) -> Markup:
    """`address` as SVG to stand in a page: geometry and one colour, no styles."""
    # `address` goes in as modules only, so nothing of it can be markup.
    return Markup(segno.make(address, error="m", micro=False).svg_inline(dark=DARK, border=2, omitsize=True))  # noqa: S704


def qr_file(address: str) -> bytes:
    """`address` as an SVG file with its white plate, to be printed on the document itself."""
    file = io.BytesIO()
    segno.make(address, error="m", micro=False).save(file, kind="svg", dark=DARK, light="#ffffff", border=4, scale=8)
    return file.getvalue()
