"""64 MiB up and down through HTTP, beside the plain SDK on the same store in the same run."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable

from minio import Minio

from benchmarks.bench import MIB, PIECE, Bench, timed
from benchmarks.figures import Figure, figure

UP_AIM = 0.75
DOWN_AIM = 0.5
_SIDES = ("store", "locker")
_KEY = "benchmarks/plain"


class Plain:
    """The SDK as anybody would use it, in the bucket that the locker uses."""

    def __init__(self, bench: Bench) -> None:
        settings = bench.settings
        self._bucket, self._content = settings.s3_bucket, bench.content
        self._client = Minio(
            settings.s3_endpoint, access_key=settings.s3_access_key, secret_key=settings.s3_secret_key,
            secure=settings.s3_secure, region=settings.s3_region,
        )  # fmt: skip

    def up(self) -> None:
        self._client.put_object(self._bucket, _KEY, io.BytesIO(self._content), len(self._content))

    def down(self) -> None:
        answer = self._client.get_object(self._bucket, _KEY)
        buffer = bytearray(PIECE)
        while answer.readinto(buffer):
            pass
        answer.release_conn()


class Locker:
    """The same over HTTP, through everything that the locker does with a document."""

    def __init__(self, bench: Bench) -> None:
        self._clerk, self._content = bench.clerk, bench.content
        self._document = ""

    def up(self) -> None:
        self._document = self._clerk.send(self._content)

    def down(self) -> None:
        self._clerk.fetch(f"{self._clerk.api}/{self._document}/content")

    def settle(self) -> None:
        """Wait for the check of what was sent last."""
        self._clerk.await_verdict(self._document)


def measure(bench: Bench) -> list[Figure]:
    """Rounds of both in turn, the first of them changing; the ratio is taken within each round."""
    plain, locker = Plain(bench), Locker(bench)
    ways = {
        "up": {"store": plain.up, "locker": locker.up},
        "down": {"store": plain.down, "locker": locker.down},
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[float]] = defaultdict(list)
    for way, sides in ways.items():
        _round(sides, _SIDES, way, defaultdict(list))
        locker.settle()
    for number in range(bench.rounds):
        bench.say(f"Sending and fetching 64 MiB, round {number + 1} of {bench.rounds}")
        order = _SIDES if number % 2 else _SIDES[::-1]
        for way, sides in ways.items():
            began = bench.web_seconds()
            _round(sides, order, way, seconds)
            costs[way].append((bench.web_seconds() - began) * 1024 * MIB / len(bench.content))
            locker.settle()
    return [
        *_figures("up", seconds, len(bench.content), UP_AIM),
        *_figures("down", seconds, len(bench.content), DOWN_AIM),
        *(figure(f"processor of the web workers, 1 GiB {way}", costs[way], "s") for way in ways),
    ]


def _round(
    sides: dict[str, Callable[[], None]], order: tuple[str, ...], way: str, seconds: dict[str, list[float]]
) -> None:
    for side in order:
        seconds[f"{side} {way}"].append(timed(sides[side]))


def _figures(way: str, seconds: dict[str, list[float]], size: int, aim: float) -> list[Figure]:
    store, locker = seconds[f"store {way}"], seconds[f"locker {way}"]
    ratios = [theirs / ours for theirs, ours in zip(store, locker, strict=True)]
    return [
        figure(f"64 MiB {way}, plain SDK", [size / MIB / one for one in store], "MiB/s"),
        figure(f"64 MiB {way}, through the locker", [size / MIB / one for one in locker], "MiB/s"),
        figure(f"64 MiB {way}, locker to SDK", ratios, "ratio", at_least=aim),
    ]
