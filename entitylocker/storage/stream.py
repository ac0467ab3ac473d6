"""Documents as encrypted streams: a source read as ciphertext, any range of an object read as plaintext.

The format is Tink's AES256_GCM_HKDF_1MB (docs/storage-format.md); the arithmetic is in `segments`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from entitylocker.storage.errors import ObjectCorrupted
from entitylocker.storage.keys import TAG_SIZE, DocumentKey
from entitylocker.storage.segments import (
    FIRST_PLAIN_SEGMENT_SIZE,
    HEADER_SIZE,
    PLAIN_SEGMENT_SIZE,
    SEGMENT_SIZE,
    SegmentCipher,
    ciphertext_size,
    new_header,
    plaintext_size,
    segment_of,
    segment_start,
)

__all__ = ["EncryptingReader", "Fetch", "RangeReader", "Source", "ciphertext_size", "plaintext_size"]

# Small reads keep what a source allocates out of the way of the 1 MiB buffers, so memory stays flat.
_READ_SIZE = 128 * 1024

Fetch = Callable[[int, int], bytes | Iterable[bytes]]


class Source(Protocol):
    """Whatever gives bytes until it gives none: a file, a request body."""

    def read(self, size: int, /) -> bytes: ...


class EncryptingReader(io.RawIOBase):
    """Reads a source as the ciphertext of one stream; counts and hashes the plaintext as it passes.

    Uses one buffer of a segment for its whole life. Errors of the source go through unchanged.
    """

    def __init__(self, source: Source, document_key: DocumentKey, associated_data: bytes) -> None:
        super().__init__()
        self._source = source
        self._header = new_header()
        self._cipher = SegmentCipher(document_key, self._header, associated_data)
        self._digest = hashlib.sha256()
        # One byte more than a segment: only when it has arrived do we know that the segment is not the last.
        self._plain = memoryview(bytearray(PLAIN_SEGMENT_SIZE + 1))
        self._held = 0
        self._index = 0
        self._complete = False
        self._sealed: memoryview | None = None
        self._waiting = memoryview(b"")
        self.plaintext_size = 0

    @property
    def sha256(self) -> str:
        """SHA-256 of the plaintext, in hex. Raises ValueError before the end of the source was reached."""
        if not self._complete:
            raise ValueError("the source has not been read to its end")
        return self._digest.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Fill `target` with ciphertext as far as it goes; 0 at the end."""
        room = memoryview(target).cast("B")
        filled = 0
        while filled < len(room) and not (self._complete and not self._waiting):
            filled += self._produce(room[filled:])
        return filled

    def _produce(self, room: memoryview) -> int:
        if not self._waiting:
            # A whole segment fits (parts are whole segments): seal it in place, without a copy.
            if len(room) >= SEGMENT_SIZE:
                return self._next_segment(room)
            if self._sealed is None:
                self._sealed = memoryview(bytearray(SEGMENT_SIZE))
            self._waiting = self._sealed[: self._next_segment(self._sealed)]
        size = min(len(room), len(self._waiting))
        room[:size] = self._waiting[:size]
        self._waiting = self._waiting[size:]
        return size

    def _next_segment(self, target: memoryview) -> int:
        """Seal the next segment into `target`, the first with its header in front; return how long it is."""
        start = HEADER_SIZE if self._index == 0 else 0
        capacity = FIRST_PLAIN_SEGMENT_SIZE if self._index == 0 else PLAIN_SEGMENT_SIZE
        self._fill(capacity + 1)
        last = self._held <= capacity
        size = min(self._held, capacity)
        end = start + size + TAG_SIZE
        target[:start] = self._header[:start]
        self._cipher.seal(self._index, last, self._plain[:size], target[start:end])
        self._index += 1
        self._held -= size
        self._plain[: self._held] = self._plain[size : size + self._held]
        self._complete = last
        return end

    def _fill(self, wanted: int) -> None:
        while self._held < wanted:
            data = self._source.read(min(_READ_SIZE, wanted - self._held))
            if data is None:
                raise BlockingIOError("the source is not ready; a blocking source is needed")
            if not data:
                return
            self._plain[self._held : self._held + len(data)] = data
            self._held += len(data)
            self._digest.update(data)
            self.plaintext_size += len(data)


class RangeReader:
    """Any range of a stored object as plaintext; fetches and decrypts only the segments it lies in.

    `fetch(start, stop)` gives the ciphertext bytes from `start` up to, not including, `stop`, whole or in
    pieces. Its errors go through unchanged.
    """

    def __init__(self, fetch: Fetch, ciphertext_size: int, document_key: DocumentKey, associated_data: bytes) -> None:
        """`ciphertext_size`: as written down after the put. Raises ObjectCorrupted if no document has it."""
        self.plaintext_size = plaintext_size(ciphertext_size)
        self._fetch = fetch
        self._size = ciphertext_size
        self._key = document_key
        self._associated_data = associated_data
        self._last = (ciphertext_size - 1) // SEGMENT_SIZE
        self._cipher: SegmentCipher | None = None

    def iter(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plaintext from `start` up to, not including, `stop`, in pieces of at most 1 MiB.

        The first piece is fetched and authenticated before this returns, so that most faults show up before a
        response begins. Raises ObjectCorrupted as soon as a segment does not authenticate; no byte of it is
        given out. Close the iterator, or read it to its end, to give back the connection. Raises ValueError
        if the range does not lie in the document.
        """
        stop = self.plaintext_size if stop is None else stop
        if not 0 <= start <= stop <= self.plaintext_size:
            raise ValueError("the range does not lie in the document")
        if start == stop and self.plaintext_size:
            return iter(())
        return _Primed(self._decrypt(start, stop))

    def _decrypt(self, start: int, stop: int) -> Iterator[bytes]:
        first, final = segment_of(start), segment_of(max(start, stop - 1))
        known = self._known_cipher() if first else None
        sealed, plain = (memoryview(bytearray(SEGMENT_SIZE)) for _ in range(2))
        feed = _Feed(self._fetch(first * SEGMENT_SIZE, min((final + 1) * SEGMENT_SIZE, self._size)))
        try:
            cipher = known or self._read_header(feed)
            for index in range(first, final + 1):
                size = self._segment_size(index)
                feed.fill(sealed[: size + TAG_SIZE])
                cipher.open(index, index == self._last, sealed[: size + TAG_SIZE], plain[:size])
                begins = segment_start(index)
                piece = plain[max(0, start - begins) : min(size, stop - begins)]
                if piece:
                    yield bytes(piece)
        finally:
            feed.close()

    def _segment_size(self, index: int) -> int:
        """Plaintext bytes in a segment."""
        end = self.plaintext_size if index == self._last else segment_start(index + 1)
        return end - segment_start(index)

    def _known_cipher(self) -> SegmentCipher:
        """The stream's cipher for ranges that do not begin with its header; that is fetched once."""
        if self._cipher is None:
            feed = _Feed(self._fetch(0, HEADER_SIZE))
            try:
                self._cipher = self._read_header(feed)
            finally:
                feed.close()
        return self._cipher

    def _read_header(self, feed: _Feed) -> SegmentCipher:
        header = bytearray(HEADER_SIZE)
        feed.fill(memoryview(header))
        return SegmentCipher(self._key, bytes(header), self._associated_data)


class _Feed:
    """Pieces of any size in, exactly filled buffers out."""

    def __init__(self, pieces: bytes | Iterable[bytes]) -> None:
        whole = isinstance(pieces, bytes | bytearray | memoryview)
        self._pieces: Iterator[bytes] = iter([bytes(pieces)] if whole else pieces)  # type: ignore[arg-type]
        self._rest = memoryview(b"")

    def fill(self, target: memoryview) -> None:
        """Fill `target` to the brim. Raises ObjectCorrupted if the pieces end before that."""
        filled = 0
        while filled < len(target):
            if not self._rest:
                piece = next(self._pieces, None)
                if piece is None:
                    raise ObjectCorrupted(reason="short")
                self._rest = memoryview(piece)
            size = min(len(self._rest), len(target) - filled)
            target[filled : filled + size] = self._rest[:size]
            self._rest = self._rest[size:]
            filled += size

    def close(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()


class _Primed(Iterator[bytes]):
    """An iterator whose first piece has been taken already."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._first = next(pieces, None)

    def __next__(self) -> bytes:
        piece, self._first = self._first, None
        return next(self._pieces) if piece is None else piece

    def close(self) -> None:
        """Stop here and give back what the fetch holds."""
        self._first = None
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
