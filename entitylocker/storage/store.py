"""Objects in any S3 store: put from a reader, read a range, look, list, remove. Nothing of encryption."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from minio import Minio
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from entitylocker.storage import uploads
from entitylocker.storage.body import ObjectBody
from entitylocker.storage.buffers import BufferPool
from entitylocker.storage.connection import connect, translated
from entitylocker.storage.errors import (
    LengthMismatch,
    ObjectCorrupted,
    ObjectLocked,
    ObjectMissing,
    StoreUnavailable,
)
from entitylocker.storage.uploads import Incomplete, Reader, Target

__all__ = [
    "Incomplete",
    "ListedObject",
    "ObjectCorrupted",
    "ObjectMissing",
    "ObjectStore",
    "StoreUnavailable",
    "StoredObject",
]

MIN_PART_SIZE = 5 * 1024 * 1024
_IDLE_BUFFERS = 4
_PROBE_PREFIX = "probe/"
# How stores refuse to remove a version that is held: SeaweedFS and AWS in one way, MinIO in the other.
_LOCKED = ("AccessDenied", "InvalidRequest")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as the store knows it. `size` in bytes; `version_id` only in a bucket with versions."""

    key: str
    size: int
    version_id: str | None
    etag: str


@dataclass(frozen=True, slots=True)
class ListedObject:
    """A line of a listing."""

    key: str
    size: int
    modified_at: datetime


class ObjectStore:
    """One bucket of one S3 store. Safe for threads and across forks."""

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        *,
        bucket: str,
        secure: bool = False,
        region: str | None = None,
        part_size: int = MIN_PART_SIZE,
        parallel: int = 2,
    ) -> None:
        """`endpoint` is host:port. Opens no connection yet.

        An upload holds `parallel` buffers of `part_size` bytes; an object may have 10,000 parts.
        """
        if part_size < MIN_PART_SIZE or parallel < 1:
            raise ValueError("a part is at least 5 MiB, and at least one is sent at a time")
        self.bucket = bucket
        self._credentials = (endpoint, access_key, secret_key)
        self._secure = secure
        self._region = region
        self._part_size = part_size
        self._parallel = parallel
        self._buffers = BufferPool(part_size, keep=_IDLE_BUFFERS)
        self._connected: tuple[int, Minio] | None = None

    @property
    def _client(self) -> Minio:
        # Connections must not be shared with a parent process: after a fork the child makes its own.
        if self._connected is None or self._connected[0] != os.getpid():
            client = connect(*self._credentials, secure=self._secure, region=self._region)
            self._connected = (os.getpid(), client)
            return client
        return self._connected[1]

    def ensure_bucket(self, *, versioned: bool = True) -> None:
        """Make the bucket if it is not there and switch its versions on. Raises StoreUnavailable."""
        with translated():
            if not self._client.bucket_exists(self.bucket):
                self._make_bucket()
            if versioned and self._client.get_bucket_versioning(self.bucket).status != ENABLED:
                self._client.set_bucket_versioning(self.bucket, VersioningConfig(ENABLED))

    def _make_bucket(self) -> None:
        try:
            with translated():
                self._client.make_bucket(self.bucket, location=self._region)
        except StoreUnavailable as error:
            # Two processes may start at the same moment.
            if error.facts["reason"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise

    def put(self, key: str, reader: Reader, *, length: int | None = None) -> StoredObject:
        """Write everything `reader` gives (`readinto`) under `key`: one request below a part, else in parts.

        With `length`, that many bytes are expected. When the reader raises, its error goes through, and
        nothing is left behind. Raises StoreUnavailable, LengthMismatch, ObjectTooLarge.
        """
        target = Target(self._client, self.bucket, key)
        checked = _Measured(reader, length)
        with self._buffers.borrow(self._parallel) as buffers:
            filled = uploads.fill(checked, buffers[0])
            if filled < self._part_size:
                written = uploads.put_whole(target, buffers[0][:filled])
            else:
                written = uploads.put_parts(target, checked, buffers)
        return StoredObject(key, written.size, written.version_id, written.etag)

    def get_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `stop`, in pieces.

        The request is made at once. The connection goes back when the iterator ends, is closed or forgotten.
        Raises ObjectMissing, ObjectCorrupted if the object is shorter, StoreUnavailable (also in mid-way).
        """
        if not 0 <= start <= stop:
            raise ValueError("a range starts at 0 or later and does not end before its start")
        if start == stop:
            return iter(())
        with translated(key):
            response = self._client.get_object(self.bucket, key, offset=start, length=stop - start)
        return ObjectBody(response, key, stop - start)

    def stat(self, key: str) -> StoredObject:
        """Size and version of an object. Raises ObjectMissing, StoreUnavailable."""
        with translated(key):
            found = self._client.stat_object(self.bucket, key)
        return StoredObject(key, found.size or 0, found.version_id, found.etag or "")

    def exists(self, key: str) -> bool:
        """Whether there is an object under this key. Raises StoreUnavailable."""
        try:
            self.stat(key)
        except ObjectMissing:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove an object for good, all versions of it. One that is not there is fine.

        Raises ObjectLocked if the store keeps a version until its retention ends, StoreUnavailable.
        """
        for version_id in self._versions(key):
            self._delete_version(key, version_id)

    def list_keys(self, prefix: str = "", older_than: timedelta | None = None) -> Iterator[ListedObject]:
        """The objects under `prefix`, in the order of their keys, if given only those older than that.

        Fetched a page at a time. Raises StoreUnavailable.
        """
        limit = _limit(older_than)
        with translated():
            for found in self._client.list_objects(self.bucket, prefix=prefix, recursive=True):
                modified_at = cast(datetime, found.last_modified)
                if limit is None or modified_at < limit:
                    yield ListedObject(cast(str, found.object_name), found.size or 0, modified_at)

    def list_incomplete(self, older_than: timedelta | None = None, prefix: str = "") -> Iterator[Incomplete]:
        """Uploads in parts that were begun and neither finished nor aborted. Raises StoreUnavailable."""
        limit = _limit(older_than)
        for upload in uploads.incomplete(self._client, self.bucket, prefix):
            if limit is None or upload.started_at < limit:
                yield upload

    def abort_incomplete(self, older_than: timedelta | None = None, prefix: str = "") -> int:
        """Abort such uploads and free their parts; returns how many. Raises StoreUnavailable."""
        found = list(self.list_incomplete(older_than, prefix))
        for upload in found:
            uploads.abort(Target(self._client, self.bucket, upload.key), upload.upload_id)
        return len(found)

    def check(self) -> None:
        """Write, read and remove a small object: the store really works. Raises StoreUnavailable if not."""
        key, contents = f"{_PROBE_PREFIX}{uuid.uuid4()}", memoryview(os.urandom(32))
        with translated():
            # Some stores would make a missing bucket at the first put, without versions.
            if not self._client.bucket_exists(self.bucket):
                raise StoreUnavailable(reason="NoSuchBucket")
        try:
            written = uploads.put_whole(Target(self._client, self.bucket, key), contents)
            read = b"".join(self.get_range(key, 0, len(contents)))
            self._delete_version(key, written.version_id)
        except (ObjectMissing, ObjectCorrupted, ObjectLocked) as error:
            raise StoreUnavailable(reason=error.code) from error
        if read != contents:
            raise StoreUnavailable(reason="other bytes")

    def _versions(self, key: str) -> list[str | None]:
        with translated(key):
            found = self._client.list_objects(self.bucket, prefix=key, include_version=True, recursive=True)
            return [version.version_id for version in found if version.object_name == key]

    def _delete_version(self, key: str, version_id: str | None) -> None:
        try:
            with translated(key):
                self._client.remove_object(self.bucket, key, version_id=version_id)
        except ObjectMissing:
            return
        except StoreUnavailable as error:
            if error.facts["reason"] in _LOCKED:
                raise ObjectLocked(key=key) from error
            raise


class _Measured:
    """Passes a reader on and raises LengthMismatch at its end if it was not as long as announced."""

    def __init__(self, reader: Reader, expected: int | None) -> None:
        self._reader = reader
        self._expected = expected
        self._received = 0

    def readinto(self, target: memoryview) -> int:
        count = self._reader.readinto(target) or 0
        self._received += count
        if self._expected is not None:
            over = self._received > self._expected
            if over or (count == 0 and self._received < self._expected):
                raise LengthMismatch(expected=self._expected, received=self._received)
        return count


def _limit(older_than: timedelta | None) -> datetime | None:
    return None if older_than is None else datetime.now(UTC) - older_than
