"""Encrypted documents in the object store: the one thing the rooms above call."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from entitylocker.storage import keys
from entitylocker.storage.errors import StoreUnavailable
from entitylocker.storage.keys import OperatorKey, OrganisationKey
from entitylocker.storage.store import ObjectStore
from entitylocker.storage.stream import EncryptingReader, RangeReader, Source


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What the row needs to find, open and check a document. `sha256` in hex, of the plaintext."""

    key: str
    plaintext_size: int
    ciphertext_size: int
    sha256: str
    wrapped_key: bytes


class EncryptedStore:
    """Puts documents into the store encrypted, each under a key of its own, and reads any range of them back.

    `context` says which document it is (its ids, of fixed length each). It is bound to the wrapped key and to
    every byte of the stream: the same one must be given to read.
    """

    def __init__(self, object_store: ObjectStore, operator_key: OperatorKey) -> None:
        self.objects = object_store
        self._operator_key = operator_key

    def new_organisation_key(self, organisation_id: UUID) -> tuple[OrganisationKey, bytes]:
        """The key of a new organisation and its wrapped form for the row."""
        return keys.new_organisation_key(self._operator_key, organisation_id=organisation_id)

    def open_organisation_key(self, blob: bytes, organisation_id: UUID) -> OrganisationKey:
        """Open an organisation's wrapped key. Raises WrongOperatorKey, KeyUnwrapFailed."""
        return keys.open_organisation_key(self._operator_key, blob, organisation_id=organisation_id)

    def put_document(
        self, key: str, source: Source, *, organisation_key: OrganisationKey, context: bytes
    ) -> StoredDocument:
        """Encrypt everything `source` gives into the object `key`, which must be fresh.

        Memory does not grow with the size. Errors of the source go through and leave nothing behind. The
        store is asked afterwards whether it really has the object. Raises StoreUnavailable, ObjectMissing,
        ObjectTooLarge.
        """
        document_key, wrapped_key = organisation_key.new_document_key(context=context)
        reader = EncryptingReader(source, document_key, context)
        written = self.objects.put(key, reader)
        if self.objects.stat(key).size != written.size:
            raise StoreUnavailable(reason="size after put")
        return StoredDocument(key, reader.plaintext_size, written.size, reader.sha256, wrapped_key)

    def open_document(
        self,
        *,
        key: str,
        wrapped_key: bytes,
        ciphertext_size: int,
        organisation_key: OrganisationKey,
        context: bytes,
    ) -> RangeReader:
        """A reader of any range of the document. Asks the store for nothing until a range is read.

        Raises KeyUnwrapFailed if key or context do not fit, ObjectCorrupted if no document has that size.
        """
        document_key = organisation_key.open_document_key(wrapped_key, context=context)
        return RangeReader(partial(self.objects.get_range, key), ciphertext_size, document_key, context)

    def delete(self, key: str) -> None:
        """Remove the object for good. Raises ObjectLocked, StoreUnavailable."""
        self.objects.delete(key)
