"""Tokens of citizen lockers at rest: sealed under a key of their own, which the operator's key wraps."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entitylocker.storage.errors import KeyUnwrapFailed
from entitylocker.storage.keys import KEY_SIZE, NONCE_SIZE
from entitylocker.web.engine_room import engines

_LABEL = b"entitylocker/citizen-tokens/1\x00"


@dataclass(frozen=True)
class KeptTokens:
    """The two tokens of a link."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Sealed:
    """Tokens as the row keeps them."""

    wrapped_key: bytes
    sealed_tokens: bytes


def seal(owner_id: UUID, tokens: KeptTokens) -> Sealed:
    """Seal tokens for the row `owner_id`: in another row they cannot be opened."""
    key, nonce = os.urandom(KEY_SIZE), os.urandom(NONCE_SIZE)
    context = _LABEL + owner_id.bytes
    plain = json.dumps([tokens.access_token, tokens.refresh_token]).encode()
    wrapped = engines().operator_key.wrap(key, context=context)
    return Sealed(wrapped, nonce + AESGCM(key).encrypt(nonce, plain, context))


def unseal(owner_id: UUID, sealed: Sealed) -> KeptTokens:
    """The tokens of the row `owner_id`. Raises KeyUnwrapFailed, WrongOperatorKey."""
    context = _LABEL + owner_id.bytes
    key = engines().operator_key.unwrap(sealed.wrapped_key, context=context)
    nonce, body = sealed.sealed_tokens[:NONCE_SIZE], sealed.sealed_tokens[NONCE_SIZE:]
    try:
        access_token, refresh_token = json.loads(AESGCM(key).decrypt(nonce, body, context))
    except InvalidTag:
        raise KeyUnwrapFailed(reason="authentication") from None
    return KeptTokens(access_token, refresh_token)
