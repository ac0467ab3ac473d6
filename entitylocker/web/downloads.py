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
    request: Request, reader: Readable, *, size: int, sha256: str, filename: str, media_type: str, part: bool = False
) -> Response:
    """Answer with bytes of `reader`: 200, 206 for one range, 304 for a known ETag, 416 for no such range.

    `size` in bytes, `sha256` in hex: the ETag is made of it, `Repr-Digest` says it. `part`: the document sent is
    only the first `size` bytes of what `sha256` names, so no digest is said. Several ranges at once, units other
    than bytes, and an `If-Range` that is not the ETag get the whole (RFC 9110 sections 13.1.5 and 14.2).
    """
    tag, digest = (f"{sha256}-{size}", None) if part else (sha256, sha256)
    etag = f'"{tag}"'
    if request.if_none_match.contains(tag):
        return _described(make_response(b"", 304), etag, digest)
    chosen = _range(request, etag, size)
    if chosen == (0, 0):
        response = make_response(b"", 416)
        response.headers["Content-Range"] = f"bytes */{size}"
        return _described(response, etag, digest)
    start, stop = chosen or (0, size)
    pieces: Iterator[bytes] = iter(()) if request.method == "HEAD" else reader.iter(start, stop)
    response = Response(pieces, 206 if chosen else 200, mimetype=media_type)
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Content-Disposition"] = disposition(filename)
    if chosen:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _described(response, etag, digest)


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


def _described(response: Response, etag: str, digest: str | None) -> Response:
    response.headers["ETag"] = etag
    response.headers["Accept-Ranges"] = "bytes"
    if digest is not None:
        response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    response.headers["Cache-Control"] = "private, no-store"
    # Should a browser show it in spite of everything, it may do nothing there.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
