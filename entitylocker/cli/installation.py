"""Setting up an installation: roles and passwords, the operator's key, the bucket. Repeatable without harm."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from sqlalchemy.engine import URL, make_url

from entitylocker.config import PREFIX, Settings, load_settings, read_remembered, remember
from entitylocker.engines import EngineAddresses
from entitylocker.engines.roles import APP, OPERATOR, WORKER, ensure_roles
from entitylocker.signatures.sealing import Seal
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.store import ObjectStore

_ROLE_SETTINGS = {"database_app_url": APP, "database_operator_url": OPERATOR, "database_worker_url": WORKER}


def prepare_installation(home: Path, addresses: EngineAddresses | None = None) -> Settings:
    """Make the home ready and answer its settings.

    `addresses`: where the embedded engines are. ENTITYLOCKER_DATABASE_URL names another database instead, and the
    roles of the house are made in it with random passwords that only the home remembers.
    """
    if addresses is not None:
        remember(home, **{name: getattr(addresses, name) for name in addresses.__dataclass_fields__})
    if address := os.environ.get(PREFIX + "DATABASE_URL"):
        remember(home, **_external_database(home, make_url(address)))
    settings = load_settings(home)
    if not settings.operator_key_file.exists():
        OperatorKey.create(settings.operator_key_file)
    settings.trust_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.seal_file.exists():
        make_seal(settings)
    object_store(settings).ensure_bucket()
    return settings


def make_seal(settings: Settings) -> Seal:
    """A new seal for the reports of an installation, named after the host it is reached at."""
    place = urlsplit(settings.base_url).hostname or "localhost"
    return Seal.create(settings.seal_file, settings.trust_directory, place)


def object_store(settings: Settings) -> ObjectStore:
    """The object store of an installation."""
    return ObjectStore(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        bucket=settings.s3_bucket,
        secure=settings.s3_secure,
        region=settings.s3_region,
    )


def _external_database(home: Path, owner: URL) -> dict[str, Any]:
    owner = owner.set(drivername="postgresql+psycopg")
    remembered = read_remembered(home)
    found: dict[str, Any] = {"database_owner_url": owner.render_as_string(hide_password=False)}
    passwords: dict[str, str] = {}
    for setting, role in _ROLE_SETTINGS.items():
        known = remembered.get(setting)
        passwords[role] = (known and make_url(known).password) or secrets.token_urlsafe(24)
        address = owner.set(username=role, password=passwords[role])
        found[setting] = address.render_as_string(hide_password=False)
    with psycopg.connect(owner.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        ensure_roles(connection, passwords)
    return found
