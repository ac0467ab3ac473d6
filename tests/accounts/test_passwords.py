"""Hashes of passwords: their parameters, the stand-in, the limit on how many run at once."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from entitylocker.accounts import passwords
from entitylocker.accounts.errors import Busy


def test_hashes_are_argon2id_with_three_passes_over_64_mib() -> None:
    for made in (passwords.hash_password("correct horse"), passwords._stand_in()):
        found = extract_parameters(made)
        assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (Type.ID, 3, 65536, 1)


def test_only_the_right_password_fits_in_any_spelling_of_its_letters() -> None:
    stored = passwords.hash_password("caf\u00e9 au lait")
    assert passwords.verify_password(stored, "cafe\u0301 au lait")
    assert not passwords.verify_password(stored, "cafe au lait")
    assert not passwords.verify_password("not a hash", "caf\u00e9 au lait")
    assert not passwords.verify_password(None, "caf\u00e9 au lait")


def test_older_parameters_ask_for_a_new_hash() -> None:
    assert passwords.needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x"))
    assert not passwords.needs_rehash(passwords.hash_password("x"))


def test_a_flood_waits_and_then_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = threading.BoundedSemaphore(1)
    taken.acquire()
    monkeypatch.setattr(passwords, "_places", taken)
    monkeypatch.setattr(passwords, "_WAIT_SECONDS", 0.01)
    with pytest.raises(Busy):
        passwords.hash_password("correct horse")
