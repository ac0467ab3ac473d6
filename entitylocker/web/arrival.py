"""How one may arrive at a route. Every route carries exactly one of these marks; a test counts them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from entitylocker.web.actors import current_actor, directory_actor, operator_actor, token_actor

View = TypeVar("View", bound=Callable[..., Any])


def _mark(arrival: str, check: Callable[[], Any] | None, why: str = "") -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @functools.wraps(view)
        def enter(*args: Any, **kwargs: Any) -> Any:
            if check is not None:
                check()
            return view(*args, **kwargs)

        enter.arrival = arrival  # type: ignore[attr-defined]
        enter.arrival_why = why  # type: ignore[attr-defined]
        return enter  # type: ignore[return-value]

    return decorate


def session_only(view: View) -> View:
    """A signed-in person; where the address names an organisation, a member of it."""
    return _mark("session", current_actor)(view)


def operator_only(view: View) -> View:
    """A signed-in operator of the installation."""
    return _mark("operator", operator_actor)(view)


def token_only(view: View) -> View:
    """A portal with an access token."""
    return _mark("token", token_actor)(view)


def directory_only(view: View) -> View:
    """The directory of an organisation with a token."""
    return _mark("directory", directory_actor)(view)


def client_only(view: View) -> View:
    """A registered portal that proves itself in the request (RFC 7523): the view's service checks it."""
    return _mark("client", None)(view)


def open_to_all(why: str) -> Callable[[View], View]:
    """Anybody, and why that is right."""
    return _mark("open", None, why)
