"""Secrets that are handed out once and kept only as a digest: sessions, links in mails."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> tuple[str, bytes]:
    """A fresh token of 256 bits, as text for its bearer and as SHA-256 digest for the row."""
    token = secrets.token_urlsafe(32)
    return token, digest_of(token)


def digest_of(token: str) -> bytes:
    """The SHA-256 digest under which a token is kept."""
    return hashlib.sha256(token.encode()).digest()
