"""Ranges, conditions and digests (RFC 9110, RFC 9530)."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.vault.helpers import PLAIN_PDF, Sender

CONTENT = PLAIN_PDF + os.urandom(2 * 1024 * 1024 + 5)
SHA256 = hashlib.sha256(CONTENT)
ETAG = f'"{SHA256.hexdigest()}"'
SIZE = len(CONTENT)


@pytest.fixture
def get(sender: Sender):  # type: ignore[no-untyped-def]
    path = f"/documents/{sender.deposit(CONTENT, 'निगमन पत्र.pdf')['document_id']}/content"

    def ask(**headers: str) -> TestResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return sender.get(path, headers=names)

    return ask


def test_the_whole(get: Any) -> None:
    answer = get()
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(SHA256.digest()).decode()}:"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%E0%A4%A8" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=1048570-1048590", 1048570, 1048591),
        ("bytes=2097000-", 2097000, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes=0-{SIZE * 2}", 0, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
    ],
)
def test_a_range(get: Any, asked: str, start: int, stop: int) -> None:
    answer = get(Range=asked)
    assert answer.status_code == 206
    assert answer.data == CONTENT[start:stop]
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(SHA256.digest()).decode()}:"


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}"])
def test_a_range_that_is_not_there(get: Any, asked: str) -> None:
    answer = get(Range=asked)
    assert (answer.status_code, answer.data) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=x-y", "0-5"])
def test_what_is_no_single_range_of_bytes_gets_the_whole(get: Any, asked: str) -> None:
    assert get(Range=asked).status_code == 200


def test_conditions(get: Any) -> None:
    assert get(Range="bytes=0-4", If_Range=ETAG).status_code == 206
    assert get(Range="bytes=0-4", If_Range='"another"').status_code == 200
    assert get(Range="bytes=0-4", If_Range="W/" + ETAG).status_code == 200
    assert get(Range="bytes=0-4", If_Range="Sun, 22 Nov 2026 10:00:00 GMT").status_code == 200
    known = get(If_None_Match=ETAG)
    assert (known.status_code, known.data) == (304, b"")


def test_head(sender: Sender) -> None:
    path = f"{sender.base}/documents/{sender.deposit()['document_id']}/content"
    answer = sender.client.head(path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(PLAIN_PDF))
