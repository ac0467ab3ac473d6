"""Multipart bodies as streams: the fields first, then the one file, read as it comes in and kept nowhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Request, current_app
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData, Preamble
from wtforms import ValidationError

from entitylocker.errors import N_, LockerError, Unavailable
from entitylocker.web.body_pace import pace
from entitylocker.web.engine_room import engines
from entitylocker.web.errors import BodyTooLarge, FormExpired

# What the fields and the multipart wrapping may take besides the file itself, in bytes.
FIELDS_LIMIT = 64 * 1024
_MAX_PARTS = 32
_CHUNK = 64 * 1024
_SLOTS = "entitylocker_upload_slots"


class BrokenUpload(LockerError):
    code = "broken_upload"
    status = 400
    message = N_("The upload could not be read. Nothing was stored.")
    advice = N_("Please load the page again and send the file once more.")


class UploadInterrupted(LockerError):
    code = "upload_interrupted"
    status = 400
    message = N_("The connection broke before the whole file had arrived. Nothing was stored.")
    advice = N_("Please send the file again.")


class UploadTooSlow(LockerError):
    code = "upload_too_slow"
    status = 408
    message = N_("The upload came in too slowly and was stopped. Nothing was stored.")
    advice = N_("Please try again over a better connection.")


class TooManyUploads(Unavailable):
    code = "too_many_uploads"
    message = N_("Many uploads are running just now. Nothing was stored.")
    advice = N_("Please try again in half a minute.")


class FileTooLarge(BodyTooLarge):
    """Fact `limit`: bytes."""

    code = "body_too_large"
    message = N_("This file is larger than the %(limit)s MB that the locker takes.")


class FileStream:
    """The bytes of the file, as they arrive. Raises the errors of this module from `read`."""

    def __init__(self, body: _Body, limit: int) -> None:
        self._body = body
        self._left = limit
        self._limit = limit
        self._waiting = b""
        self._ended = False

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` bytes; b"" only once the whole body has come in and was sound."""
        while not self._waiting and not self._ended:
            self._waiting = self._next()
        piece, self._waiting = self._waiting[:size], self._waiting[size:]
        return piece

    def _next(self) -> bytes:
        event = self._body.next_event()
        if not isinstance(event, Data):
            raise BrokenUpload
        self._left -= len(event.data)
        if self._left < 0:
            raise FileTooLarge(limit=self._limit // (1024 * 1024))
        if not event.more_data:
            # Only now is it known that nothing is missing: a body cut off here must not be stored as whole.
            self._body.finish()
            self._ended = True
        return event.data


@dataclass(frozen=True)
class Incoming:
    """An upload that is coming in. `filename` and `content_type` are what the sender says."""

    fields: dict[str, str]
    filename: str
    content_type: str
    stream: FileStream


@contextmanager
def receive_file(request: Request, limit: int) -> Iterator[Incoming]:
    """Read the fields of a multipart request and hand out its file as a stream, to be read inside the block.

    Fields must come before the file, which must be called `file`. `limit`: bytes of the file. Raises
    FileTooLarge before anything is read if the announced length is over it, TooManyUploads, BrokenUpload,
    UploadInterrupted, UploadTooSlow. Nothing of the form may have been read before (`request.form` would
    swallow the body).
    """
    announced = request.content_length
    if announced is not None and announced > limit + FIELDS_LIMIT:
        raise FileTooLarge(limit=limit // (1024 * 1024))
    slots = upload_slots()
    if not slots.acquire(blocking=False):
        raise TooManyUploads(seconds=30)
    try:
        yield _begin(request, limit)
    finally:
        slots.release()


def require_csrf(token: str | None) -> None:
    """Check the token that came in a field before the file, or in the X-CSRFToken header.

    Raises FormExpired.
    """
    if not current_app.config.get("WTF_CSRF_ENABLED", True):
        return
    try:
        validate_csrf(token)
    except ValidationError:
        raise FormExpired from None


def _begin(request: Request, limit: int) -> Incoming:
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary or not boundary.isascii():
        raise BrokenUpload
    # This body alone may be larger than what the app takes elsewhere.
    request.max_content_length = limit + FIELDS_LIMIT
    body = _Body(request, boundary.encode())
    fields: dict[str, str] = {}
    event = body.next_event()
    while not isinstance(event, File):
        if isinstance(event, Field):
            if event.name in fields:
                raise BrokenUpload
            fields[event.name] = body.read_field()
        elif not isinstance(event, Preamble):
            raise BrokenUpload
        event = body.next_event()
    if event.name != "file":
        raise BrokenUpload
    return Incoming(fields, event.filename, event.headers.get("content-type", ""), FileStream(body, limit))


class _Body:
    """The events of a multipart body, read from the request piece by piece."""

    def __init__(self, request: Request, boundary: bytes) -> None:
        self._request = request
        self._decoder = MultipartDecoder(boundary, max_form_memory_size=4 * _CHUNK, max_parts=_MAX_PARTS)
        self._field_bytes = 0
        self._received = 0

    def next_event(self) -> Event:
        """The next event. Raises BrokenUpload, UploadInterrupted, UploadTooSlow, BodyTooLarge."""
        while True:
            event = self._decode()
            if not isinstance(event, NeedData):
                return event
            piece = self._receive()
            with _sound():
                self._decoder.receive_data(piece or None)

    def _decode(self) -> Event:
        with _sound():
            return self._decoder.next_event()

    def _receive(self) -> bytes:
        try:
            with pace.watch(self._request.environ, _CHUNK):
                piece = self._request.stream.read(_CHUNK)
        except TimeoutError:
            raise UploadTooSlow from None
        except RequestEntityTooLarge:
            raise BodyTooLarge from None
        except (ClientDisconnected, OSError):
            raise UploadInterrupted from None
        self._received += len(piece)
        # Some servers end the stream quietly when the sender is gone.
        if not piece and self._received < (self._request.content_length or 0):
            raise UploadInterrupted
        return piece

    def read_field(self) -> str:
        """The text of the field that has just begun."""
        pieces: list[bytes] = []
        more = True
        while more:
            event = self.next_event()
            if not isinstance(event, Data):
                raise BrokenUpload
            self._field_bytes += len(event.data)
            if self._field_bytes > FIELDS_LIMIT:
                raise BodyTooLarge
            pieces.append(event.data)
            more = event.more_data
        try:
            return b"".join(pieces).decode("utf-8")
        except UnicodeDecodeError:
            raise BrokenUpload from None

    def finish(self) -> None:
        """Read what follows the file. Raises BrokenUpload if that is another part."""
        if not isinstance(self.next_event(), Epilogue):
            raise BrokenUpload


@contextmanager
def _sound() -> Iterator[None]:
    """Turn what the decoder raises on parts without end or headers without sense into BrokenUpload."""
    try:
        yield
    except (ValueError, AttributeError, TypeError, RequestEntityTooLarge):
        raise BrokenUpload from None


def upload_slots() -> threading.BoundedSemaphore:
    """As many as uploads may run at once in this process."""
    slots: threading.BoundedSemaphore = current_app.extensions.setdefault(
        _SLOTS, threading.BoundedSemaphore(engines().settings.uploads_at_once)
    )
    return slots
