"""The body of a GET from the store: exactly the bytes asked for, and the connection always goes back."""

from __future__ import annotations

from collections.abc import Iterator

from urllib3.response import BaseHTTPResponse

from entitylocker.storage.connection import translated
from entitylocker.storage.errors import ObjectCorrupted

_PIECE = 256 * 1024


class ObjectBody(Iterator[bytes]):
    """Pieces of a response; ends or closes by giving the connection back to the pool."""

    def __init__(self, response: BaseHTTPResponse, key: str, expected: int) -> None:
        """`expected`: bytes asked for. Raises ObjectCorrupted if the store announces another length."""
        self._response: BaseHTTPResponse | None = response
        self._key = key
        self._left = expected
        announced = response.headers.get("content-length")
        if announced is not None and int(announced) != expected:
            self._discard()
            raise ObjectCorrupted(reason="length", key=key)

    def __next__(self) -> bytes:
        if self._response is None:
            raise StopIteration
        try:
            with translated(self._key):
                piece = self._response.read(min(_PIECE, self._left)) if self._left else b""
        except BaseException:
            self._discard()
            raise
        if not piece:
            self._finish()
            raise StopIteration
        self._left -= len(piece)
        if not self._left:
            self._finish()
        return piece

    def close(self) -> None:
        """Stop here. A connection with unread bytes on it is closed, not used again."""
        self._discard()

    def __del__(self) -> None:
        self._discard()

    def _finish(self) -> None:
        response, self._response = self._response, None
        if response is None:
            return
        if self._left:
            response.close()
            raise ObjectCorrupted(reason="short", key=self._key)
        response.release_conn()

    def _discard(self) -> None:
        response, self._response = getattr(self, "_response", None), None
        if response is not None:
            response.close()
            response.release_conn()
