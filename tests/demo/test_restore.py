"""A home comes back from a dump of the database, a copy of the objects and the recovery file, and from nothing less."""

from __future__ import annotations

import dataclasses
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.engine import make_url

from entitylocker.app import create_app
from entitylocker.config import Settings
from entitylocker.delegations.service import load_member
from entitylocker.engines import EmbeddedEngines
from entitylocker.engines.programs import postgres_program
from entitylocker.errors import LockerError
from entitylocker.organisations import keys
from entitylocker.sandbox.papers import TestAuthority, make_paper
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.recovery import export_recovery, import_recovery
from entitylocker.storage.store import ObjectStore
from entitylocker.vault import service as vault
from entitylocker.vault.papers import PaperSource
from entitylocker.vault.views import Details
from tests.engine_room import settings_of
from tests.factories import Member, Organisations

PASSPHRASE = "correct horse battery staple"


def _read(app: Flask, member: Member, document_id: Any) -> bytes:
    """The document as its member reads it, by a process that has opened no key yet."""
    keys._kept.clear()
    with app.app_context():
        actor = load_member(member.person_id, member.session_id, member.organisation_id)
        assert actor is not None
        return b"".join(vault.open_content(actor, document_id).reader.iter())


def _dump(settings: Settings, target: Path) -> None:
    url = make_url(settings.database_app_url)
    command = [
        str(postgres_program("pg_dump")),
        "-Fc",
        "-U",
        "postgres",
        "-h",
        str(url.query["host"]),
        "-f",
        str(target),
    ]
    subprocess.run([*command, str(url.database)], check=True, capture_output=True)


def _restore(engines: EmbeddedEngines, url: str, dump: Path) -> None:
    address = make_url(url)
    with engines.superuser() as superuser:
        superuser.execute(f'CREATE DATABASE "{address.database}_restored" TEMPLATE template0 OWNER el_owner')
        superuser.execute(f'DROP DATABASE "{address.database}"')
        superuser.execute(f'ALTER DATABASE "{address.database}_restored" RENAME TO "{address.database}"')
    command = [
        str(postgres_program("pg_restore")),
        "-U",
        "postgres",
        "-h",
        str(address.query["host"]),
        "-d",
        str(address.database),
    ]
    subprocess.run([*command, "--exit-on-error", str(dump)], check=True, capture_output=True)


def _copy_objects(source: ObjectStore, target: ObjectStore, prefix: str) -> int:
    target.ensure_bucket()
    copied = 0
    for item in source.list_keys(prefix):
        content = b"".join(source.get_range(item.key, 0, item.size))
        target.put(item.key, io.BytesIO(content), length=len(content))
        copied += 1
    return copied


@pytest.fixture
def other_home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with EmbeddedEngines(tmp_path_factory.mktemp("other"), durable=False) as engines:
        yield engines


def test_a_home_is_restored_from_dump_objects_and_recovery_file(
    app: Flask, settings: Settings, organisations: Organisations, object_store: ObjectStore,
    other_home: EmbeddedEngines, tmp_path: Path,
) -> None:  # fmt: skip
    member = organisations.make()
    content = make_paper("unsigned", "Deed", ["Kept for good"], authority=TestAuthority(tmp_path / "authority"))
    with app.test_request_context():
        upload = vault.Upload("deed.pdf", PaperSource(io.BytesIO(content)))
        deposited = vault.deposit(member.actor, upload, Details("Deed"))
    _dump(settings, tmp_path / "dump")
    recovery = tmp_path / "recovery.json"
    export_recovery(recovery, [OperatorKey.load(settings.operator_key_file)], PASSPHRASE)

    addresses = other_home.start()
    _restore(other_home, addresses.database_owner_url, tmp_path / "dump")
    restored = settings_of({**dataclasses.asdict(addresses), "home": str(tmp_path / "home"), "secret_key": "x" * 32})
    OperatorKey.create(tmp_path / "wrong.key")
    target = ObjectStore(
        restored.s3_endpoint, restored.s3_access_key, restored.s3_secret_key, bucket=restored.s3_bucket, secure=False
    )
    assert _copy_objects(object_store, target, f"{member.organisation_id}/") == 1

    restored.operator_key_file.parent.mkdir(parents=True, mode=0o700)
    OperatorKey.load(tmp_path / "wrong.key").save(restored.operator_key_file)
    with pytest.raises(LockerError):
        _read(create_app(restored), member, deposited.document_id)
    restored.operator_key_file.unlink()
    import_recovery(recovery, PASSPHRASE)[0].save(restored.operator_key_file)
    assert _read(create_app(restored), member, deposited.document_id) == content
