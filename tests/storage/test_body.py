"""The body of an answer: exactly what was asked for, else nothing."""

from __future__ import annotations

import io

import pytest
from urllib3 import HTTPResponse

from entitylocker.storage.body import ObjectBody
from entitylocker.storage.errors import ObjectCorrupted


def answer(body: bytes, announced: int | None) -> HTTPResponse:
    headers = {} if announced is None else {"content-length": str(announced)}
    return HTTPResponse(io.BytesIO(body), headers=headers, status=206, preload_content=False)


def test_what_was_asked_for() -> None:
    assert b"".join(ObjectBody(answer(b"12345", 5), "k", 5)) == b"12345"
    assert b"".join(ObjectBody(answer(b"12345", None), "k", 5)) == b"12345"


def test_a_store_that_ignores_the_range_is_refused_before_any_byte() -> None:
    response = answer(b"123456789", 9)
    with pytest.raises(ObjectCorrupted):
        ObjectBody(response, "k", 5)
    assert response.closed


def test_an_end_too_soon_without_announced_length() -> None:
    pieces = ObjectBody(answer(b"123", None), "k", 5)
    assert next(pieces) == b"123"
    with pytest.raises(ObjectCorrupted):
        next(pieces)
    assert next(pieces, None) is None


def test_closing_twice_and_reading_afterwards() -> None:
    response = answer(b"12345", 5)
    pieces = ObjectBody(response, "k", 5)
    pieces.close()
    pieces.close()
    assert response.closed
    assert list(pieces) == []
