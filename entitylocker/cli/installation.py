"""Setting up an installation: roles and passwords, the operator's key, the bucket. Repeatable without harm."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import psycopg
from sqlalchemy.engine import URL, make_url

from entitylocker.config import PREFIX, Settings, load_settings, read_remembered, remember
from entitylocker.engines import EngineAddresses
from entitylocker.engines.roles import APP, OPERATOR, WORKER, ensure_roles, foreign_roles
from entitylocker.signatures.sealing import Seal
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.store import ObjectStore

_ROLE_SETTINGS = {"database_app_url": APP, "database_operator_url": OPERATOR, "database_worker_url": WORKER}


class AnothersDatabase(click.ClickException):
    """The roles of the house are there already, with passwords that this home does not know."""

    def __init__(self) -> None:
        super().__init__(
            "Another installation uses this PostgreSQL: its roles el_app, el_operator and el_worker have passwords "
            "that this home does not know. Nothing was changed. Copy that installation's home to this machine, or, if "
            "it is lost for good, run `entitylocker migrate --take-over`, which gives the roles new passwords."
        )


def prepare_installation(home: Path, addresses: EngineAddresses | None = None, *, take_over: bool = False) -> Settings:
    """Make the home ready and answer its settings.

    `addresses`: where the embedded engines are. ENTITYLOCKER_DATABASE_URL names another database instead, and the
    roles of the house are made in it with random passwords that only the home remembers. Raises AnothersDatabase
    where another home's are, unless it is to `take_over`.
    """
    remembered = read_remembered(home)
    if addresses is not None:
        remember(home, **{name: getattr(addresses, name) for name in addresses.__dataclass_fields__})
    if address := os.environ.get(PREFIX + "DATABASE_URL"):
        _set_up_external_database(home, make_url(address), remembered, take_over=take_over)
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


def _set_up_external_database(home: Path, owner: URL, remembered: Mapping[str, Any], *, take_over: bool) -> None:
    """Make the roles in the database of `owner`, and remember how they sign in."""
    owner = owner.set(drivername="postgresql+psycopg")
    known = _known_passwords(owner, remembered)
    passwords = {role: known.get(role) or secrets.token_urlsafe(24) for role in _ROLE_SETTINGS.values()}
    addresses = {
        setting: owner.set(username=role, password=passwords[role]) for setting, role in _ROLE_SETTINGS.items()
    }
    with psycopg.connect(owner.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        if not take_over and foreign_roles(connection, known):
            raise AnothersDatabase
        # First written down, then set: whoever dies in between must find its own roles again.
        addresses["database_owner_url"] = owner
        remember(home, **{name: address.render_as_string(hide_password=False) for name, address in addresses.items()})
        ensure_roles(connection, passwords)


def _known_passwords(owner: URL, remembered: Mapping[str, Any]) -> dict[str, str]:
    """What this home remembers of the roles in the very server of `owner`."""
    urls = {role: make_url(remembered[setting]) for setting, role in _ROLE_SETTINGS.items() if setting in remembered}
    return {
        role: url.password
        for role, url in urls.items()
        if url.password and (url.host, url.port) == (owner.host, owner.port)
    }
