"""Passwords: which are taken, and their hashes (Argon2id, never more at once than there are cores)."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from entitylocker.accounts.breached import digest_of_password, is_listed
from entitylocker.accounts.errors import Busy, UnfitPassword
from entitylocker.accounts.rules import BREACHED, check_password, normalise_password
from entitylocker.web.engine_room import engines

log = logging.getLogger(__name__)

# Argon2id, 3 passes, 64 MiB, one lane (the OWASP Password Storage Cheat Sheet asks for 2 passes of 19 MiB).
_hasher = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)

# Each hash takes 64 MiB and a core: a flood of sign-ins must wait here rather than fill the memory.
_places = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))
_WAIT_SECONDS = 20.0


@contextmanager
def _a_place() -> Iterator[None]:
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _places.release()


def check_new_password(password: str, *, name: str, email: str) -> None:
    """Raises UnfitPassword for a password that is too short or long, easily guessed, or known from a breach."""
    check_password(password, name=name, email=email)
    if _is_breached(password):
        raise UnfitPassword(BREACHED)


def _is_breached(password: str) -> bool:
    """Whether the operator's list has it. A list that cannot be read stops nobody: `doctor` says so."""
    path = engines().settings.breached_passwords
    if not path:
        return False
    try:
        forms = {password, normalise_password(password)}
        return any(is_listed(Path(path), digest_of_password(form)) for form in forms)
    except OSError as fault:
        log.error("the list of breached passwords cannot be read: %s", fault)
        return False


def hash_password(password: str) -> str:
    """The hash for the row. Raises Busy if there is no free place for long."""
    with _a_place():
        return _hasher.hash(normalise_password(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password fits. With no stored hash it works just as long and answers no. Raises Busy."""
    stand_in = _stand_in()
    known = stand_in if stored is None else stored
    with _a_place():
        try:
            return _hasher.verify(known, normalise_password(password)) and stored is not None
        except (Argon2Error, InvalidHashError):
            return False


def needs_rehash(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@functools.cache
def _stand_in() -> str:
    return _hasher.hash(os.urandom(16).hex())
