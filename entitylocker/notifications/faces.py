"""The two faces of a mail, made of one template: plain text, wrapped, and HTML from the base of all mails.

A template writes paragraphs with empty lines between, lists with `- ` in front of each line, and a link on a line of
its own. At its top it may set `action` (the words of the button for its first link) and `why` (why one gets this mail).
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from flask_babel import gettext

from entitylocker.web.engine_room import engines
from entitylocker.web.shell import role_label

_WIDTH = 76
_SUBJECT_MAX = 200
# Signs that turn the order of writing round. Joiners stay: Hindi needs them.
_ORDER = {chr(code) for code in (0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}


@dataclass(frozen=True)
class Faces:
    """A mail, ready to be kept and sent."""

    subject: str
    text: str
    html: str


@dataclass
class Block:
    """A part of a mail. `kind`: text, list or link."""

    kind: str
    lines: list[str] = field(default_factory=list)


def one_line(value: str) -> str:
    """`value` on one line, without control characters: it can end no header and begin no part of its own."""
    spaced = "".join(" " if letter.isspace() else letter for letter in value)
    kept = (x for x in spaced if unicodedata.category(x) not in ("Cc", "Cs") and x not in _ORDER)
    return re.sub(r" +", " ", "".join(kept)).strip()


def draw(template: str, subject: Any, language: str, facts: dict[str, Any]) -> Faces:
    """Render a mail in the locale of the moment, which is that of `language`."""
    given = {name: _plain(fact) for name, fact in facts.items()}
    # Without what pages add to every template: that would look up things of another tenant.
    made = current_app.jinja_env.get_template(f"{template}.txt").make_module(
        {**given, "language": language, "role_label": role_label}
    )
    blocks = read_blocks(str(made), engines().settings.base_url)
    why = str(getattr(made, "why", "") or gettext("You get this mail because your address is used in EntityLocker."))
    foot = [one_line(why), gettext("A program wrote this mail. Nobody reads answers to it.")]
    headline = one_line(str(subject))[:_SUBJECT_MAX]
    html = current_app.jinja_env.get_template("mail/_base.html").render(
        subject=headline, blocks=blocks, foot=foot, language=language, organisation=given.get("organisation"),
        action=str(getattr(made, "action", "") or gettext("Open the page")),
        site=urlsplit(engines().settings.base_url).netloc,
    )  # fmt: skip
    return Faces(headline, _wrapped(blocks, foot), html)


def _plain(fact: Any) -> Any:
    if type(fact) is str:
        return one_line(fact)
    if isinstance(fact, list | tuple):
        return [_plain(part) for part in fact]
    if isinstance(fact, dict):
        return {name: _plain(part) for name, part in fact.items()}
    return fact


def read_blocks(text: str, base_url: str) -> list[Block]:
    """What a rendered template says, in parts. Only a link to this site is one: nobody's words lead elsewhere."""
    found: list[Block] = [Block("")]
    for line in (line.strip() for line in text.splitlines()):
        kind = _kind_of(line, base_url.rstrip("/") + "/")
        if kind != found[-1].kind or kind == "link":
            found.append(Block(kind))
        if kind:
            found[-1].lines.append(line.removeprefix("- ") if kind == "list" else line)
    return [block for block in found if block.kind]


def _kind_of(line: str, site: str) -> str:
    if not line:
        return ""
    if line.startswith(site) and " " not in line:
        return "link"
    return "list" if line.startswith("- ") else "text"


def _wrapped(blocks: list[Block], foot: list[str]) -> str:
    parts = [_wrap(block) for block in blocks]
    return "\n\n".join([*parts, "-- \n" + "\n".join(_fill(line) for line in foot)]) + "\n"


def _wrap(block: Block) -> str:
    if block.kind == "link":
        return block.lines[0]
    if block.kind == "list":
        return "\n".join(_fill(line, "- ", "  ") for line in block.lines)
    return _fill(" ".join(block.lines))


def _fill(line: str, first: str = "", further: str = "") -> str:
    return textwrap.fill(
        line, _WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
