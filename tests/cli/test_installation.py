"""Setting up on engines of one's own: what others use is left alone, and nobody is locked out of their own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from click import ClickException
from sqlalchemy.engine import make_url

from entitylocker.cli import demo, installation
from entitylocker.config import PREFIX, Settings, read_remembered
from entitylocker.storage.store import ObjectStore


@pytest.fixture
def database(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment names the PostgreSQL of the tests, whose roles no new home knows."""
    monkeypatch.setenv(PREFIX + "DATABASE_URL", settings.database_owner_url)
    return settings.database_owner_url


def test_the_roles_of_another_home_are_left_alone(database: str, tmp_path: Path) -> None:
    with pytest.raises(installation.AnothersDatabase, match="Nothing was changed"):
        installation.prepare_installation(tmp_path)
    assert read_remembered(tmp_path) == {}


def test_passwords_are_written_down_before_they_are_set(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(installation, "ensure_roles", die)
    with pytest.raises(KeyboardInterrupt):
        installation._set_up_external_database(tmp_path, make_url(database), {}, take_over=True)
    assert make_url(read_remembered(tmp_path)["database_app_url"]).password


def test_the_demo_takes_no_bucket_that_is_in_use(
    settings: Settings, object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + "S3_ENDPOINT", settings.s3_endpoint)
    object_store._client.put_object(settings.s3_bucket, f"{tmp_path.name}/word", io.BytesIO(b"mine"), 4)
    with pytest.raises(ClickException, match="is not empty"):
        demo._begin_with_an_empty_bucket(tmp_path, settings)
    assert "demo_bucket" not in read_remembered(tmp_path)
