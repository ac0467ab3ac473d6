"""How often one address and one account may try: counted over all processes in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast

from flask import Response, g, request

# Registers the storage of RATELIMIT_STORAGE_URI.
import entitylocker.web.rate_storage
from entitylocker.accounts.known_browser import knows_account
from entitylocker.accounts.rules import normalise_email
from entitylocker.extensions import limiter, visitor_network
from entitylocker.web.actors import current_person

__all__ = ["limit_accounts", "limit_addresses", "limit_everybody", "limit_failures", "limit_guesses", "limit_persons"]

assert entitylocker.web.rate_storage.PostgresStorage.STORAGE_SCHEME

View = Callable[..., Any]

FAILURES = "100 per hour"


def account_key() -> str:
    """The account that a form is about, as a digest: known or unknown, the count is the same."""
    return hashlib.sha256(normalise_email(request.form.get("email", "")).encode()).hexdigest()


def limit_addresses(limit: str) -> Callable[[View], View]:
    """At most `limit` posts from one network address."""
    return limiter.limit(limit, methods=["POST"])


def limit_accounts(limit: str) -> Callable[[View], View]:
    """At most `limit` posts about one account."""
    return limiter.limit(limit, methods=["POST"], key_func=account_key)


def limit_failures(view: View) -> View:
    """At most FAILURES failed posts about one account, from wherever.

    A browser in which somebody signed in to that account before is counted for itself: however many others guess, its
    owner gets in.
    """
    decorate: Any = limiter.limit(lambda: FAILURES, methods=["POST"], key_func=_failure_key, deduct_when=_failed)
    return cast(View, decorate(view))


def limit_everybody(limit: str) -> Callable[[View], View]:
    """At most `limit` posts of all together: what sends mail to anybody must not become a mill for it.

    Browsers that know the account count for themselves: strangers cannot use up what its owner needs.
    """
    return limiter.limit(limit, methods=["POST"], key_func=lambda: _own_key() or "everybody")


def limit_persons(limit: str) -> Callable[[View], View]:
    """At most `limit` posts from one signed-in person."""
    return limiter.limit(limit, methods=["POST"], key_func=lambda: f"person {current_person().person_id}")


def limit_guesses(limit: str) -> Callable[[View], View]:
    """At most `limit` failed posts about one account from one network: a stranger locks nobody else out.

    Not even others who come from the same network, if they signed in there before.
    """
    return limiter.limit(limit, methods=["POST"], key_func=_guess_key, deduct_when=_failed)


def _guess_key() -> str:
    return _own_key() or f"{account_key()} {visitor_network()}"


def _failure_key() -> str:
    return _own_key() or account_key()


def _own_key() -> str | None:
    """The browser together with the account, if it signed in to it before."""
    if "own_throttle_key" not in g:
        digest = knows_account(request.form.get("email", ""))
        g.own_throttle_key = f"{account_key()} {digest.hex()}" if digest else None
    key: str | None = g.own_throttle_key
    return key


def _failed(response: Response) -> bool:
    return response.status_code >= 400
