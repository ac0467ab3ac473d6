"""Encrypted documents on the real store, as the rooms above use them, with faults between us and it."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import uuid
from typing import Any

import pytest

from entitylocker.storage.documents import EncryptedStore, StoredDocument
from entitylocker.storage.errors import KeyUnwrapFailed, ObjectCorrupted, ObjectMissing, StoreUnavailable
from entitylocker.storage.keys import OperatorKey, OrganisationKey
from entitylocker.storage.store import ObjectStore, StoredObject
from entitylocker.storage.stream import RangeReader
from tests.storage.relay import Relay

OPERATOR = OperatorKey(os.urandom(32))
CONTENTS = os.urandom(6 * 2**20 + 321)


@pytest.fixture
def store(object_store: ObjectStore) -> EncryptedStore:
    return EncryptedStore(object_store, OPERATOR)


@pytest.fixture
def organisation(store: EncryptedStore) -> OrganisationKey:
    key, blob = store.new_organisation_key(uuid_of("one"))
    assert store.open_organisation_key(blob, uuid_of("one")).raw == key.raw
    return key


def uuid_of(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_DNS, name)


def open_(store: EncryptedStore, stored: StoredDocument, **changed: Any) -> RangeReader:
    facts: dict[str, Any] = {
        "key": stored.key,
        "wrapped_key": stored.wrapped_key,
        "ciphertext_size": stored.ciphertext_size,
        **changed,
    }
    return store.open_document(**facts)


def drain(reader: RangeReader, into: bytearray) -> None:
    for piece in reader.iter():
        into += piece


@pytest.mark.parametrize("size", [0, 1, 50_000, len(CONTENTS)])
def test_put_and_open(store: EncryptedStore, organisation: OrganisationKey, object_prefix: str, size: int) -> None:
    contents = CONTENTS[:size]
    facts: dict[str, Any] = {"organisation_key": organisation, "context": b"c"}
    stored = store.put_document(object_prefix + "d", io.BytesIO(contents), **facts)
    assert stored.plaintext_size == size
    assert stored.sha256 == hashlib.sha256(contents).hexdigest()
    reader = open_(store, stored, **facts)
    assert reader.plaintext_size == size
    assert b"".join(reader.iter()) == contents
    assert b"".join(reader.iter(size // 2, size)) == contents[size // 2 :]
    store.delete(stored.key)
    with pytest.raises(ObjectMissing):
        open_(store, stored, **facts).iter()


def test_the_store_sees_only_ciphertext(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    text = b"the secret of the company " * 100
    stored = store.put_document(
        object_prefix + "d", io.BytesIO(text), organisation_key=organisation, context=b"context"
    )
    raw = b"".join(store.objects.get_range(stored.key, 0, stored.ciphertext_size))
    assert b"secret" not in raw
    assert b"context" not in raw


def test_other_keys_and_contexts_open_nothing(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    stored = store.put_document(object_prefix + "d", io.BytesIO(b"x"), organisation_key=organisation, context=b"one")
    with pytest.raises(KeyUnwrapFailed):
        open_(store, stored, organisation_key=organisation, context=b"two")
    with pytest.raises(KeyUnwrapFailed):
        open_(store, stored, organisation_key=OrganisationKey(os.urandom(32)), context=b"one")


def test_objects_swapped_in_the_store(store: EncryptedStore, organisation: OrganisationKey, object_prefix: str) -> None:
    facts: dict[str, Any] = {"organisation_key": organisation}
    one = store.put_document(object_prefix + "1", io.BytesIO(b"one"), context=b"1", **facts)
    two = store.put_document(object_prefix + "2", io.BytesIO(b"two"), context=b"2", **facts)
    swapped = b"".join(store.objects.get_range(two.key, 0, two.ciphertext_size))
    store.objects.put(one.key, io.BytesIO(swapped))
    with pytest.raises(ObjectCorrupted):
        open_(store, one, context=b"1", **facts).iter()


@pytest.mark.parametrize("change", ["flip", "cut", "longer"])
def test_an_object_changed_in_the_store_gives_nothing_of_the_bad_part(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str, change: str
) -> None:
    facts: dict[str, Any] = {"organisation_key": organisation, "context": b"c"}
    stored = store.put_document(object_prefix + "d", io.BytesIO(CONTENTS), **facts)
    raw = bytearray(b"".join(store.objects.get_range(stored.key, 0, stored.ciphertext_size)))
    at = 3 * 2**20 + 5
    raw[at] ^= 1
    damaged = {"flip": bytes(raw), "cut": bytes(raw[:at]), "longer": bytes(raw) + b"\0"}[change]
    store.objects.put(stored.key, io.BytesIO(damaged))
    given_out = bytearray()
    with pytest.raises(ObjectCorrupted):
        drain(open_(store, stored, **facts), given_out)
    assert CONTENTS.startswith(given_out)
    assert len(given_out) <= 3 * 2**20


def test_a_source_that_breaks_leaves_nothing(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise ConnectionResetError("client went away")
            return data

    with pytest.raises(ConnectionResetError):
        store.put_document(object_prefix + "d", Broken(CONTENTS * 2), organisation_key=organisation, context=b"c")
    assert not store.objects.exists(object_prefix + "d")
    assert list(store.objects.list_incomplete(prefix=object_prefix + "d")) == []


@pytest.mark.parametrize(("kept", "error"), [(None, ObjectMissing), (b"half", StoreUnavailable)])
def test_a_store_that_says_yes_and_does_not_have_it(
    object_store: ObjectStore,
    organisation: OrganisationKey,
    object_prefix: str,
    kept: bytes | None,
    error: type[Exception],
) -> None:
    class Forgetful(ObjectStore):
        def put(self, key: str, reader: Any, *, length: int | None = None) -> StoredObject:
            stored = object_store.put(key, reader, length=length)
            object_store.delete(key)
            if kept is not None:
                object_store.put(key, io.BytesIO(kept))
            return stored

    forgetful = Forgetful(*object_store._credentials, bucket=object_store.bucket, region=object_store._region)
    with pytest.raises(error):
        EncryptedStore(forgetful, OPERATOR).put_document(
            object_prefix + "d", io.BytesIO(b"x"), organisation_key=organisation, context=b"c"
        )


class Faulty:
    """The same store behind a relay that can be told to misbehave."""

    def __init__(self, behind: ObjectStore) -> None:
        endpoint, access, secret = behind._credentials
        self.relay = Relay(endpoint)
        objects = ObjectStore(
            self.relay.address, access, secret, bucket=behind.bucket, region=behind._region or "us-east-1"
        )
        self.store = EncryptedStore(objects, OPERATOR)


def test_a_store_that_goes_away_in_the_middle_of_a_read(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    facts: dict[str, Any] = {"organisation_key": organisation, "context": b"c"}
    stored = store.put_document(object_prefix + "d", io.BytesIO(CONTENTS), **facts)
    faulty = Faulty(store.objects)
    with faulty.relay as relay:
        relay.cut_after(2 * 2**20, "answers")
        given_out = bytearray()
        with pytest.raises(StoreUnavailable):
            drain(open_(faulty.store, stored, **facts), given_out)
        assert CONTENTS.startswith(given_out)
        relay.cut_after(None, "answers")
        assert b"".join(open_(faulty.store, stored, **facts).iter()) == CONTENTS


def test_a_store_that_goes_away_in_the_middle_of_a_put(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    faulty = Faulty(store.objects)
    facts: dict[str, Any] = {"organisation_key": organisation, "context": b"c"}
    with faulty.relay as relay:
        relay.cut_after(7 * 2**20, "requests")
        with pytest.raises(StoreUnavailable):
            faulty.store.put_document(object_prefix + "d", io.BytesIO(CONTENTS * 4), **facts)
        relay.cut_after(None, "requests")
        stored = faulty.store.put_document(object_prefix + "e", io.BytesIO(CONTENTS), **facts)
    assert not store.objects.exists(object_prefix + "d")
    assert b"".join(open_(store, stored, **facts).iter()) == CONTENTS
    store.objects.abort_incomplete(prefix=object_prefix + "d")
    assert list(store.objects.list_incomplete(prefix=object_prefix + "d")) == []


def test_one_broken_connection_during_a_put_is_made_good(
    store: EncryptedStore, organisation: OrganisationKey, object_prefix: str
) -> None:
    faulty = Faulty(store.objects)
    facts: dict[str, Any] = {"organisation_key": organisation, "context": b"c"}
    with faulty.relay as relay:
        relay.cut_after(7 * 2**20, "requests", once=True)
        stored = faulty.store.put_document(object_prefix + "d", io.BytesIO(CONTENTS * 3), **facts)
    assert b"".join(open_(store, stored, **facts).iter()) == CONTENTS * 3


MEMORY = """
import os, sys, psutil
from entitylocker.storage.documents import EncryptedStore
from entitylocker.storage.keys import OperatorKey, OrganisationKey
from entitylocker.storage.store import ObjectStore, StoredObject
endpoint, access, secret, bucket, key, size = sys.argv[1:]
store = EncryptedStore(ObjectStore(endpoint, access, secret, bucket=bucket), OperatorKey(bytes(32)))
facts = {"organisation_key": OrganisationKey(bytes(32)), "context": b"c"}
process, peak = psutil.Process(), 0

def look():
    global peak
    peak = max(peak, process.memory_info().rss)

class Source:
    left = int(size)
    def read(self, size):
        size = min(size, self.left)
        self.left -= size
        if self.left % 2**22 < 2**17:
            look()
        return os.urandom(size)

store.objects.exists(key)
before = process.memory_info().rss
stored = store.put_document(key, Source(), **facts)
reader = store.open_document(
    key=key, wrapped_key=stored.wrapped_key, ciphertext_size=stored.ciphertext_size, **facts
)
for piece in reader.iter():
    look()
store.delete(key)
print((peak - before) >> 20)
"""


def test_memory_stays_flat(object_store: ObjectStore, object_prefix: str) -> None:
    arguments = [*object_store._credentials, object_store.bucket, object_prefix + "m", str(256 * 2**20)]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, *arguments], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 40, "MiB of growth while 256 MiB went through both ways"
