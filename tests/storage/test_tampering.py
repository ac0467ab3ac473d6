"""Whatever is changed in a stored object, its key or its context: nothing of a bad segment is handed out."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entitylocker.storage.errors import ObjectCorrupted
from entitylocker.storage.keys import DocumentKey
from entitylocker.storage.stream import EncryptingReader, RangeReader

SEGMENT = 1024 * 1024
CONTEXT = b"organisation|document|1"
KEY = DocumentKey(os.urandom(32))
PLAIN = os.urandom(3 * SEGMENT + 5000)


def seal(plaintext: bytes, key: DocumentKey = KEY) -> bytes:
    return EncryptingReader(io.BytesIO(plaintext), key, CONTEXT).read()


SEALED = seal(PLAIN)
SEGMENTS = [SEALED[at : at + SEGMENT] for at in range(0, len(SEALED), SEGMENT)]


def opened(sealed: bytes, *, size: int | None = None, key: DocumentKey = KEY, context: bytes = CONTEXT) -> bytes:
    """What comes out before it fails; returns only if it does not fail."""
    given_out = bytearray()
    try:
        reader = RangeReader(lambda start, stop: sealed[start:stop], size or len(sealed), key, context)
        for piece in reader.iter():
            given_out += piece
    except ObjectCorrupted as error:
        error.given_out = bytes(given_out)  # type: ignore[attr-defined]
        raise
    return bytes(given_out)


def fails(sealed: bytes, **changed: object) -> bytes:
    with pytest.raises(ObjectCorrupted) as caught:
        opened(sealed, **changed)  # type: ignore[arg-type]
    before: bytes = getattr(caught.value, "given_out", b"")
    assert PLAIN.startswith(before), "bytes were handed out that were never written"
    assert len(before) < len(PLAIN)
    return before


def test_untouched_it_opens() -> None:
    assert opened(SEALED) == PLAIN


@given(st.integers(0, len(SEALED) * 8 - 1))
@settings(deadline=None, max_examples=100)
def test_flip_any_bit(bit: int) -> None:
    damaged = bytearray(SEALED)
    damaged[bit // 8] ^= 1 << bit % 8
    before = fails(bytes(damaged))
    assert len(before) <= max(0, (bit // 8) // SEGMENT * (SEGMENT - 16) - 40)


@pytest.mark.parametrize("byte", range(40 + 16))
def test_flip_every_bit_of_header_and_first_block(byte: int) -> None:
    short = seal(b"x" * 16)
    for bit in range(8):
        damaged = bytearray(short)
        damaged[byte] ^= 1 << bit
        with pytest.raises(ObjectCorrupted):
            opened(bytes(damaged))


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_truncated_at_a_segment_edge(kept: int) -> None:
    fails(b"".join(SEGMENTS[:kept]))
    fails(b"".join(SEGMENTS[:kept]), size=len(SEALED))


@given(st.integers(0, len(SEALED) - 1))
@settings(deadline=None, max_examples=40)
def test_truncated_anywhere(length: int) -> None:
    fails(SEALED[:length], size=len(SEALED))
    fails(SEALED[:length] or b"\0")


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [0, 1, 1, 3], [0, 1, 3], [0, 0, 2, 3]])
def test_segments_swapped_doubled_or_dropped(order: list[int]) -> None:
    fails(b"".join(SEGMENTS[index] for index in order))


def test_too_few_bytes_from_the_store_are_named() -> None:
    with pytest.raises(ObjectCorrupted) as caught:
        opened(SEALED[: SEGMENT + 5], size=len(SEALED))
    assert caught.value.facts["reason"] == "short"


def test_appended() -> None:
    fails(SEALED + SEGMENTS[-1])
    fails(SEALED + b"\0" * 17)


def test_segment_of_another_stream_of_the_same_key() -> None:
    other = seal(PLAIN)
    fails(SEALED[:SEGMENT] + other[SEGMENT : 2 * SEGMENT] + SEALED[2 * SEGMENT :])
    fails(other[:40] + SEALED[40:])


def test_other_context() -> None:
    assert fails(SEALED, context=b"organisation|document|2") == b""


def test_key_of_another_document() -> None:
    assert fails(SEALED, key=DocumentKey(os.urandom(32))) == b""


def test_an_empty_document_is_authenticated_too() -> None:
    empty = seal(b"")
    assert opened(empty) == b""
    with pytest.raises(ObjectCorrupted):
        opened(empty[:-1] + bytes([empty[-1] ^ 1]))


@pytest.mark.parametrize(
    ("start", "stop"),
    [(SEGMENT, SEGMENT + 1), (2 * SEGMENT, len(PLAIN)), (len(PLAIN) - 1, len(PLAIN))],
)
def test_a_range_in_a_bad_segment_gives_nothing(start: int, stop: int) -> None:
    damaged = bytearray(SEALED)
    for at in range(60, len(damaged), 1000):
        damaged[at] ^= 1
    reader = RangeReader(lambda start, stop: bytes(damaged[start:stop]), len(damaged), KEY, CONTEXT)
    with pytest.raises(ObjectCorrupted):
        reader.iter(start, stop)


def test_a_range_beside_the_bad_segment_still_opens() -> None:
    damaged = bytearray(SEALED)
    damaged[SEGMENT + 100] ^= 1
    reader = RangeReader(lambda start, stop: bytes(damaged[start:stop]), len(damaged), KEY, CONTEXT)
    assert b"".join(reader.iter(0, 1000)) == PLAIN[:1000]
    with pytest.raises(ObjectCorrupted):
        reader.iter(SEGMENT, SEGMENT + 10)


@pytest.mark.parametrize("size", [-1, 1, 55, SEGMENT + 1, SEGMENT + 16])
def test_impossible_stored_size(size: int) -> None:
    with pytest.raises(ObjectCorrupted):
        RangeReader(lambda start, stop: b"", size, KEY, CONTEXT)
