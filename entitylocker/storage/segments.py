"""The arithmetic and the cipher of Tink's AES256_GCM_HKDF_1MB streaming format, segment by segment.

Source: Tink wire format, "Streaming AEAD: AES-GCM-HKDF" (https://developers.google.com/tink/wire-format);
byte by byte in docs/storage-format.md.
"""

from __future__ import annotations

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from entitylocker.storage.errors import ObjectCorrupted
from entitylocker.storage.keys import TAG_SIZE, DocumentKey

SEGMENT_SIZE = 1024 * 1024
SALT_SIZE = 32
PREFIX_SIZE = 7
HEADER_SIZE = 1 + SALT_SIZE + PREFIX_SIZE
PLAIN_SEGMENT_SIZE = SEGMENT_SIZE - TAG_SIZE
FIRST_PLAIN_SEGMENT_SIZE = PLAIN_SEGMENT_SIZE - HEADER_SIZE
MAX_SEGMENTS = 2**32
Buffer = bytes | bytearray | memoryview


def new_header() -> bytes:
    """A fresh stream header: its own length, a random salt, a random nonce prefix."""
    return bytes([HEADER_SIZE]) + os.urandom(SALT_SIZE) + os.urandom(PREFIX_SIZE)


def segment_count(plaintext_size: int) -> int:
    """How many segments a document of this size has. Never none: an empty document has one empty segment."""
    return -(-(plaintext_size + HEADER_SIZE) // PLAIN_SEGMENT_SIZE)


def ciphertext_size(plaintext_size: int) -> int:
    """Stored size in bytes of a document of `plaintext_size` bytes."""
    if plaintext_size < 0:
        raise ValueError("a size is not negative")
    return HEADER_SIZE + plaintext_size + TAG_SIZE * segment_count(plaintext_size)


def plaintext_size(ciphertext_size: int) -> int:
    """Size in bytes of the document in a stored object. Raises ObjectCorrupted if none has that size."""
    segments = -(-ciphertext_size // SEGMENT_SIZE)
    size = ciphertext_size - HEADER_SIZE - TAG_SIZE * segments
    if size < 0 or segment_count(size) != segments:
        raise ObjectCorrupted(reason="size")
    return size


def segment_of(position: int) -> int:
    """The index of the segment that holds the plaintext byte at `position`."""
    return (position + HEADER_SIZE) // PLAIN_SEGMENT_SIZE


def segment_start(index: int) -> int:
    """The plaintext position of the first byte of a segment."""
    return max(0, index * PLAIN_SEGMENT_SIZE - HEADER_SIZE)


class SegmentCipher:
    """Seals and opens the segments of one stream, into buffers of the caller."""

    def __init__(self, document_key: DocumentKey, header: bytes, associated_data: bytes) -> None:
        """Derive the stream's key from its header. Raises ObjectCorrupted if that is no such header."""
        if len(header) != HEADER_SIZE or header[0] != HEADER_SIZE:
            raise ObjectCorrupted(reason="header")
        salt, self._prefix = header[1 : 1 + SALT_SIZE], header[1 + SALT_SIZE :]
        kdf = HKDF(algorithm=SHA256(), length=32, salt=salt, info=associated_data)
        self._cipher = AESGCM(kdf.derive(document_key.raw))

    def seal(self, index: int, last: bool, plaintext: Buffer, target: memoryview) -> None:
        """Encrypt one segment into `target`, which is exactly 16 bytes longer."""
        self._cipher.encrypt_into(self._nonce(index, last), plaintext, None, target)

    def open(self, index: int, last: bool, sealed: Buffer, target: memoryview) -> None:
        """Decrypt one segment into `target`, 16 bytes shorter.

        Raises ObjectCorrupted; what is in `target` then must not be used.
        """
        try:
            self._cipher.decrypt_into(self._nonce(index, last), sealed, None, target)
        except InvalidTag:
            raise ObjectCorrupted(reason="authentication", segment=index) from None

    def _nonce(self, index: int, last: bool) -> bytes:
        if index >= MAX_SEGMENTS:
            raise ValueError("a stream has at most 2^32 segments")
        return self._prefix + struct.pack(">IB", index, last)
