"""The object store on the real engine: what is put comes back, and nothing is left behind by what fails."""

from __future__ import annotations

import inspect
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psutil
import pytest
from minio import Minio
from minio.datatypes import CompleteMultipartUploadResult
from urllib3 import HTTPResponse

from entitylocker.storage.errors import (
    LengthMismatch,
    ObjectCorrupted,
    ObjectLocked,
    ObjectMissing,
    StoreUnavailable,
)
from entitylocker.storage.store import MIN_PART_SIZE, ObjectStore

PART = MIN_PART_SIZE


class Failing(io.RawIOBase):
    """Gives so many bytes, then breaks."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self.left:
            raise ConnectionResetError("client went away")
        size = min(self.left, len(target))
        target[:size] = bytes(size)
        self.left -= size
        return size


def like(store: ObjectStore, **changed: Any) -> ObjectStore:
    """Another store object for the same place, with something changed."""
    endpoint, access, secret = store._credentials
    access, secret = changed.pop("access_key", access), changed.pop("secret_key", secret)
    options: dict[str, Any] = {"bucket": store.bucket, "region": store._region, **changed}
    return ObjectStore(options.pop("endpoint", endpoint), access, secret, **options)


def read(store: ObjectStore, key: str) -> bytes:
    return b"".join(store.get_range(key, 0, store.stat(key).size))


@pytest.mark.parametrize("size", [0, 1, 50_000, PART - 1, PART, PART + 1, 2 * PART, 3 * PART + 7])
@pytest.mark.parametrize("announced", [True, False])
def test_what_is_put_comes_back(object_store: ObjectStore, object_prefix: str, size: int, announced: bool) -> None:
    contents, key = os.urandom(size), object_prefix + "a document"
    stored = object_store.put(key, io.BytesIO(contents), length=size if announced else None)
    assert (stored.key, stored.size) == (key, size)
    assert read(object_store, key) == contents
    assert object_store.stat(key) == stored
    # A single request leaves a plain digest as ETag, parts one with their number.
    assert ("-" in stored.etag) == (size >= PART)


def test_range(object_store: ObjectStore, object_prefix: str) -> None:
    contents, key = os.urandom(700_000), object_prefix + "r"
    object_store.put(key, io.BytesIO(contents))
    for start, stop in [(0, 1), (5, 5), (699_999, 700_000), (1000, 600_000)]:
        assert b"".join(object_store.get_range(key, start, stop)) == contents[start:stop]
    with pytest.raises(ValueError, match="range"):
        object_store.get_range(key, 5, 4)


@pytest.mark.parametrize(("start", "stop"), [(0, 11), (5, 20), (10, 12), (50, 60)])
def test_a_shorter_object_than_known(object_store: ObjectStore, object_prefix: str, start: int, stop: int) -> None:
    object_store.put(object_prefix + "s", io.BytesIO(bytes(10)))
    with pytest.raises(ObjectCorrupted):
        list(object_store.get_range(object_prefix + "s", start, stop))


def test_missing(object_store: ObjectStore, object_prefix: str) -> None:
    key = object_prefix + "absent"
    assert not object_store.exists(key)
    with pytest.raises(ObjectMissing):
        object_store.stat(key)
    with pytest.raises(ObjectMissing):
        object_store.get_range(key, 0, 5)
    object_store.delete(key)


def test_delete_removes_every_version_and_nothing_else(object_store: ObjectStore, object_prefix: str) -> None:
    key = object_prefix + "twice"
    first = object_store.put(key, io.BytesIO(b"one"))
    second = object_store.put(key, io.BytesIO(b"two"))
    object_store.put(key + " and more", io.BytesIO(b"neighbour"))
    assert first.version_id != second.version_id
    assert read(object_store, key) == b"two"
    object_store.delete(key)
    assert not object_store.exists(key)
    assert object_store._versions(key) == []
    assert [item.key for item in object_store.list_keys(object_prefix)] == [key + " and more"]
    object_store.delete(key)


def test_list_by_prefix_and_age(object_store: ObjectStore, object_prefix: str) -> None:
    keys = [f"{object_prefix}{name}" for name in ("a", "b/c", "b/d é")]
    for key in keys:
        object_store.put(key, io.BytesIO(b"xyz"))
    listed = list(object_store.list_keys(object_prefix))
    assert [(item.key, item.size) for item in listed] == [(key, 3) for key in keys]
    assert all(item.modified_at.tzinfo is not None for item in listed)
    assert list(object_store.list_keys(object_prefix, older_than=timedelta(hours=1))) == []
    assert len(list(object_store.list_keys(object_prefix, older_than=timedelta(seconds=-60)))) == 3


@pytest.mark.parametrize("size", [10, PART, 2 * PART + 1, 5 * PART])
def test_a_failing_source_leaves_nothing(object_store: ObjectStore, object_prefix: str, size: int) -> None:
    before = _put_threads()
    with pytest.raises(ConnectionResetError):
        object_store.put(object_prefix + "f", Failing(size))
    assert not object_store.exists(object_prefix + "f")
    assert list(object_store.list_incomplete(prefix=object_prefix + "f")) == []
    assert _put_threads() <= before


def _put_threads() -> int:
    return sum(thread.name.startswith("put") for thread in threading.enumerate())


@pytest.mark.parametrize("size", [3, 5, PART, 2 * PART])
@pytest.mark.parametrize("off", [-1, 1])
def test_another_length_than_announced(object_store: ObjectStore, object_prefix: str, size: int, off: int) -> None:
    with pytest.raises(LengthMismatch):
        object_store.put(object_prefix + "l", io.BytesIO(bytes(size)), length=size + off)
    assert not object_store.exists(object_prefix + "l")
    assert list(object_store.list_incomplete(prefix=object_prefix + "l")) == []


def test_incomplete_uploads_are_listed_and_aborted_by_age(object_store: ObjectStore, object_prefix: str) -> None:
    key = object_prefix + "left behind"
    object_store._client._create_multipart_upload(object_store.bucket, key, {})
    # By the whole key: MinIO lists unfinished uploads by that, or all of them, and not by a part of it.
    assert [upload.key for upload in object_store.list_incomplete(prefix=key)] == [key]
    assert key in [upload.key for upload in object_store.list_incomplete()]
    assert object_store.abort_incomplete(timedelta(hours=1), prefix=key) == 0
    assert object_store.abort_incomplete(timedelta(seconds=-60), prefix=key) == 1
    assert list(object_store.list_incomplete(prefix=key)) == []


def test_connections_go_back_however_a_read_ends(object_store: ObjectStore, object_prefix: str) -> None:
    store = like(object_store)
    key = object_prefix + "big"
    store.put(key, io.BytesIO(bytes(2 * PART)))
    before = _connections(store)
    for turn in range(12):
        pieces = store.get_range(key, 0, 2 * PART)
        next(pieces)
        if turn % 3 == 0:
            pieces.close()  # type: ignore[attr-defined]
        elif turn % 3 == 1:
            del pieces
        else:
            assert sum(map(len, pieces)) == 2 * PART - 256 * 1024
    assert _connections(store) <= before + 1


def _connections(store: ObjectStore) -> int:
    port = int(store._credentials[0].rsplit(":", 1)[1])
    found = psutil.Process().net_connections("tcp")
    return sum(1 for one in found if one.status == "ESTABLISHED" and one.raddr and one.raddr.port == port)


def test_many_at_once(object_store: ObjectStore, object_prefix: str) -> None:
    contents = [os.urandom(PART + 1000 * number) for number in range(6)]

    def round_trip(number: int) -> bool:
        key = f"{object_prefix}{number}"
        object_store.put(key, io.BytesIO(contents[number]))
        return read(object_store, key) == contents[number]

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(round_trip, range(6)))


def test_check_works_and_leaves_nothing(object_store: ObjectStore) -> None:
    own = like(object_store, bucket="probe-" + os.urandom(6).hex())
    own.ensure_bucket()
    own.ensure_bucket()
    own.check()
    found = own._client.list_objects(own.bucket, recursive=True, include_version=True)
    assert list(found) == []
    own._client.remove_bucket(own.bucket)


def test_bucket_without_versions(object_store: ObjectStore) -> None:
    own = like(object_store, bucket="plain-" + os.urandom(6).hex())
    own.ensure_bucket(versioned=False)
    own.check()
    assert own.put("key", io.BytesIO(b"one")).version_id is None
    own.delete("key")
    assert not own.exists("key")
    own._client.remove_bucket(own.bucket)


@pytest.fixture(params=["nobody listens", "wrong secret", "wrong user"])
def unusable(request: pytest.FixtureRequest, object_store: ObjectStore) -> ObjectStore:
    return {
        "nobody listens": lambda: like(object_store, endpoint="127.0.0.1:1"),
        "wrong secret": lambda: like(object_store, secret_key="not the secret"),
        "wrong user": lambda: like(object_store, access_key="nobody"),
    }[request.param]()


def test_an_unusable_store_is_unavailable_for_everything(unusable: ObjectStore) -> None:
    for act in (
        unusable.check,
        lambda: unusable.put("k", io.BytesIO(b"x")),
        lambda: unusable.put("k", io.BytesIO(bytes(PART + 1))),
        lambda: unusable.delete("k"),
        lambda: list(unusable.list_keys("k")),
        lambda: list(unusable.list_incomplete()),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            act()
        assert caught.value.status == 503


def test_a_yes_with_an_error_in_its_body_is_a_no(
    object_store: ObjectStore, object_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 may answer 200 to the end of an upload and then write an error into the body."""
    body = b"<Error><Code>InternalError</Code></Error>"
    answer = CompleteMultipartUploadResult(HTTPResponse(body, status=200))
    monkeypatch.setattr(Minio, "_complete_multipart_upload", lambda *_: answer)
    with pytest.raises(StoreUnavailable):
        object_store.put(object_prefix + "y", io.BytesIO(bytes(PART + 1)))
    assert list(object_store.list_incomplete(prefix=object_prefix + "y")) == []


def test_a_locked_object_is_not_deleted(object_store: ObjectStore) -> None:
    own = like(object_store, bucket="locked-" + os.urandom(6).hex())
    own._client.make_bucket(own.bucket, object_lock=True)
    own.ensure_bucket()
    stored = own.put("kept", io.BytesIO(b"evidence"))
    own._client.enable_object_legal_hold(own.bucket, "kept", version_id=stored.version_id)
    with pytest.raises(ObjectLocked):
        own.delete("kept")
    assert read(own, "kept") == b"evidence"
    own._client.disable_object_legal_hold(own.bucket, "kept", version_id=stored.version_id)
    own.delete("kept")
    assert not own.exists("kept")
    own._client.remove_bucket(own.bucket)


def test_a_child_process_makes_its_own_connections(object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store = like(object_store)
    of_parent = store._client
    assert store._client is of_parent
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert store._client is not of_parent


def test_no_bucket(object_store: ObjectStore) -> None:
    store = like(object_store, bucket="absent-" + os.urandom(6).hex())
    with pytest.raises(StoreUnavailable) as caught:
        store.check()
    assert caught.value.facts == {"reason": "NoSuchBucket"}


def test_the_sdk_still_has_the_private_names_we_use() -> None:
    expected = {
        "_put_object": ["bucket_name", "object_name", "data", "headers"],
        "_create_multipart_upload": ["bucket_name", "object_name", "headers"],
        "_upload_part": ["bucket_name", "object_name", "data", "headers", "upload_id", "part_number"],
        "_complete_multipart_upload": ["bucket_name", "object_name", "upload_id", "parts"],
        "_abort_multipart_upload": ["bucket_name", "object_name", "upload_id"],
    }
    for name, parameters in expected.items():
        found = list(inspect.signature(getattr(Minio, name)).parameters)[1:]
        assert found[: len(parameters)] == parameters, name
    listing = inspect.signature(Minio._list_multipart_uploads).parameters
    assert {"prefix", "key_marker", "upload_id_marker"} <= set(listing)


@pytest.mark.parametrize("wrong", [{"part_size": PART - 1}, {"parallel": 0}])
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="5 MiB"):
        ObjectStore("127.0.0.1:1", "a", "b", bucket="vault", **wrong)  # type: ignore[arg-type]
