"""How long a page takes while a hundred hostile files are checked on the same machine, beside its quiet time."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from benchmarks.bench import Bench, timed
from benchmarks.figures import Figure, figure
from benchmarks.files import hostile_files
from entitylocker.signatures.client import CheckerClient
from entitylocker.signatures.trust import TrustStore

AIM = 1.5
FILES = 100
_PAGES = 150
_AT_ONCE = 4  # more than the checker has children, so that these are never idle


def measure(bench: Bench) -> list[Figure]:
    """Milliseconds of the list of documents, signed in, quiet and busy in turn."""
    source, files = hostile_files(FILES)
    _times(bench, _enough)
    quiet, busy, seconds = [], [], []
    for number in range(bench.rounds):
        bench.say(f"Opening the list of documents, quiet, round {number + 1} of {bench.rounds}")
        quiet.append(_times(bench, _enough))
        bench.say(f"Opening it while {len(files)} hostile files are checked ({source})")
        seconds.append(timed(lambda: busy.append(_while_checked(bench, files, number))))  # noqa: B023
    return [
        *_figures("quiet", quiet),
        *_figures(f"while {len(files)} hostile files are checked", busy),
        figure("the same, to its quiet value", _ratios(quiet, busy), "ratio", at_most=AIM),
        figure(f"checking {len(files)} hostile files ({source})", seconds, "s"),
    ]


def _while_checked(bench: Bench, files: list[bytes], number: int) -> list[float]:
    """Pages as long as there are files left. A line end more in each round: bytes that are known cost nothing."""
    fresh = [file + b"\n" * (number + 1) for file in files]
    # In a process of its own, as it is the worker that asks in earnest: here it would hold up the clock.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(_check_all, bench.settings.checker_socket, []).result()  # it has started when it answers
        checks = pool.submit(_check_all, bench.settings.checker_socket, fresh)
        times = _times(bench, lambda so_far: not checks.done())
        checks.result()
    return times


def _check_all(address: str, files: list[bytes]) -> None:
    checker, trust = CheckerClient(address, patience=600), TrustStore.shipped()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for check in [pool.submit(checker.check, file, trust=trust) for file in files]:
            check.result()


def _enough(so_far: int) -> bool:
    return so_far < _PAGES


def _times(bench: Bench, goes_on: Callable[[int], bool]) -> list[float]:
    clerk, times = bench.clerk, list[float]()
    for so_far in itertools.count():
        if not goes_on(so_far):
            break
        times.append(timed(lambda: clerk.fetch(clerk.page)) * 1000)
    return times


def _late(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _figures(when: str, rounds: list[list[float]]) -> list[Figure]:
    return [
        figure(f"page, median, {when}", [statistics.median(times) for times in rounds], "ms"),
        figure(f"page, 95 of 100 within, {when}", [_late(times) for times in rounds], "ms"),
    ]


def _ratios(quiet: list[list[float]], busy: list[list[float]]) -> list[float]:
    return [_late(one) / _late(other) for one, other in zip(busy, quiet, strict=True)]
