"""A sealed secret opens in its own place, under its own key, unchanged: or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.storage.errors import KeyUnwrapFailed, WrongOperatorKey
from entitylocker.storage.keys import OperatorKey, new_organisation_key
from entitylocker.storage.secrets import open_secret, seal_secret


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> OperatorKey:
    return OperatorKey.create(tmp_path_factory.mktemp("keys") / "operator.key")


@given(secret=st.binary(max_size=4096))
def test_what_was_sealed_opens_again(key: OperatorKey, secret: bytes) -> None:
    sealed = seal_secret(key, secret, context=b"here")
    assert open_secret(key, sealed, context=b"here") == secret
    assert secret not in sealed.body or len(secret) < 8


def test_it_opens_in_no_other_place(key: OperatorKey) -> None:
    sealed = seal_secret(key, b"a secret", context=b"here")
    with pytest.raises(KeyUnwrapFailed):
        open_secret(key, sealed, context=b"there")


def test_a_body_of_another_secret_does_not_open(key: OperatorKey) -> None:
    one, two = (seal_secret(key, secret, context=b"here") for secret in (b"one", b"two"))
    with pytest.raises(KeyUnwrapFailed):
        open_secret(key, replace(one, body=two.body), context=b"here")


@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_a_changed_byte_or_a_cut_end_does_not_open(key: OperatorKey, place: int) -> None:
    sealed = seal_secret(key, b"a secret", context=b"here")
    changed = bytearray(sealed.body)
    changed[place] ^= 1
    for body in (bytes(changed), sealed.body[:-1], sealed.body[:12], b""):
        with pytest.raises(KeyUnwrapFailed):
            open_secret(key, replace(sealed, body=body), context=b"here")


def test_another_installations_key_does_not_open_it(key: OperatorKey, tmp_path: Path) -> None:
    sealed = seal_secret(key, b"a secret", context=b"here")
    with pytest.raises(WrongOperatorKey):
        open_secret(OperatorKey.create(tmp_path / "other.key"), sealed, context=b"here")


def test_the_key_of_an_organisation_seals_for_itself_only(key: OperatorKey) -> None:
    one, _ = new_organisation_key(key, organisation_id=uuid4())
    other, _ = new_organisation_key(key, organisation_id=uuid4())
    sealed = seal_secret(one, b"an order letter", context=b"here")
    assert open_secret(one, sealed, context=b"here") == b"an order letter"
    for by, place in ((other, b"here"), (one, b"there"), (key, b"here")):
        with pytest.raises((KeyUnwrapFailed, WrongOperatorKey)):
            open_secret(by, sealed, context=place)
