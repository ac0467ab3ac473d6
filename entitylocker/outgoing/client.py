"""The guarded client. Errors say what went wrong by a code; the other side's words never travel further."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.client import HTTPException
from typing import Any
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.exceptions import SSLError as Urllib3SslError

from entitylocker.outgoing.addresses import Hosts
from entitylocker.outgoing.errors import (
    BadAnswer,
    CertificateRefused,
    NotPublic,
    OutgoingError,
    TooLarge,
    TooSlow,
    Unreachable,
)
from entitylocker.outgoing.line import Clock, Line, Resolver, connection_to, resolve, resolve_in_time

USER_AGENT = "EntityLocker"
MIB = 1024 * 1024
_PIECE = 64 * 1024
# http.client itself stops at 100 header lines of 64 KiB each; honest servers send far fewer and shorter ones.
_MOST_HEADERS = 64
_MOST_HEADER_BYTES = 32 * 1024
_MOVED = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much one call may take. Seconds, bytes; `redirects`: at most how many, only for GET.

    `total_seconds` is wall time for everything: looking up names, connecting, redirects, the last byte.
    """

    connect_seconds: float = 5.0
    total_seconds: float = 20.0
    max_bytes: int = MIB
    redirects: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `content_type` in lower case, without parameters; `url`: who sent it.

    `status` is 200 unless others were asked for; `headers`: those that were asked for, by their names in lower case.
    """

    url: str
    content_type: str
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, wherever it is asked."""

    method: str
    body: bytes | None
    headers: Mapping[str, str] = field(repr=False)
    limits: Limits
    statuses: frozenset[int] = frozenset({200})
    keep: tuple[str, ...] = ()


class Outgoing:
    """Calls other servers, public ones only, beside the private hosts that were allowed. Usable from any thread.

    No proxies (the environment is not looked at), no cookies, no compression, no second try, no credentials but those
    that were given for one call of `call`.
    """

    def __init__(
        self, hosts: Hosts | None = None, *, tls: ssl.SSLContext | None = None, resolver: Resolver = resolve
    ) -> None:
        """`tls`: by default the system's authorities are trusted for https (or those of SSL_CERT_FILE)."""
        self.hosts = hosts or Hosts()
        self._given_tls = tls
        self._resolver = resolver

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: most processes never call anybody."""
        return self._given_tls or ssl.create_default_context()

    def get(self, url: str, limits: Limits | None = None, *, accept: str = "*/*") -> Answer:
        """What is at `url`. Raises an OutgoingError."""
        return self._ask(_Question("GET", None, {"Accept": accept}, limits or Limits()), url)

    def post(
        self, url: str, body: bytes, limits: Limits | None = None, *, content_type: str, accept: str = "*/*"
    ) -> Answer:
        """What `url` answers to `body`. Redirects are never followed. Raises an OutgoingError."""
        headers = {"Accept": accept, "Content-Type": content_type}
        return self._ask(_Question("POST", body, headers, replace(limits or Limits(), redirects=0)), url)

    def call(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        limits: Limits | None = None,
        *,
        headers: Mapping[str, str],
        statuses: frozenset[int] = frozenset({200}),
        keep: tuple[str, ...] = (),
    ) -> Answer:
        """What `url` answers to a request that carries headers of its own, credentials too. Never redirected.

        `statuses`: which answers are read, others are BadAnswer; `keep`: which headers of the answer are handed on.
        Raises an OutgoingError.
        """
        limits = replace(limits or Limits(), redirects=0)
        return self._ask(_Question(method, body, headers, limits, statuses, keep), url)

    def _ask(self, question: _Question, url: str) -> Answer:
        clock = Clock(question.limits.total_seconds)
        for _ in range(question.limits.redirects + 1):
            found = self._once(question, url, clock)
            if isinstance(found, Answer):
                return found
            if url.startswith("https:") and not found.startswith("https:"):
                raise BadAnswer(why="redirect_downgrade")
            url = found
        raise BadAnswer(why="redirects")

    def _once(self, question: _Question, url: str, clock: Clock) -> Answer | str:
        """One request: an answer, or the address it was moved to."""
        target = self.hosts.target(url)
        addresses = resolve_in_time(self._resolver, target, clock)
        # One address inside is enough to refuse: which of them would be called is the other side's choice.
        if not all(self.hosts.may_reach(target, ip) for ip in addresses):
            raise NotPublic
        line = Line(addresses, target.port, clock, question.limits.connect_seconds)
        with _named_faults(line), contextlib.closing(line):
            connection = connection_to(target, line, self._tls)
            with contextlib.closing(connection):
                connection.timeout = clock.left()
                found = _talk(connection, question, url, target.path, clock)
            # To the parser a cut looks like the end of what was sent: the headers, or a body without a length.
            if line.was_cut:
                raise TooSlow
            return found


def _talk(connection: HTTPConnection, question: _Question, url: str, path: str, clock: Clock) -> Answer | str:
    sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", "Connection": "close", **question.headers}
    connection.request(question.method, path, question.body, sent, preload_content=False, decode_content=False)
    response = connection.getresponse()
    moved = _moved_to(url, response)
    if moved is not None:
        return moved
    kept = {name: response.headers[name] for name in question.keep if name in response.headers}
    content_type = _accepted(response, question.statuses)
    return Answer(url, content_type, _read(response, question.limits, clock), response.status, kept)


@contextlib.contextmanager
def _named_faults(line: Line) -> Iterator[None]:
    """Turn what libraries raise into errors of ours: their texts may hold what the other side said."""
    try:
        yield
    except OutgoingError:
        if line.was_cut:
            raise TooSlow from None
        raise
    except TimeoutError:
        raise TooSlow from None
    except (ssl.SSLCertVerificationError, Urllib3SslError) as fault:
        raise (TooSlow if line.was_cut else CertificateRefused) from fault
    except (OSError, HTTPError, HTTPException, ValueError) as fault:
        raise (TooSlow if line.was_cut else Unreachable) from fault


def _moved_to(url: str, response: Any) -> str | None:
    place = response.headers.get("Location") if response.status in _MOVED else None
    try:
        return urljoin(url, place) if place else None
    except ValueError:
        raise BadAnswer(why="redirect_address") from None


def _accepted(response: Any, statuses: frozenset[int]) -> str:
    """The type of an answer that may be read. Raises BadAnswer, TooLarge."""
    if response.status not in statuses:
        raise BadAnswer(why=f"status_{response.status}")
    headers = list(response.headers.items())
    if len(headers) > _MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > _MOST_HEADER_BYTES:
        raise TooLarge
    # Nothing was asked to be packed: whatever unpacks to a thousand times its size stays packed and outside.
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise BadAnswer(why="encoding")
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _read(response: Any, limits: Limits, clock: Clock) -> bytes:
    """The body, piece by piece. Raises TooLarge as soon as it is, TooSlow."""
    said = response.headers.get("Content-Length", "")
    if said.isascii() and said.isdigit() and int(said[:20]) > limits.max_bytes:
        raise TooLarge
    body = bytearray()
    while piece := response.read(min(_PIECE, limits.max_bytes + 1 - len(body)), decode_content=False):
        clock.left()
        body += piece
        if len(body) > limits.max_bytes:
            raise TooLarge
    return bytes(body)
