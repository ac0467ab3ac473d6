"""Slips as one file: a page that stands alone, to be opened and printed on any machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flask import Flask, render_template

from entitylocker.config import write_private
from entitylocker.organisations.service import Slip
from entitylocker.organisations.slip_faces import faces_of
from entitylocker.paths import resource


def write_slips(app: Flask, path: Path, slips: Iterable[Slip]) -> None:
    """Write slips to `path`, readable by its owner only: each is as good as a key. Runs inside a request context."""
    style = (Path(str(resource("static"))) / "css" / "slips.css").read_text("utf-8")
    page = render_template("organisations/slips_file.html", style=style, **faces_of(slips))
    write_private(path, page.encode())
