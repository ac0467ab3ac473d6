"""Bytes on their way out: whole or a range, with ETag and digest (RFC 9110 sections 13 and 14, RFC 9530)."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import quote

from flask import Request, Response, make_response
from werkzeug.http import parse_range_header


class Readable(Protocol):
    """What can be read from any place to any other: storage.RangeReader."""

    def iter(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]: ...


def send_content(
    request: Request, reader: Readable, *, size: int, sha256: str, filename: str, media_type: str
) -> Response:
    """Answer with bytes of `reader`: 200, 206 for one range, 304 for a known ETag, 416 for no such range.

    `size` in bytes, `sha256` in hex: the ETag is made of it, `Repr-Digest` says it. Several ranges at once,
    units other than bytes, and an `If-Range` that is not the ETag get the whole (RFC 9110 sections 13.1.5
    and 14.2).
    """
    etag = f'"{sha256}"'
    if request.if_none_match.contains(sha256):
        return _described(make_response(b"", 304), etag, sha256)
    chosen = _range(request, etag, size)
    if chosen == (0, 0):
        response = make_response(b"", 416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return _described(response, etag, sha256)
    start, stop = chosen or (0, size)
    pieces: Iterator[bytes] = iter(()) if request.method == "HEAD" else reader.iter(start, stop)
    response = Response(pieces, 206 if chosen else 200, mimetype=media_type)
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Content-Disposition"] = disposition(filename)
    if chosen:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _described(response, etag, sha256)


def disposition(filename: str) -> str:
    """An attachment of that name: plain ASCII for old programs, the name itself for all others (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    plain = "".join(letter for letter in plain if letter.isalnum() or letter in " ._-()").strip() or "document"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _range(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """The range asked for as (start, stop); None: the whole; (0, 0): a range that does not exist."""
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() != etag:
        return None
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    first, stop = asked.ranges[0]
    if first < 0:
        # The last so many bytes; of a shorter document all of them.
        return (max(0, size + first), size) if size else (0, 0)
    return (first, min(stop or size, size)) if first < size else (0, 0)


def _described(response: Response, etag: str, sha256: str) -> Response:
    response.headers["ETag"] = etag
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
    response.headers["Cache-Control"] = "private, no-store"
    # Should a browser show it in spite of everything, it may do nothing there.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
