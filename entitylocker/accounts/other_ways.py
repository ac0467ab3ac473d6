"""Other ways to sign in than those of this room: the rooms above say which there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from entitylocker.web.headers import allow_form_action


@dataclass(frozen=True)
class OtherWay:
    """A button on the sign-in page. `action`: where it posts; `origin`: where that leads on to. `label`: translated."""

    label: str
    action: str
    origin: str
    icon: str = "log-in"


_finders: list[Callable[[], list[OtherWay]]] = []


def register_other_ways(find: Callable[[], list[OtherWay]]) -> None:
    """Let a room above offer ways to sign in. `find()` runs for each showing of the page and must not raise."""
    if find not in _finders:
        _finders.append(find)


def list_other_ways() -> list[OtherWay]:
    """Every other way, for a page that shows them: its forms may lead to their origins."""
    ways = [way for find in _finders for way in find()]
    for way in ways:
        allow_form_action(way.origin)
    return ways
