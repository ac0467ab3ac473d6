"""How often one network may ask, counted over all processes in PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from typing import Any, NoReturn, TypeVar, cast

from flask_limiter import RequestLimit

from entitylocker.extensions import limiter, visitor_network
from entitylocker.sharing.errors import ChecksBusy, TooManyChecks

CHECKS = "10 per minute; 100 per day"
CODES = "60 per minute; 1000 per day"
# A flood from many networks is to cost members little: beyond this strangers are sent away before their file is read.
CHECKS_OF_ALL = "300 per minute"

View = TypeVar("View", bound=Callable[..., Any])


def limit_checks(view: View) -> View:
    """Count the files that a network, and all together, have checked over the page and the API."""
    decorate: Any = limiter.shared_limit(
        lambda: CHECKS_OF_ALL, "public-checks-of-all", key_func=lambda: "all", methods=["POST"], on_breach=_too_many
    )
    # The network first: what is refused to one network does not count against all of them.
    return cast(View, decorate(_shared(CHECKS, "public-checks", ["POST"])(view)))


def limit_codes(view: View) -> View:
    """Count the codes that a network asks for."""
    return _shared(CODES, "check-codes", ["GET", "HEAD"])(view)


def _shared(limit: str, scope: str, methods: list[str]) -> Callable[[View], View]:
    decorate: Any = limiter.shared_limit(limit, scope, key_func=visitor_network, methods=methods, on_breach=_refuse)
    return cast(Callable[[View], View], decorate)


def _refuse(breached: RequestLimit) -> NoReturn:
    seconds = _seconds(breached)
    raise TooManyChecks(seconds=seconds, minutes=ceil(seconds / 60))


def _too_many(breached: RequestLimit) -> NoReturn:
    raise ChecksBusy(seconds=_seconds(breached))


def _seconds(breached: RequestLimit) -> int:
    return max(1, ceil(breached.reset_at - time.time()))
