"""A connection to one checked address, cut when its time is over: connecting, TLS, headers, every drop of a body."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from urllib3.connection import HTTPConnection, HTTPSConnection

from entitylocker.outgoing.addresses import Ip, Target
from entitylocker.outgoing.errors import TooSlow, UnknownHost, Unreachable

Resolver = Callable[[str, int], Sequence[Ip]]

# Of the addresses of one host as many are tried as a browser would try.
_TRIES = 4


def resolve(host: str, port: int) -> list[Ip]:
    """Every address of `host`, as the system answers. Raises UnknownHost."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost from None
    return list(dict.fromkeys(ip_address(str(address[0]).partition("%")[0]) for *_, address in found))


class Clock:
    """How much of the time of one call is left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds. Raises TooSlow when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow
        return left


def resolve_in_time(resolver: Resolver, target: Target, clock: Clock) -> Sequence[Ip]:
    """Ask `resolver` once. The system's cannot be told to hurry: it is asked in a thread that may be left behind.

    Raises UnknownHost, TooSlow.
    """
    answer: list[Sequence[Ip]] = []

    def ask() -> None:
        with contextlib.suppress(UnknownHost):
            answer.append(resolver(target.host, target.port))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(clock.left())
    if asking.is_alive():
        raise TooSlow
    if not answer or not answer[0]:
        raise UnknownHost
    return answer[0]


class Line:
    """The way to the checked `addresses` of one host: no name is looked up any more.

    When the time of `clock` is over the connection is cut under whoever reads from it: a timeout for each piece
    alone would never end a server that sends a byte now and then.
    """

    def __init__(self, addresses: Sequence[Ip], port: int, clock: Clock, connect_seconds: float) -> None:
        self._addresses, self._port = addresses, port
        self._clock, self._connect_seconds = clock, connect_seconds
        self._guard: socket.socket | None = None
        self._timer: threading.Timer | None = None
        self.was_cut = False

    def open(self) -> socket.socket:
        """A connected socket. Raises Unreachable, TooSlow."""
        for ip in self._addresses[:_TRIES]:
            seconds = min(self._connect_seconds, self._clock.left())
            try:
                connected = socket.create_connection((str(ip), self._port), seconds)
            except OSError:
                continue
            connected.settimeout(self._clock.left())
            self._watch(connected)
            return connected
        self._clock.left()
        raise Unreachable

    def _watch(self, connected: socket.socket) -> None:
        # A second handle on the same connection: TLS takes the first one over and gives it another name.
        self._guard = connected.dup()
        self._timer = threading.Timer(self._clock.left(), self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        self.was_cut = True
        if self._guard is not None:
            with contextlib.suppress(OSError):
                self._guard.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection and stop the watch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._guard is not None:
            self._guard.close()


class _PlainConnection(HTTPConnection):
    line: Line

    def _new_conn(self) -> socket.socket:
        return self.line.open()


class _TlsConnection(HTTPSConnection):
    line: Line

    def _new_conn(self) -> socket.socket:
        return self.line.open()


def connection_to(target: Target, line: Line, tls: ssl.SSLContext) -> HTTPConnection:
    """A connection over `line` that speaks as to the host of `target`: Host header, SNI and certificate name."""
    connection: _PlainConnection | _TlsConnection
    if target.scheme == "https":
        connection = _TlsConnection(target.host, target.port, ssl_context=tls)
    else:
        connection = _PlainConnection(target.host, target.port)
    connection.line = line
    return connection
