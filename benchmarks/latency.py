"""How long a page takes, quiet and while fifty people send files over bad connections."""

from __future__ import annotations

import socket
import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from benchmarks.bench import MIB, Bench, timed
from benchmarks.figures import Figure, figure

AIM = 50.0
SLOW_UPLOADS = 50
_PAGES = 100
_SIP = 1024
_SIP_SECONDS = 0.25


class SlowUpload:
    """An upload of 32 MiB at 4 KiB a second."""

    def __init__(self, bench: Bench) -> None:
        clerk = bench.clerk
        headers, before, _ = clerk.upload_headers(32 * MIB)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        host, port = clerk.host.split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        self._socket.sendall(f"POST {clerk.api} HTTP/1.1\r\nHost: {clerk.host}\r\n{lines}\r\n".encode())
        self._socket.sendall(before + b"%PDF-1.7\n")

    def sip(self) -> None:
        """A little more, if the locker still takes it."""
        with suppress(OSError):
            self._socket.sendall(bytes(_SIP))

    def is_taken(self) -> bool:
        """Whether the locker still listens: it has answered nothing."""
        self._socket.setblocking(False)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(30)
        return False

    def close(self) -> None:
        self._socket.close()


def measure(bench: Bench) -> list[Figure]:
    """Milliseconds of a signed-in page, the connection included."""
    clerk = bench.clerk
    for _ in range(_PAGES // 4):
        clerk.fetch(clerk.page)
    began = bench.web_seconds()
    quiet = [_times(bench) for _ in range(bench.rounds)]
    cost = (bench.web_seconds() - began) * 1000 / (bench.rounds * _PAGES)
    bench.say(f"Starting {SLOW_UPLOADS} slow uploads")
    with _slow_uploads(bench) as uploads:
        busy = [_times(bench) for _ in range(bench.rounds)]
        taken = sum(upload.is_taken() for upload in uploads)
    return [
        *_figures("quiet", quiet),
        figure("page, processor of the web workers", [cost], "ms"),
        *_figures(f"with {taken} slow uploads", busy),
    ]


def _times(bench: Bench) -> list[float]:
    bench.say(f"Opening the list of documents {_PAGES} times")
    clerk = bench.clerk
    return [timed(lambda: clerk.fetch(clerk.page)) * 1000 for _ in range(_PAGES)]


@contextmanager
def _slow_uploads(bench: Bench) -> Iterator[list[SlowUpload]]:
    uploads, ended = [SlowUpload(bench) for _ in range(SLOW_UPLOADS)], threading.Event()

    def trickle() -> None:
        while not ended.wait(_SIP_SECONDS):
            for upload in uploads:
                upload.sip()

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        yield uploads
    finally:
        ended.set()
        thread.join()
        for upload in uploads:
            upload.close()


def _figures(when: str, rounds: list[list[float]]) -> list[Figure]:
    late = [statistics.quantiles(times, n=20)[-1] for times in rounds]
    return [
        figure(f"page, median, {when}", [statistics.median(times) for times in rounds], "ms", at_most=AIM),
        figure(f"page, 95 of 100 within, {when}", late, "ms"),
    ]
