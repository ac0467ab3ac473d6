"""Real engines for the tests: started once by the controlling process, shared by the workers."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from flask import Flask
from sqlalchemy.engine import make_url

from entitylocker.app import create_app
from entitylocker.config import PREFIX, Settings
from entitylocker.engines import EmbeddedEngines
from entitylocker.engines.roles import open_database
from entitylocker.signatures.sealing import Seal
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.store import ObjectStore

CHECKER_SECONDS = 30
# Another S3 store than the embedded one may be named in the environment, all four together.
OTHER_STORE = ("s3_endpoint", "s3_access_key", "s3_secret_key", "s3_secure")


class TestEngines:
    """PostgreSQL, the store and the checker in a home of their own, not forced to disk for speed."""

    __test__ = False

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="entitylocker-tests-"))
        self.home.chmod(0o711)
        self._engines = EmbeddedEngines(self.home / "home", durable=False)
        self._checker: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start everything, migrate the database that the workers clone, and say where it all is."""
        addresses = self._engines.start()
        home = self.home / "home"
        key_file = home / "secrets" / "operator.key"
        if not key_file.exists():
            OperatorKey.create(key_file)
        Seal.create(home / "secrets" / "report-seal.pem", home / "trust", "locker.example.in")
        socket = self.home / "checker.sock"
        self._checker = subprocess.Popen(
            [sys.executable, "-m", "entitylocker.signatures.checker", "--socket", str(socket)],
            stdin=subprocess.PIPE,
        )
        facts = {
            **dataclasses.asdict(addresses), **_other_store(os.environ), "home": str(home),
            "checker_socket": str(socket), "secret_key": "t" * 32,
        }  # fmt: skip
        migrate(create_app(settings_of(facts)))
        object_store_of(settings_of(facts)).ensure_bucket()
        _wait_for(socket)
        return facts

    def superuser(self) -> psycopg.Connection[Any]:
        """An autocommit connection as superuser, for cloning databases and for looking behind the walls."""
        return self._engines.superuser()

    def stop(self) -> None:
        """Stop everything and throw the home away."""
        if self._checker is not None:
            self._checker.terminate()
            self._checker.wait(10)
        self._engines.stop()
        shutil.rmtree(self.home, ignore_errors=True)


def _other_store(environ: Mapping[str, str]) -> dict[str, Any]:
    """Where another S3 store is, if the environment names one: the tests then run on that."""
    found = {name: environ.get(PREFIX + name.upper()) for name in OTHER_STORE}
    if not found["s3_endpoint"]:
        return {}
    return {**found, "s3_secure": found["s3_secure"] == "1"}


def _wait_for(socket: Path) -> None:
    deadline = time.monotonic() + CHECKER_SECONDS
    while not socket.exists():
        if time.monotonic() > deadline:
            raise RuntimeError("the checker did not start")
        time.sleep(0.05)


def settings_of(facts: dict[str, Any]) -> Settings:
    """Settings from what the controlling process told."""
    return Settings(**{**facts, "home": Path(facts["home"])})


def object_store_of(settings: Settings) -> ObjectStore:
    """The bucket that `settings` name."""
    return ObjectStore(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        bucket=settings.s3_bucket,
        secure=settings.s3_secure,
        region=settings.s3_region,
    )


def in_own_bucket(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """The same engines, another bucket: whoever sweeps it knows the rows of everything in it."""
    moved = {**facts, "s3_bucket": name}
    object_store_of(settings_of(moved)).ensure_bucket()
    return moved


def migrate(app: Flask) -> None:
    """Bring the database of `app` to the newest migration."""
    with app.app_context():
        config = app.extensions["migrate"].migrate.get_config()
        command.upgrade(config, "head")


def on_database(facts: dict[str, Any], name: str) -> dict[str, Any]:
    """The same engines, another database."""
    moved = dict(facts)
    for key in ("database_owner_url", "database_app_url", "database_operator_url", "database_worker_url"):
        url = make_url(facts[key]).set(database=name)
        moved[key] = url.render_as_string(hide_password=False)
    return moved


def clone_database(owner_url: str, superuser: psycopg.Connection[Any], name: str) -> None:
    """Make database `name` as a copy of the migrated one."""
    template = make_url(owner_url).database
    superuser.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER el_owner')
    # A copy does not take the rights of its template along.
    open_database(superuser, name)
