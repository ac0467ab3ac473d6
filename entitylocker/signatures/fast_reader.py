"""pyHanko's reader of PDF files, which here reads the header of an object stream once, not once for each object."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader

_PAIR = re.compile(rb"[ \n\r\t\f\x00]*([0-9]{1,10})[ \n\r\t\f\x00]+([0-9]{1,10})(?=[ \n\r\t\f\x00])")
_BODY = re.compile(rb"[ \n\r\t\f\x00]*[^ \n\r\t\f\x00%]")


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands in an object stream: its decoded bytes; object number → index and place of the first so named."""

    data: bytes
    places: dict[int, tuple[int, int]]


class FastReader(PdfFileReader):
    """Answers what PdfFileReader answers. A stream that is not plainly regular is left to that one's method."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._headers: dict[int, _Header | None] = {}
        super().__init__(*arguments, **options)

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        header = self._header(stmnum)
        index, place = header.places.get(idnum, (None, 0)) if header is not None else (None, 0)
        if header is not None and index == idx:
            found = self._read_at(header, idnum, place)
            if found is not None:
                return found
        return super()._get_object_from_stream(idnum, stmnum, idx)  # type: ignore[no-untyped-call]

    def _header(self, stmnum: int) -> _Header | None:
        if stmnum not in self._headers:
            stream = generic.Reference(stmnum, 0, self).get_object()
            regular = isinstance(stream, generic.StreamObject) and stream["/Type"] == "/ObjStm"
            self._headers[stmnum] = _read_header(stream) if regular else None
        return self._headers[stmnum]

    def _read_at(self, header: _Header, idnum: int, place: int) -> Any:
        """The object; None for one that the stock method would complain about, or overlook."""
        stream = io.BytesIO(header.data)
        stream.seek(place)
        try:
            found = generic.read_object(stream, generic.Reference(idnum, 0, self))
            misc.read_non_whitespace(stream, seek_back=True, allow_eof=True)  # type: ignore[no-untyped-call]
        except misc.PdfReadError:
            return None
        return None if isinstance(found, (generic.StreamObject, generic.IndirectObject)) else found


def _read_header(stream: Any) -> _Header | None:
    """The header, if it is nothing but pairs of numbers with something behind them; else None."""
    count = stream["/N"]
    if not isinstance(count, int) or count < 1:
        return None
    data = stream.read_data(DecodePurpose.OBJECT_STREAM)
    first = stream["/First"]
    if not isinstance(first, int) or first < 0:
        return None
    places: dict[int, tuple[int, int]] = {}
    at = 0
    for index in range(count):
        pair = _PAIR.match(data, at)
        if pair is None:
            return None
        places.setdefault(int(pair[1]), (index, first + int(pair[2])))
        at = pair.end()
    return _Header(data, places) if _BODY.match(data, at) else None
