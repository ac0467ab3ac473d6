"""Engines of their own for these tests: forced to the disk as in earnest, because some are killed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from minio import Minio

from entitylocker.engines import EmbeddedEngines, EngineAddresses


@dataclass(frozen=True)
class Running:
    """Started engines, where their home is and where they answer."""

    home: Path
    engines: EmbeddedEngines
    addresses: EngineAddresses

    def s3(self) -> Minio:
        return s3_client(self.addresses)


def s3_client(addresses: EngineAddresses) -> Minio:
    """A client of the store."""
    return Minio(
        addresses.s3_endpoint,
        access_key=addresses.s3_access_key,
        secret_key=addresses.s3_secret_key,
        secure=addresses.s3_secure,
        region="us-east-1",
    )


def libpq(url: str) -> str:
    """The address for psycopg itself."""
    return url.replace("postgresql+psycopg://", "postgresql://")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("engines") / "home"
    with EmbeddedEngines(home) as engines:
        yield Running(home, engines, engines.start())


@pytest.fixture(scope="session")
def bucket(running: Running) -> str:
    running.s3().make_bucket("documents", object_lock=True)
    return "documents"
