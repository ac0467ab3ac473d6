"""The three kinds of key (operator, organisation, document) and how each is wrapped by the one above it."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import NoReturn, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entitylocker.storage.errors import KeyUnwrapFailed, OperatorKeyUnreadable, WrongOperatorKey
from entitylocker.storage.files import write_new_private_file

KEY_SIZE = 32
WRAP_VERSION = 1
KEY_ID_SIZE = 8
NONCE_SIZE = 12
TAG_SIZE = 16
_BODY = 1 + KEY_ID_SIZE + NONCE_SIZE
WRAPPED_KEY_SIZE = _BODY + KEY_SIZE + TAG_SIZE
_FILE_LABEL = "entitylocker-operator-key-1"
_ORGANISATION_LABEL = b"entitylocker/organisation-key/1\x00"


class SecretKey:
    """256 bits that never show themselves: not in repr, not in logs, not in a pickle."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_SIZE:
            raise ValueError("a key is 32 bytes long")
        self._raw = bytes(raw)

    @property
    def raw(self) -> bytes:
        """The key itself. Only for ciphers and key files."""
        return self._raw

    @property
    def key_id(self) -> str:
        """First 8 bytes of the SHA-256 of the key, in hex: names a key without telling anything about it."""
        return hashlib.sha256(self._raw).digest()[:KEY_ID_SIZE].hex()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.key_id}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not to be pickled")


class DocumentKey(SecretKey):
    """The key of one version of one document; encrypts one stream."""

    __slots__ = ()


class OrganisationKey(SecretKey):
    """The key of one organisation, unwrapped, in memory; wraps document keys."""

    __slots__ = ()

    def new_document_key(self, *, context: bytes) -> tuple[DocumentKey, bytes]:
        """Make a fresh document key. `context` says for which document; it must be given again to open it.

        Returns the key and its wrapped form for the row (69 bytes).
        """
        key = DocumentKey(os.urandom(KEY_SIZE))
        return key, _wrap(self, key.raw, context)

    def open_document_key(self, blob: bytes, *, context: bytes) -> DocumentKey:
        """Open a wrapped document key. Raises KeyUnwrapFailed if damaged or for another context or key."""
        return DocumentKey(_unwrap(self, blob, context))


class OperatorKey(SecretKey):
    """The installation's own key, kept in a file that only its user may read; wraps organisation keys."""

    __slots__ = ()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new key and its file (mode 0600). Raises KeyFileExists rather than overwrite anything."""
        key = cls(os.urandom(KEY_SIZE))
        key.save(path)
        return key

    def save(self, path: Path) -> None:
        """Write the key to a new file (mode 0600), as after a recovery. Raises KeyFileExists."""
        text = f"{_FILE_LABEL}:{self.key_id}:{base64.b64encode(self.raw).decode()}\n"
        write_new_private_file(path, text.encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key from its file.

        Raises OperatorKeyUnreadable if the file is absent, damaged, or readable by anybody else.
        """
        return cls(_parse_key_file(path, _read_private_file(path)))

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Encrypt a 32-byte key for storage; `context` is bound to it and must be given again to unwrap."""
        return _wrap(self, key, context)

    def unwrap(self, blob: bytes, *, context: bytes) -> bytes:
        """Decrypt a wrapped key.

        Raises WrongOperatorKey if another operator key wrapped it, KeyUnwrapFailed if it is damaged or was
        wrapped for another context.
        """
        found = wrapping_key_id(blob)
        if found != self.key_id:
            raise WrongOperatorKey(expected=found, found=self.key_id)
        return _unwrap(self, blob, context)


def new_organisation_key(operator_key: OperatorKey, *, organisation_id: UUID) -> tuple[OrganisationKey, bytes]:
    """Make the key of a new organisation. Returns it and its wrapped form for the row (69 bytes)."""
    key = OrganisationKey(os.urandom(KEY_SIZE))
    return key, operator_key.wrap(key.raw, context=organisation_context(organisation_id))


def open_organisation_key(operator_key: OperatorKey, blob: bytes, *, organisation_id: UUID) -> OrganisationKey:
    """Open an organisation's key. Raises WrongOperatorKey, KeyUnwrapFailed (another organisation's too)."""
    return OrganisationKey(operator_key.unwrap(blob, context=organisation_context(organisation_id)))


def organisation_context(organisation_id: UUID) -> bytes:
    """The context an organisation key is wrapped in: a fixed label, a zero byte, the 16 bytes of the id."""
    return _ORGANISATION_LABEL + organisation_id.bytes


def wrapping_key_id(blob: bytes) -> str:
    """The id of the key a wrapped key was wrapped by. Raises KeyUnwrapFailed if this is no wrapped key."""
    if len(blob) != WRAPPED_KEY_SIZE:
        raise KeyUnwrapFailed(reason="length")
    if blob[0] != WRAP_VERSION:
        raise KeyUnwrapFailed(reason="version")
    return blob[1 : 1 + KEY_ID_SIZE].hex()


def _wrap(wrapping: SecretKey, key: bytes, context: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise ValueError("a key is 32 bytes long")
    nonce = os.urandom(NONCE_SIZE)
    sealed = AESGCM(wrapping.raw).encrypt(nonce, key, context)
    return bytes([WRAP_VERSION]) + bytes.fromhex(wrapping.key_id) + nonce + sealed


def _unwrap(wrapping: SecretKey, blob: bytes, context: bytes) -> bytes:
    if wrapping_key_id(blob) != wrapping.key_id:
        raise KeyUnwrapFailed(reason="other key")
    try:
        return AESGCM(wrapping.raw).decrypt(blob[1 + KEY_ID_SIZE : _BODY], blob[_BODY:], context)
    except InvalidTag:
        raise KeyUnwrapFailed(reason="authentication") from None


def _read_private_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise OperatorKeyUnreadable(path=str(path), reason="others may read it; set its mode to 0600")
            return file.read(1024).decode("ascii")
    except OSError as error:
        raise OperatorKeyUnreadable(path=str(path), reason=error.strerror or "it cannot be read") from error
    except UnicodeDecodeError:
        raise OperatorKeyUnreadable(path=str(path), reason="it is damaged") from None


def _parse_key_file(path: Path, text: str) -> bytes:
    label, _, rest = text.strip().partition(":")
    key_id, _, encoded = rest.partition(":")
    if label != _FILE_LABEL:
        raise OperatorKeyUnreadable(path=str(path), reason="it is not an operator key file")
    try:
        raw = base64.b64decode(encoded, validate=True)
        damaged = SecretKey(raw).key_id != key_id
    except ValueError:
        damaged = True
    if damaged:
        raise OperatorKeyUnreadable(path=str(path), reason="it is damaged")
    return raw
