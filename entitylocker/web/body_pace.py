"""A least pace for request bodies: who sends slower is cut off, so that slow senders hold no threads."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

LEAST_BYTES_A_SECOND = 2 * 1024
GRACE_SECONDS = 20.0
_LOOK_SECONDS = 1.0


class PaceKeeper:
    """Watches reads from sockets and ends those that take too long.

    A server reads from its socket until it has all it was asked for, so a sender of a byte now and then
    could hold a read for hours and no check between two reads would ever run. One thread looks at all reads
    of the process.
    """

    def __init__(self, least: int = LEAST_BYTES_A_SECOND, grace: float = GRACE_SECONDS) -> None:
        """`least`: bytes a second; `grace`: seconds that every read may take in any case."""
        self._least = least
        self._grace = grace
        self._lock = threading.Lock()
        self._reads: dict[object, tuple[float, socket.socket]] = {}
        self._cut: set[object] = set()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, environ: dict[str, Any], size: int) -> Iterator[None]:
        """Let the block read at most `size` bytes. Raises TimeoutError if that took too long."""
        connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        if connection is None:
            yield
            return
        ticket = object()
        with self._lock:
            self._reads[ticket] = (time.monotonic() + self._grace + size / self._least, connection)
            self._start()
        try:
            yield
        finally:
            with self._lock:
                self._reads.pop(ticket, None)
                cut = ticket in self._cut
                self._cut.discard(ticket)
            if cut:
                raise TimeoutError("the body came too slowly")

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._look, name="pace-of-bodies", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:
                if not self._reads:
                    # The next read starts a thread again; an idle process keeps none.
                    self._thread = None
                    return
                for ticket, (deadline, connection) in self._reads.items():
                    if now > deadline and ticket not in self._cut:
                        self._cut.add(ticket)
                        _stop_reading(connection)


def _stop_reading(connection: socket.socket) -> None:
    # The read returns at once as if the sender had stopped; an answer can still be written.
    try:
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        return


pace = PaceKeeper()


class _PacedBody:
    """A request body whose every read is watched, whoever reads it."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self._body = environ["wsgi.input"]

    def read(self, size: int) -> bytes:
        """At most `size` bytes. Raises TimeoutError if the sender is too slow."""
        with pace.watch(self._environ, size):
            piece: bytes = self._body.read(size)
        return piece


def keep_pace(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """WSGI middleware: no body of any request, forms included, may come in slower than the least pace."""

    def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = _PacedBody(environ)
        return application(environ, start_response)

    return run
