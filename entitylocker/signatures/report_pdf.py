"""A report as a PDF of one or two pages, set by Typst: tagged, with its own fonts, in English or Hindi.

What it says comes ready in words: this module knows how it looks, not what it means.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib import resources

import typst


@dataclass(frozen=True, slots=True)
class Item:
    """A statement. `kind`: ok, warn, bad, info, none or mute, which colours it; `word` says the same in a word."""

    kind: str
    word: str
    title: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet under a title: statements, points, pairs of facts, a chain of names, a last sentence.

    Any may be empty.
    """

    title: str
    items: tuple[Item, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    chain: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    foot: str = ""
    small: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the sheet. `language`: en or hi; `facts`: what the report is about; `foot`: on every page."""

    language: str
    heading: str
    organisation: str
    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Item
    lines: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: str


def make_pdf(sheet: Sheet) -> bytes:
    """The bytes of a PDF that shows `sheet`.

    Every text is shown as it is, never understood as markup. A letter that no font has becomes an empty box.
    """
    data = resources.files("entitylocker.signatures") / "data"
    with resources.as_file(data) as folder:
        return typst.compile(
            folder / "report" / "report.typ",
            root=folder / "report",
            font_paths=[folder / "fonts"],
            ignore_system_fonts=True,
            sys_inputs={"sheet": json.dumps(_cleaned(asdict(sheet)), ensure_ascii=False)},
            format="pdf",
        )


def _cleaned(value: object) -> object:
    """The same without characters that are not to be seen: they could turn the order of a line around."""
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() or letter in "‌‍" else " " for letter in value)
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, (list, tuple)) else value
