"""Writing bytes from our own buffers through the SDK: one PUT, or parts side by side.

The SDK's own `put_object` allocates each part anew (four copies of it at the worst), leaves its threads
waiting for ever when the source fails, and aborts an upload while parts of it are still on the way, which can
leave them behind. So this module drives the SDK's requests itself. It is the only one that uses names of the
SDK that begin with an underscore; a test holds them to what is expected here.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, Protocol, cast

from minio import Minio
from minio.datatypes import Part

from entitylocker.storage.connection import translated
from entitylocker.storage.errors import ObjectTooLarge, StoreUnavailable

MAX_PARTS = 10_000
_CONTENT_TYPE = "application/octet-stream"


class Reader(Protocol):
    """A source that fills a buffer of ours: files, EncryptingReader."""

    def readinto(self, target: memoryview, /) -> int | None: ...


class Target(NamedTuple):
    """Where an upload goes."""

    client: Minio
    bucket: str
    key: str


class Written(NamedTuple):
    """What the store said it wrote. `version_id` only in a bucket with versions."""

    size: int
    version_id: str | None
    etag: str


class Incomplete(NamedTuple):
    """An upload in parts that was begun and neither finished nor aborted."""

    key: str
    upload_id: str
    started_at: datetime


def fill(reader: Reader, buffer: memoryview) -> int:
    """Read until the buffer is full or the source ends; return how many bytes are in it."""
    filled = 0
    while filled < len(buffer):
        count = reader.readinto(buffer[filled:])
        if not count:
            break
        filled += count
    return filled


def put_whole(target: Target, data: memoryview) -> Written:
    """Write the object with a single request."""
    with translated(target.key):
        # The SDK passes any bytes-like body on to the socket; its annotation is narrower than that.
        body = cast(bytes, data)
        done = target.client._put_object(target.bucket, target.key, body, {"Content-Type": _CONTENT_TYPE})
    return Written(len(data), done.version_id, done.etag or "")


def put_parts(target: Target, reader: Reader, buffers: list[memoryview]) -> Written:
    """Write the object in parts, as many at a time as there are buffers; the first buffer is full already.

    When anything fails, the reader included, no part of it stays behind.
    """
    with translated(target.key):
        upload_id = target.client._create_multipart_upload(target.bucket, target.key, {})
    upload = _Upload(target, upload_id, buffers)
    try:
        with ThreadPoolExecutor(len(buffers), thread_name_prefix="put") as pool:
            upload.run(pool, reader)
        return upload.complete()
    except BaseException:
        # No part is on the way any more: leaving the pool's block has waited for them.
        with suppress(StoreUnavailable):
            abort(target, upload_id)
        raise


def abort(target: Target, upload_id: str) -> None:
    """Give up an upload in parts and free what was written. One that is gone already is fine."""
    try:
        with translated():
            target.client._abort_multipart_upload(target.bucket, target.key, upload_id)
    except StoreUnavailable as error:
        if error.facts.get("reason") != "NoSuchUpload":
            raise


def incomplete(client: Minio, bucket: str, prefix: str) -> Iterator[Incomplete]:
    """Every upload in parts under `prefix` that is neither finished nor aborted."""
    key_marker = upload_marker = None
    while True:
        with translated():
            page = client._list_multipart_uploads(
                bucket, prefix=prefix, key_marker=key_marker, upload_id_marker=upload_marker
            )
        for found in page.uploads:
            started_at = cast(datetime, found.initiated_time)
            yield Incomplete(found.object_name, cast(str, found.upload_id), started_at)
        # The SDK loses the upload marker, so a page may not move on: then the rest is for the next call.
        if not page.is_truncated or page.next_key_marker == key_marker:
            return
        key_marker, upload_marker = page.next_key_marker, page.next_upload_id_marker


class _Upload:
    def __init__(self, target: Target, upload_id: str, buffers: list[memoryview]) -> None:
        self._target = target
        self._upload_id = upload_id
        self._free = list(buffers[1:])
        self._first = buffers[0]
        self._busy: dict[Future[str], tuple[int, memoryview]] = {}
        self._etags: dict[int, str] = {}
        self.size = 0

    def run(self, pool: ThreadPoolExecutor, reader: Reader) -> None:
        buffer, filled, number = self._first, len(self._first), 0
        while filled:
            number += 1
            if number > MAX_PARTS:
                raise ObjectTooLarge(limit=MAX_PARTS * len(self._first))
            self._busy[pool.submit(self._send, number, buffer[:filled])] = (number, buffer)
            self.size += filled
            if filled < len(buffer):
                break
            buffer = self._next_buffer()
            filled = fill(reader, buffer)
        while self._busy:
            self._collect()

    def complete(self) -> Written:
        client, bucket, key = self._target
        parts = [Part(number, self._etags[number]) for number in sorted(self._etags)]
        with translated(key):
            done = client._complete_multipart_upload(bucket, key, self._upload_id, parts)
        # S3 may answer 200 and put an error into the body; the SDK does not look.
        if not done.etag:
            raise StoreUnavailable(reason="not completed")
        return Written(self.size, done.version_id, done.etag)

    def _send(self, number: int, data: memoryview) -> str:
        with translated(self._target.key):
            client, bucket, key = self._target
            return client._upload_part(bucket, key, cast(bytes, data), None, self._upload_id, number)

    def _next_buffer(self) -> memoryview:
        while not self._free:
            self._collect()
        return self._free.pop()

    def _collect(self) -> None:
        done, _ = wait(self._busy, return_when=FIRST_COMPLETED)
        for future in done:
            number, buffer = self._busy.pop(future)
            self._etags[number] = future.result()
            self._free.append(buffer)
