"""Writing files that hold secrets: new, private, and on the disk before we say so."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from entitylocker.storage.errors import KeyFileExists


def write_new_private_file(path: Path, data: bytes) -> None:
    """Write `data` to a file that did not exist, mode 0600, and fsync it and its directory.

    Raises KeyFileExists and leaves the old file alone. After any other failure there is no file.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyFileExists(path=str(path)) from None
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    # Some file systems (FAT on a stick, network shares) cannot sync a directory; the file itself is synced.
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
