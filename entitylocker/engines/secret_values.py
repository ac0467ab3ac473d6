"""The random values of a home, made once: passwords, signing keys, the store's access key."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from entitylocker.config import write_private
from entitylocker.engines.failures import HomeUnusable


def _secret() -> str:
    # Hexadecimal, so that it needs no quoting in an address, a TOML or a JSON file.
    return field(repr=False, default_factory=lambda: secrets.token_hex(24))


@dataclass(frozen=True)
class SecretValues:
    """Everything that only the engines and the locker know, as hexadecimal words."""

    el_owner: str = _secret()
    el_app: str = _secret()
    el_operator: str = _secret()
    el_worker: str = _secret()
    el_filer: str = _secret()
    s3_access_key: str = _secret()
    s3_secret_key: str = _secret()
    volume_write: str = _secret()
    volume_read: str = _secret()
    filer_write: str = _secret()
    filer_read: str = _secret()


def load_secrets(directory: Path) -> SecretValues:
    """Read `engines.json` of the directory, made at the first time. Raises HomeUnusable when damaged."""
    path = directory / "engines.json"
    try:
        return SecretValues(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        made = SecretValues()
        write_private(path, json.dumps(asdict(made), indent=1).encode())
        return made
    except (OSError, TypeError, ValueError) as fault:
        reason = f"{path} is damaged. Without it nothing in this home can be opened: restore it from a backup."
        raise HomeUnusable(home=str(directory.parent), reason=reason) from fault
