"""What checking a file costs, beside plain pyHanko: the same files, certificates and moment, file by file in turn."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from benchmarks import locker_check, plain_pyhanko
from benchmarks.bench import Bench
from benchmarks.cost import Cost
from benchmarks.figures import Figure, figure
from benchmarks.files import SignedFiles, signed_files
from entitylocker.signatures.client import LocalChecker

AIM = 1.5
_SLOWEST = 10
PLAIN, OURS, KNOWN = "plain pyHanko", "the locker", "the locker, bytes known"
SERVICE, SERVICE_KNOWN = "the service", "the service, bytes known"
Way = Callable[[bytes], Cost]
Round = dict[str, dict[str, Cost]]  # way → file → cost


def measure(bench: Bench) -> list[Figure]:
    """Milliseconds of a check, over the files that plain pyHanko checks to the end."""
    given = signed_files(bench.place)
    trust = given.trust
    in_parts = (list(trust.roots), list(trust.intermediates), list(trust.crls), given.at)
    with _process(plain_pyhanko.prepare, in_parts) as plain, _process(locker_check.prepare, (trust, given.at)) as ours:
        ways: dict[str, Way] = {
            PLAIN: partial(_there, plain, plain_pyhanko.check),
            OURS: partial(_there, ours, locker_check.check),
            KNOWN: partial(_there, ours, locker_check.check_known),
        }
        rounds = [_round(bench, number, ways, given) for number in range(bench.rounds + 1)][1:]
    finished = [name for name in given.files if _is_finished(rounds[0], name)]
    return [*_counts(given, finished), *_costs(rounds, finished), *_ratios(rounds, finished)]


def _process(prepare: Callable[..., None], arguments: tuple[object, ...]) -> ProcessPoolExecutor:
    """A process of its own: the locker makes pyHanko faster in the one it is in."""
    return ProcessPoolExecutor(1, get_context("spawn"), prepare, arguments)


def _there(pool: ProcessPoolExecutor, check: Way, data: bytes) -> Cost:
    return pool.submit(check, data).result()


def _round(bench: Bench, number: int, ways: dict[str, Way], given: SignedFiles) -> Round:
    bench.say(f"Checking {len(given.files)} files ({given.source}), round {number} of {bench.rounds} (0 warms up)")
    costs: Round = defaultdict(dict)
    # A service of its own for each round: to the one of the round before all bytes would be known.
    with LocalChecker(workers=1) as checker:
        asked = partial(checker.client.check, trust=given.trust, at=given.at)
        asked(b"%PDF-1.7")  # it has started when it answers
        for name, data in given.files.items():
            for way, check in ways.items():
                costs[way][name] = check(data)
            for way in (SERVICE, SERVICE_KNOWN):
                began = time.perf_counter()
                asked(data)
                costs[way][name] = Cost(0.0, (time.perf_counter() - began) * 1000)
    return costs


def _is_finished(costs: Round, name: str) -> bool:
    """Whether plain pyHanko checked every signature of this file that the locker checked, and at least one."""
    plain, ours = costs[PLAIN][name], costs[OURS][name]
    return plain.broken_off == 0 and plain.checked >= ours.checked > 0


def _counts(given: SignedFiles, finished: list[str]) -> list[Figure]:
    return [
        figure(f"checks, {given.source}, by both to the end", [len(finished)], "files"),
        figure("checks that plain pyHanko breaks off, or has none", [len(given.files) - len(finished)], "files"),
    ]


def _costs(rounds: list[Round], finished: list[str]) -> Iterator[Figure]:
    for way in (PLAIN, OURS, KNOWN):
        yield from _spread(
            f"check, processor, {way}", [[one[way][name].processor for name in finished] for one in rounds]
        )
    for way in (PLAIN, OURS, KNOWN, SERVICE, SERVICE_KNOWN):
        yield from _spread(f"check, clock, {way}", [[one[way][name].clock for name in finished] for one in rounds])


def _spread(name: str, rounds: list[list[float]]) -> Iterator[Figure]:
    yield figure(f"{name}, median", [statistics.median(one) for one in rounds], "ms")
    yield figure(f"{name}, 90 of 100 within", [statistics.quantiles(one, n=10)[-1] for one in rounds], "ms")
    yield figure(f"{name}, slowest", [max(one) for one in rounds], "ms")


def _ratios(rounds: list[Round], finished: list[str]) -> Iterator[Figure]:
    """Of the processor, which a busy machine changes least."""
    for way, aim in ((OURS, AIM), (KNOWN, None)):
        times = [_median(one, PLAIN, finished) / _median(one, way, finished) for one in rounds]
        yield figure(f"{way}, times as fast as {PLAIN} at the median", times, "times", at_least=aim)
    usual = {way: {name: _usual(rounds, way, name) for name in finished} for way in (PLAIN, OURS)}
    slowest = sorted(finished, key=lambda name: usual[PLAIN][name])[-_SLOWEST:]
    times = [usual[PLAIN][name] / usual[OURS][name] for name in slowest]
    yield figure(f"the same for the {_SLOWEST} slowest files", times, "times", at_least=1.0)
    yield figure("the same, the worst of them", [min(times)], "times", at_least=1.0)


def _median(costs: Round, way: str, finished: list[str]) -> float:
    return statistics.median(costs[way][name].processor for name in finished)


def _usual(rounds: list[Round], way: str, name: str) -> float:
    return statistics.median(one[way][name].processor for one in rounds)
