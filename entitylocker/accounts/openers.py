"""What else opens an account than what this room keeps: the rooms above say it, so that one page shows all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from entitylocker.access import Actor


@dataclass(frozen=True)
class Opener:
    """Something that opens a person's account, or a part of it. `words`: translated; `page`: where it is ended."""

    words: str
    since: datetime | None
    page: str


_finders: list[Callable[[Actor], list[Opener]]] = []


def register_openers(find: Callable[[Actor], list[Opener]]) -> None:
    """Let a room above say what opens an account through it."""
    if find not in _finders:
        _finders.append(find)


def list_openers(actor: Actor) -> list[Opener]:
    """What opens the actor's own account through the rooms above."""
    return [opener for find in _finders for opener in find(actor)]
