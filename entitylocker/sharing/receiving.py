"""Taking a stranger's file in: never more at once than there is room for, and never from another site's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from entitylocker.sharing.limits import visitor_network
from entitylocker.sharing.public_check import check_stream
from entitylocker.sharing.schemas import PublicCheckSchema
from entitylocker.sharing.turns import guests
from entitylocker.signatures.report import Report
from entitylocker.web.body_pace import pace
from entitylocker.web.engine_room import engines
from entitylocker.web.errors import FormExpired
from entitylocker.web.forms import load
from entitylocker.web.uploads import FIELDS_LIMIT, FileTooLarge, UploadInterrupted, UploadTooSlow, receive_file

_CHUNK = 64 * 1024
_OUR_OWN = {"same-origin", "none"}


def refuse_other_sites(request: Request) -> None:
    """Raises FormExpired if a browser says that the page of another site sent this (Fetch Metadata).

    A check changes nothing and answers to nobody but the visitor, so there is nothing for a token to protect; but
    no site is to spend its visitors' turns. Programs, and browsers too old to say, pass.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in _OUR_OWN:
        raise FormExpired


@dataclass(frozen=True)
class Answer:
    """What a form with a file asked, and the report on the file. `code`: what it is to be compared with."""

    report: Report
    code: str


def check_form(request: Request) -> Answer:
    """Check the file of a multipart body. Raises InvalidInput and what receiving and checking raise."""
    with _room(request) as limit, receive_file(request, limit) as incoming:
        asked = load(PublicCheckSchema, {n: v for n, v in incoming.fields.items() if n != "csrf_token"})
        return Answer(check_stream(incoming.stream, asked["password"]), asked["code"])


def check_body(request: Request) -> Report:
    """Check a body that is the file itself. Raises what receiving and checking raise."""
    with _room(request) as limit:
        request.max_content_length = limit
        return check_stream(_Body(request, limit))


@contextmanager
def _room(request: Request) -> Iterator[int]:
    """Room for the file while the block runs; answers how large it may be. Raises FileTooLarge, ChecksBusy."""
    limit = engines().settings.public_check_bytes
    announced = request.content_length
    if announced is not None and announced > limit + FIELDS_LIMIT:
        raise FileTooLarge(field="file", limit=limit // (1024 * 1024))
    with guests().receive(visitor_network(), min(limit, announced if announced is not None else limit)):
        yield limit


class _Body:
    """A request body as a stream with a limit and a least pace."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._received = 0

    def read(self, size: int = _CHUNK, /) -> bytes:
        """At most `size` bytes, b"" at the end. Raises UploadTooSlow, UploadInterrupted, FileTooLarge."""
        try:
            with pace.watch(self._request.environ, size):
                piece = self._request.stream.read(size)
        except TimeoutError:
            raise UploadTooSlow from None
        except RequestEntityTooLarge:
            raise FileTooLarge(limit=self._limit // (1024 * 1024)) from None
        except (ClientDisconnected, OSError):
            raise UploadInterrupted from None
        self._received += len(piece)
        if self._received > self._limit:
            raise FileTooLarge(limit=self._limit // (1024 * 1024))
        if not piece and self._received < (self._request.content_length or 0):
            raise UploadInterrupted
        return piece
