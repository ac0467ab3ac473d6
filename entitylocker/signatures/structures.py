"""What was found in the bytes of files before, so that checking them again asks only for trust, revocation, time."""

from __future__ import annotations

import threading
from collections import OrderedDict

MOST_BYTES = 64 * 1024 * 1024
LARGEST = 4 * 1024 * 1024


class Structures:
    """`Examined` records as JSON by the SHA-256 of their files, the least used forgotten first.

    They are opaque here: a child made them, only a child reads them. They live in memory, as long as the program
    whose version made them. Safe to use from many threads.
    """

    def __init__(self, most_bytes: int = MOST_BYTES, largest: int = LARGEST) -> None:
        """`most_bytes`: of all together; `largest`: what is larger is not kept."""
        self._most_bytes = most_bytes
        self._largest = largest
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, sha256: bytes) -> bytes | None:
        """What is known about this file, or None."""
        with self._lock:
            if sha256 in self._kept:
                self._kept.move_to_end(sha256)
            return self._kept.get(sha256)

    def keep(self, sha256: bytes, structure: bytes) -> None:
        """Remember `structure` for this file."""
        if len(structure) > self._largest:
            return
        with self._lock:
            self._bytes += len(structure) - len(self._kept.pop(sha256, b""))
            self._kept[sha256] = structure
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest)

    def __len__(self) -> int:
        return len(self._kept)
