"""How much the web workers grow while a gigabyte goes in and out, after they have warmed up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psutil

from benchmarks.bench import FILE_SIZE, MIB, Bench
from benchmarks.figures import Figure, figure

GROWTH_AIM = 40.0
TOTAL = 1024 * MIB
AT_ONCE = 4
_WARM_UP = 8
_LOOK_SECONDS = 0.1


def measure(bench: Bench) -> list[Figure]:
    """Memory of the workers' own, in MiB: at rest, at the worst and afterwards."""
    processes = bench.web_processes()
    _pass_through(bench, _WARM_UP)
    before, resident = _own(processes), _resident(processes)
    files = TOTAL // FILE_SIZE
    bench.say(f"Sending and fetching {files} files of 64 MiB, {AT_ONCE} at a time")
    with _watched(processes) as seen:
        _pass_through(bench, files)
    after = _own(processes)
    return [
        figure(f"memory of {len(processes)} web workers, warm (USS)", [before], "MiB"),
        figure(f"memory of {len(processes)} web workers, warm (RSS)", [resident], "MiB"),
        figure("growth at the worst while 1 GiB goes in and out", [max(seen) - before], "MiB", at_most=GROWTH_AIM),
        figure("growth afterwards", [after - before], "MiB"),
    ]


def _pass_through(bench: Bench, files: int) -> None:
    clerk, content = bench.clerk, bench.content

    def both_ways(_number: int) -> str:
        document = clerk.send(content)
        clerk.fetch(f"{clerk.api}/{document}/content")
        return document

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for document in list(pool.map(both_ways, range(files))):
            clerk.await_verdict(document)


@contextmanager
def _watched(processes: list[psutil.Process]) -> Iterator[list[float]]:
    seen, ended = [_own(processes)], threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_SECONDS):
            seen.append(_own(processes))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _own(processes: list[psutil.Process]) -> float:
    return float(sum(process.memory_full_info().uss for process in processes)) / MIB


def _resident(processes: list[psutil.Process]) -> float:
    return float(sum(process.memory_info().rss for process in processes)) / MIB
