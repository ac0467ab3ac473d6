"""How often one address and one account may try: counted over all processes in PostgreSQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_limiter.util import get_remote_address

# Registers the storage of RATELIMIT_STORAGE_URI.
import entitylocker.web.rate_storage
from entitylocker.accounts.rules import normalise_email
from entitylocker.extensions import limiter
from entitylocker.web.actors import current_person

__all__ = ["limit_accounts", "limit_addresses", "limit_everybody", "limit_guesses", "limit_persons"]

assert entitylocker.web.rate_storage.PostgresStorage.STORAGE_SCHEME

View = Callable[..., Any]


def account_key() -> str:
    """The account that a form is about, as a digest: known or unknown, the count is the same."""
    return hashlib.sha256(normalise_email(request.form.get("email", "")).encode()).hexdigest()


def limit_addresses(limit: str) -> Callable[[View], View]:
    """At most `limit` posts from one network address."""
    return limiter.limit(limit, methods=["POST"])


def limit_accounts(limit: str, *, only_failures: bool = False) -> Callable[[View], View]:
    """At most `limit` posts about one account; with `only_failures` those that succeeded do not count."""
    counts = _failed if only_failures else None
    return limiter.limit(limit, methods=["POST"], key_func=account_key, deduct_when=counts)


def limit_everybody(limit: str) -> Callable[[View], View]:
    """At most `limit` posts of all together: what sends mail to anybody must not become a mill for it."""
    return limiter.limit(limit, methods=["POST"], key_func=lambda: "everybody")


def limit_persons(limit: str) -> Callable[[View], View]:
    """At most `limit` posts from one signed-in person."""
    return limiter.limit(limit, methods=["POST"], key_func=lambda: f"person {current_person().person_id}")


def limit_guesses(limit: str) -> Callable[[View], View]:
    """At most `limit` failed posts about one account from one address: a stranger locks nobody else out."""
    return limiter.limit(limit, methods=["POST"], key_func=_guess_key, deduct_when=_failed)


def _guess_key() -> str:
    return f"{account_key()} {get_remote_address()}"


def _failed(response: Response) -> bool:
    return response.status_code >= 400
