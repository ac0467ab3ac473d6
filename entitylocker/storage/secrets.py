"""Secrets of any length at rest (tokens, clients' secrets): each under a key of its own, which another key wraps."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entitylocker.storage.errors import KeyUnwrapFailed
from entitylocker.storage.keys import KEY_SIZE, NONCE_SIZE, OperatorKey, OrganisationKey


@dataclass(frozen=True)
class SealedSecret:
    """A secret as a row keeps it: `body` is the nonce and the AES-256-GCM ciphertext."""

    wrapped_key: bytes
    body: bytes = field(repr=False)


def seal_secret(by: OperatorKey | OrganisationKey, secret: bytes, *, context: bytes) -> SealedSecret:
    """Seal `secret` for one place, named by `context`: elsewhere it cannot be opened."""
    nonce = os.urandom(NONCE_SIZE)
    if isinstance(by, OrganisationKey):
        document_key, wrapped = by.new_document_key(context=context)
        key = document_key.raw
    else:
        key = os.urandom(KEY_SIZE)
        wrapped = by.wrap(key, context=context)
    return SealedSecret(wrapped, nonce + AESGCM(key).encrypt(nonce, secret, context))


def open_secret(by: OperatorKey | OrganisationKey, sealed: SealedSecret, *, context: bytes) -> bytes:
    """The secret that was sealed for this place. Raises KeyUnwrapFailed, WrongOperatorKey."""
    if isinstance(by, OrganisationKey):
        key = by.open_document_key(sealed.wrapped_key, context=context).raw
    else:
        key = by.unwrap(sealed.wrapped_key, context=context)
    nonce, body = sealed.body[:NONCE_SIZE], sealed.body[NONCE_SIZE:]
    try:
        return AESGCM(key).decrypt(nonce, body, context)
    except (InvalidTag, ValueError):
        raise KeyUnwrapFailed(reason="authentication") from None
