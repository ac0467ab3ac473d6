"""The recovery file: the operator's keys under a passphrase, for the day the machine is gone.

Byte by byte in docs/storage-format.md, so that it can be opened without this program.
"""

from __future__ import annotations

import base64
import json
import os
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from entitylocker.storage.errors import RecoveryFileUnreadable, WeakPassphrase, WrongPassphrase
from entitylocker.storage.files import write_new_private_file
from entitylocker.storage.keys import KEY_SIZE, NONCE_SIZE, OperatorKey

FORMAT = "entitylocker-recovery"
VERSION = 1
MIN_PASSPHRASE = 12
_SALT_SIZE = 16
_ITERATIONS, _MEMORY_KIB, _LANES = 3, 256 * 1024, 4
# A file from elsewhere must not be able to ask for all memory or all day.
_MAX_ITERATIONS, _MAX_MEMORY_KIB, _MAX_LANES = 16, 1024 * 1024, 16
_MAX_FILE = 256 * 1024
_ABOUT = (
    "Recovery file of an EntityLocker installation: the operator keys, encrypted under a passphrase. "
    "How to use it: docs/storage-format.md, 'Recovery'. "
    "Keep it away from the machine, and keep the passphrase away from it."
)


def export_recovery(path: Path, operator_keys: list[OperatorKey], passphrase: str) -> None:
    """Write the keys to a new recovery file (mode 0600).

    Raises WeakPassphrase under 12 characters, KeyFileExists rather than overwrite anything.
    """
    if not operator_keys:
        raise ValueError("there is no key to export")
    if len(_normalised(passphrase)) < MIN_PASSPHRASE:
        raise WeakPassphrase(minimum=MIN_PASSPHRASE)
    head = _new_head(operator_keys)
    plaintext = b"".join(key.raw for key in operator_keys)
    nonce = _decoded(head["cipher"]["nonce"])
    sealed = _cipher(head["kdf"], passphrase).encrypt(nonce, plaintext, _canonical(head))
    text = json.dumps(head | {"ciphertext": _encoded(sealed)}, indent=2, ensure_ascii=True)
    write_new_private_file(path, text.encode() + b"\n")


def import_recovery(path: Path, passphrase: str) -> list[OperatorKey]:
    """The keys of a recovery file, in the order they were exported.

    Raises WrongPassphrase if it does not open, RecoveryFileUnreadable if it is no such file.
    """
    head = _read(path)
    try:
        sealed = _decoded(head.pop("ciphertext"))
        nonce = _decoded(head["cipher"]["nonce"])
        key_ids = [str(key_id) for key_id in head["key_ids"]]
        _check_kdf(path, head["kdf"])
        plaintext = _cipher(head["kdf"], passphrase).decrypt(nonce, sealed, _canonical(head))
    except InvalidTag:
        raise WrongPassphrase from None
    except (KeyError, TypeError, ValueError):
        raise RecoveryFileUnreadable(path=str(path), reason="it is damaged") from None
    return _keys(path, plaintext, key_ids)


def _new_head(operator_keys: list[OperatorKey]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": _ABOUT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "key_ids": [key.key_id for key in operator_keys],
        "kdf": {
            "name": "argon2id",
            "iterations": _ITERATIONS,
            "memory_kib": _MEMORY_KIB,
            "lanes": _LANES,
            "salt": _encoded(os.urandom(_SALT_SIZE)),
        },
        "cipher": {"name": "AES-256-GCM", "nonce": _encoded(os.urandom(NONCE_SIZE))},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            head = json.loads(file.read(_MAX_FILE))
    except OSError as error:
        raise RecoveryFileUnreadable(path=str(path), reason=error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError):
        raise RecoveryFileUnreadable(path=str(path), reason="it is not JSON") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise RecoveryFileUnreadable(path=str(path), reason="it is something else")
    if head.get("version") != VERSION:
        raise RecoveryFileUnreadable(path=str(path), reason="its version is not known here")
    return head


def _check_kdf(path: Path, kdf: dict[str, Any]) -> None:
    limits = {"iterations": _MAX_ITERATIONS, "memory_kib": _MAX_MEMORY_KIB, "lanes": _MAX_LANES}
    known = kdf["name"] == "argon2id" and all(type(kdf[name]) is int for name in limits)
    if not known or any(not 0 < kdf[name] <= limit for name, limit in limits.items()):
        raise RecoveryFileUnreadable(path=str(path), reason="its key derivation is out of bounds")


def _cipher(kdf: dict[str, Any], passphrase: str) -> AESGCM:
    derivation = Argon2id(
        salt=_decoded(kdf["salt"]),
        length=KEY_SIZE,
        iterations=kdf["iterations"],
        lanes=kdf["lanes"],
        memory_cost=kdf["memory_kib"],
    )
    return AESGCM(derivation.derive(_normalised(passphrase).encode()))


def _keys(path: Path, plaintext: bytes, key_ids: list[str]) -> list[OperatorKey]:
    raws = [plaintext[start : start + KEY_SIZE] for start in range(0, len(plaintext), KEY_SIZE)]
    if len(plaintext) % KEY_SIZE or [OperatorKey(raw).key_id for raw in raws] != key_ids:
        raise RecoveryFileUnreadable(path=str(path), reason="its keys do not have the ids it names")
    return [OperatorKey(raw) for raw in raws]


def _canonical(head: dict[str, Any]) -> bytes:
    """Everything but the ciphertext, in the one spelling that is authenticated with it."""
    return json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _normalised(passphrase: str) -> str:
    # The same words typed on another keyboard may arrive as other code points (Devanagari has several ways).
    return unicodedata.normalize("NFC", passphrase)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
