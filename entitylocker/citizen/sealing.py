"""Tokens of citizen lockers at rest: sealed for one row, in the way the store seals every secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from uuid import UUID

from entitylocker.storage.secrets import SealedSecret, open_secret, seal_secret
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
    plain = json.dumps([tokens.access_token, tokens.refresh_token]).encode()
    sealed = seal_secret(engines().operator_key, plain, context=_LABEL + owner_id.bytes)
    return Sealed(sealed.wrapped_key, sealed.body)


def unseal(owner_id: UUID, sealed: Sealed) -> KeptTokens:
    """The tokens of the row `owner_id`. Raises KeyUnwrapFailed, WrongOperatorKey."""
    kept = SealedSecret(sealed.wrapped_key, sealed.sealed_tokens)
    return KeptTokens(*json.loads(open_secret(engines().operator_key, kept, context=_LABEL + owner_id.bytes)))
