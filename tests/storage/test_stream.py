"""The stream format: sizes, ranges, and agreement with Tink in both directions."""

from __future__ import annotations

import hashlib
import io
import os

import pytest
import tink
from hypothesis import given, settings
from hypothesis import strategies as st
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from entitylocker.storage.errors import ObjectCorrupted
from entitylocker.storage.keys import DocumentKey
from entitylocker.storage.stream import EncryptingReader, RangeReader, ciphertext_size, plaintext_size

FIRST = 1024 * 1024 - 40 - 16
OTHER = 1024 * 1024 - 16
EDGES = [0, 1, 15, 16, 17, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER - 1, FIRST + OTHER, FIRST + OTHER + 1]
EDGES += [FIRST + 3 * OTHER - 1, FIRST + 3 * OTHER, FIRST + 3 * OTHER + 1]
CONTEXT = b"organisation and document"
KEY = DocumentKey(bytes(range(32)))
SAMPLE = os.urandom(FIRST + 3 * OTHER + 12345)


def seal(plaintext: bytes, key: DocumentKey = KEY, context: bytes = CONTEXT) -> bytes:
    return EncryptingReader(io.BytesIO(plaintext), key, context).read()


def reader_of(sealed: bytes, key: DocumentKey = KEY, context: bytes = CONTEXT) -> RangeReader:
    return RangeReader(lambda start, stop: sealed[start:stop], len(sealed), key, context)


SEALED = seal(SAMPLE)


def tink_primitive(key: DocumentKey) -> streaming_aead.StreamingAead:
    """Tink's own implementation over the same raw key, as AES256_GCM_HKDF_1MB with a raw prefix."""
    streaming_aead.register()
    params = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingParams(
        ciphertext_segment_size=1024 * 1024, derived_key_size=32, hkdf_hash_type=common_pb2.SHA256
    )
    proto = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=params, key_value=key.raw)
    data = tink_pb2.KeyData(
        type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
        value=proto.SerializeToString(),
        key_material_type=tink_pb2.KeyData.SYMMETRIC,
    )
    entry = tink_pb2.Keyset.Key(key_data=data, status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    keyset = tink_pb2.Keyset(primary_key_id=1, key=[entry])
    handle: tink.KeysetHandle = cleartext_keyset_handle.from_keyset(keyset)
    return handle.primitive(streaming_aead.StreamingAead)


class Unclosed(io.BytesIO):
    """Tink closes what it writes to; we still want to read it."""

    def close(self) -> None:
        pass


def tink_seal(plaintext: bytes, key: DocumentKey, context: bytes) -> bytes:
    out = Unclosed()
    with tink_primitive(key).new_encrypting_stream(out, context) as stream:
        stream.write(plaintext)
    return out.getvalue()


@pytest.mark.parametrize("size", EDGES)
def test_tink_reads_what_we_write(size: int) -> None:
    sealed = seal(SAMPLE[:size])
    assert len(sealed) == ciphertext_size(size)
    with tink_primitive(KEY).new_decrypting_stream(io.BytesIO(sealed), CONTEXT) as stream:
        assert stream.read() == SAMPLE[:size]


@pytest.mark.parametrize("size", EDGES)
def test_we_read_what_tink_writes(size: int) -> None:
    sealed = tink_seal(SAMPLE[:size], KEY, CONTEXT)
    assert len(sealed) == ciphertext_size(size)
    assert b"".join(reader_of(sealed).iter()) == SAMPLE[:size]


@pytest.mark.parametrize("size", EDGES)
def test_sizes_and_digest_at_segment_edges(size: int) -> None:
    reader = EncryptingReader(io.BytesIO(SAMPLE[:size]), KEY, CONTEXT)
    sealed = reader.read()
    assert len(sealed) == ciphertext_size(size)
    assert plaintext_size(len(sealed)) == size == reader.plaintext_size == reader_of(sealed).plaintext_size
    assert reader.sha256 == hashlib.sha256(SAMPLE[:size]).hexdigest()
    assert b"".join(reader_of(sealed).iter()) == SAMPLE[:size]


@given(st.integers(0, 2**50))
def test_sizes_are_inverse(size: int) -> None:
    assert plaintext_size(ciphertext_size(size)) == size


@given(st.integers(-100, 2**23))
def test_a_stored_size_belongs_to_one_document_size_or_to_none(stored: int) -> None:
    try:
        size = plaintext_size(stored)
    except ObjectCorrupted:
        # No document: less than header and tag, or a last segment without a byte in it.
        assert stored < 56 or 1 <= stored % (1024 * 1024) <= 16
    else:
        assert ciphertext_size(size) == stored


def test_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        ciphertext_size(-1)


EDGE_POSITIONS = st.sampled_from([0, 1, FIRST - 1, FIRST, FIRST + 1, FIRST + OTHER - 1, FIRST + OTHER])
POSITIONS = st.one_of(EDGE_POSITIONS, st.integers(0, len(SAMPLE)))


@given(POSITIONS, POSITIONS)
@settings(deadline=None, max_examples=150)
def test_a_range_equals_the_slice(one: int, other: int) -> None:
    start, stop = min(one, other), max(one, other)
    assert b"".join(reader_of(SEALED).iter(start, stop)) == SAMPLE[start:stop]


@given(st.lists(st.tuples(POSITIONS, POSITIONS), max_size=4))
@settings(deadline=None, max_examples=25)
def test_one_reader_gives_many_ranges(ranges: list[tuple[int, int]]) -> None:
    reader = reader_of(SEALED)
    for one, other in ranges:
        start, stop = min(one, other), max(one, other)
        assert b"".join(reader.iter(start, stop)) == SAMPLE[start:stop]


@given(st.lists(st.integers(3000, 700_000), min_size=1, max_size=5))
@settings(deadline=None, max_examples=20)
def test_source_and_store_may_give_pieces_of_any_size(sizes: list[int]) -> None:
    class Choppy:
        def __init__(self) -> None:
            self.file = io.BytesIO(SAMPLE)
            self.turn = 0

        def read(self, size: int) -> bytes:
            self.turn += 1
            return self.file.read(min(size, sizes[self.turn % len(sizes)]))

    reader = EncryptingReader(Choppy(), KEY, CONTEXT)
    pieces: list[bytes] = []
    while piece := reader.read(sizes[len(pieces) % len(sizes)]):
        pieces.append(piece)
    sealed = b"".join(pieces)

    def fetch(start: int, stop: int) -> list[bytes]:
        step = sizes[0]
        return [sealed[at : min(at + step, stop)] for at in range(start, stop, step)]

    opened = RangeReader(fetch, len(sealed), KEY, CONTEXT)
    assert b"".join(opened.iter(5, len(SAMPLE) - 5)) == SAMPLE[5:-5]


@pytest.mark.parametrize(
    ("start", "stop", "fetched"),
    [
        (0, 1, [(0, 2**20)]),
        (FIRST, FIRST + 1, [(0, 40), (2**20, 2**21)]),
        (FIRST - 1, FIRST + 1, [(0, 2**21)]),
        (FIRST + OTHER, len(SAMPLE), [(0, 40), (2**21, len(SEALED))]),
        (FIRST + 2 * OTHER - 1, FIRST + 2 * OTHER, [(0, 40), (2**21, 3 * 2**20)]),
        (7, 7, []),
    ],
)
def test_only_the_needed_segments_are_fetched(start: int, stop: int, fetched: list[tuple[int, int]]) -> None:
    asked = []

    def fetch(begin: int, end: int) -> bytes:
        asked.append((begin, end))
        return SEALED[begin:end]

    reader = RangeReader(fetch, len(SEALED), KEY, CONTEXT)
    assert b"".join(reader.iter(start, stop)) == SAMPLE[start:stop]
    assert asked == fetched


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, len(SAMPLE) + 1)])
def test_a_range_outside_the_document_is_refused(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="range"):
        reader_of(SEALED).iter(start, stop)


def test_closing_the_plaintext_closes_the_fetch() -> None:
    closed = []

    def fetch(start: int, stop: int):  # type: ignore[no-untyped-def]
        try:
            for at in range(start, stop, 65536):
                yield SEALED[at : min(at + 65536, stop)]
        finally:
            closed.append((start, stop))

    pieces = RangeReader(fetch, len(SEALED), KEY, CONTEXT).iter()
    assert closed == []
    pieces.close()  # type: ignore[attr-defined]
    assert closed == [(0, len(SEALED))]
    assert list(pieces) == []


def test_same_plaintext_never_gives_the_same_stream() -> None:
    assert seal(b"same") != seal(b"same")


def test_digest_before_the_end_is_refused() -> None:
    reader = EncryptingReader(io.BytesIO(SAMPLE), KEY, CONTEXT)
    reader.read(100)
    with pytest.raises(ValueError, match="end"):
        reader.sha256  # noqa: B018


def test_an_error_of_the_source_goes_through() -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ConnectionResetError("client went away")

    with pytest.raises(ConnectionResetError):
        EncryptingReader(Broken(), KEY, CONTEXT).read()


def test_a_source_that_is_not_ready_is_not_taken_for_the_end() -> None:
    class NotReady:
        def read(self, size: int) -> bytes:
            return None  # type: ignore[return-value]

    with pytest.raises(BlockingIOError):
        EncryptingReader(NotReady(), KEY, CONTEXT).read()
