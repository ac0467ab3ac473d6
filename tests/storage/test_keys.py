"""Key wrapping: contexts, wrong keys, damage, and key files that stay private."""

from __future__ import annotations

import os
import pickle
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.storage.errors import (
    KeyFileExists,
    KeyUnwrapFailed,
    OperatorKeyUnreadable,
    WrongOperatorKey,
)
from entitylocker.storage.keys import (
    OperatorKey,
    OrganisationKey,
    SecretKey,
    new_organisation_key,
    open_organisation_key,
    wrapping_key_id,
)

OPERATOR = OperatorKey(os.urandom(32))
ORGANISATION_ID = uuid.uuid4()


def test_organisation_key_opens_for_its_organisation_only() -> None:
    key, blob = new_organisation_key(OPERATOR, organisation_id=ORGANISATION_ID)
    assert len(blob) == 69
    assert wrapping_key_id(blob) == OPERATOR.key_id
    assert open_organisation_key(OPERATOR, blob, organisation_id=ORGANISATION_ID).raw == key.raw
    with pytest.raises(KeyUnwrapFailed):
        open_organisation_key(OPERATOR, blob, organisation_id=uuid.uuid4())


def test_wrong_operator_key_is_named() -> None:
    _, blob = new_organisation_key(OPERATOR, organisation_id=ORGANISATION_ID)
    other = OperatorKey(os.urandom(32))
    with pytest.raises(WrongOperatorKey) as caught:
        open_organisation_key(other, blob, organisation_id=ORGANISATION_ID)
    assert caught.value.facts == {"expected": OPERATOR.key_id, "found": other.key_id}
    assert OPERATOR.key_id in caught.value.text()


def test_wrong_operator_key_that_pretends_to_be_the_right_one() -> None:
    _, blob = new_organisation_key(OPERATOR, organisation_id=ORGANISATION_ID)
    other = OperatorKey(os.urandom(32))
    forged = blob[:1] + bytes.fromhex(other.key_id) + blob[9:]
    with pytest.raises(KeyUnwrapFailed):
        open_organisation_key(other, forged, organisation_id=ORGANISATION_ID)


def test_document_key_opens_in_its_context_and_organisation_only() -> None:
    organisation, _ = new_organisation_key(OPERATOR, organisation_id=ORGANISATION_ID)
    key, blob = organisation.new_document_key(context=b"document 1")
    assert organisation.open_document_key(blob, context=b"document 1").raw == key.raw
    with pytest.raises(KeyUnwrapFailed):
        organisation.open_document_key(blob, context=b"document 2")
    with pytest.raises(KeyUnwrapFailed):
        OrganisationKey(os.urandom(32)).open_document_key(blob, context=b"document 1")


def test_an_organisation_key_is_not_taken_for_another_wrapped_key() -> None:
    blob = OPERATOR.wrap(os.urandom(32), context=ORGANISATION_ID.bytes)
    with pytest.raises(KeyUnwrapFailed):
        open_organisation_key(OPERATOR, blob, organisation_id=ORGANISATION_ID)


@given(st.integers(0, 69 * 8 - 1))
def test_any_flipped_bit_of_a_wrapped_key_fails(bit: int) -> None:
    blob = bytearray(OPERATOR.wrap(bytes(32), context=b"c"))
    blob[bit // 8] ^= 1 << bit % 8
    with pytest.raises(KeyUnwrapFailed):
        OPERATOR.unwrap(bytes(blob), context=b"c")


@given(st.binary(max_size=100))
def test_nonsense_is_not_a_wrapped_key(blob: bytes) -> None:
    with pytest.raises(KeyUnwrapFailed):
        OPERATOR.unwrap(blob, context=b"c")


def test_wrapping_twice_differs() -> None:
    assert OPERATOR.wrap(bytes(32), context=b"c") != OPERATOR.wrap(bytes(32), context=b"c")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_only_256_bits_are_a_key(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        OperatorKey(bytes(size))
    with pytest.raises(ValueError, match="32 bytes"):
        OPERATOR.wrap(bytes(size), context=b"c")


def test_keys_do_not_show_themselves() -> None:
    key = SecretKey(b"0123456789abcdef0123456789abcdef")
    assert "0123456789" not in f"{key} {key!r} {vars(SecretKey)}"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(key)


def test_key_file_is_private_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "operator.key"
    key = OperatorKey.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert OperatorKey.load(path).raw == key.raw


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "operator.key"
    key = OperatorKey.create(path)
    with pytest.raises(KeyFileExists):
        OperatorKey.create(path)
    assert OperatorKey.load(path).raw == key.raw


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "operator.key"
    OperatorKey.create(path)
    path.chmod(mode)
    with pytest.raises(OperatorKeyUnreadable, match="0600"):
        OperatorKey.load(path)


@pytest.mark.parametrize("change", ["cut", "letter", "label", "empty", "binary"])
def test_a_damaged_key_file_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "operator.key"
    OperatorKey.create(path)
    text = path.read_text()
    at = len(text) - 20
    changed = {
        "cut": text[:-5],
        "letter": text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :],
        "label": "x" + text,
        "empty": "",
        "binary": "\udcff",
    }[change]
    path.write_bytes(changed.encode("utf-8", "surrogateescape"))
    with pytest.raises(OperatorKeyUnreadable):
        OperatorKey.load(path)


def test_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(OperatorKeyUnreadable):
        OperatorKey.load(tmp_path / "absent")
    with pytest.raises(OperatorKeyUnreadable):
        OperatorKey.load(tmp_path)
