"""Looking a password up in a sorted file of breached ones, beside a set that was read into memory."""

from __future__ import annotations

import hashlib
import tempfile
import time
import tracemalloc
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Figure, figure
from entitylocker.accounts.breached import digest_of_password, is_listed

LISTED = 1_000_000
ASKED = 2_000


def measure(bench: Bench) -> list[Figure]:
    """Time of one look-up in a file of a million digests, and what a set of them costs to read and to keep."""
    with tempfile.TemporaryDirectory(prefix="entitylocker-breached-") as folder:
        path = Path(folder) / "list.txt"
        path.write_bytes(b"\n".join(sorted(map(_digest, range(LISTED)))) + b"\n")
        rounds = [_round(path) for _ in range(bench.rounds)]
    look_up, in_set, reading, kept = zip(*rounds, strict=True)
    return [
        figure("one look-up in the file", look_up, "ms"),
        figure("one look-up in a set", in_set, "ms"),
        figure("reading the set", reading, "ms"),
        figure("memory of the set", kept, "MiB"),
    ]


def _digest(number: int) -> bytes:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest().upper().encode()


def _round(path: Path) -> tuple[float, float, float, float]:
    asked = [digest_of_password(str(number * 997)) for number in range(ASKED)]
    begun = time.perf_counter()
    found = sum(is_listed(path, digest) for digest in asked)
    look_up = (time.perf_counter() - begun) / ASKED * 1000
    begun = time.perf_counter()
    known = set(path.read_bytes().split())
    reading = (time.perf_counter() - begun) * 1000
    tracemalloc.start()
    again = set(path.read_bytes().split())
    kept = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    del again
    begun = time.perf_counter()
    assert found == sum(digest in known for digest in asked)
    in_set = (time.perf_counter() - begun) / ASKED * 1000
    return look_up, in_set, reading, kept
