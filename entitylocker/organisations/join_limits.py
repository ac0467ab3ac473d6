"""How often codes of invitations may be guessed: by one network, and by all together over all processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import Response

# Registers the storage of RATELIMIT_STORAGE_URI.
import entitylocker.web.rate_storage
from entitylocker.extensions import limiter, visitor_network

GUESSES = "20 per 15 minutes; 60 per day"
# 80 random bits are not guessed at this pace in the age of the earth; honest people mistype a few times.
GUESSES_OF_ALL = "600 per hour"

View = TypeVar("View", bound=Callable[..., Any])

assert entitylocker.web.rate_storage.PostgresStorage.STORAGE_SCHEME


def limit_code_guesses(view: View) -> View:
    """Count what opens nothing. The network first: what is refused to one does not count against all of them."""
    mine: Any = limiter.shared_limit(GUESSES, "join-guesses", key_func=visitor_network, deduct_when=_opened_nothing)
    of_all: Any = limiter.shared_limit(
        GUESSES_OF_ALL, "join-guesses-of-all", key_func=lambda: "all", deduct_when=_opened_nothing
    )
    return cast(View, of_all(mine(view)))


def _opened_nothing(response: Response) -> bool:
    return response.status_code in (404, 422)
