"""Bytes in between: looking at the first ones before they are stored, handing stored ones to the checker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

from entitylocker.vault import rules

_PIECE = 128 * 1024


class Readable(Protocol):
    """Whatever gives bytes until it gives none."""

    def read(self, size: int, /) -> bytes: ...


class PaperSource:
    """A stream that turns out to be a PDF when it is first read, or refuses. Raises EmptyFile, NotAPdf."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._head: bytes | None = None

    def read(self, size: int = _PIECE) -> bytes:
        """At most `size` bytes; b"" at the end."""
        if self._head is None:
            self._head = self._look()
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._stream.read(size)

    def _look(self) -> bytes:
        head = b""
        # A little more than the sign may be away, so that one that straddles the limit is seen.
        while len(head) < rules.HEAD_SIZE + 8 and (piece := self._stream.read(_PIECE)):
            head += piece
        rules.recognise(head)
        return head


def digest_of(source: PaperSource) -> str:
    """Read everything and answer its SHA-256 in hex."""
    digest = hashlib.sha256()
    while piece := source.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


class PieceReader:
    """An iterator of pieces as something that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._waiting = b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, or all that is left; b"" at the end."""
        if size < 0:
            rest, self._waiting = self._waiting + b"".join(self._pieces), b""
            return rest
        if not self._waiting:
            self._waiting = next(self._pieces, b"")
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece
