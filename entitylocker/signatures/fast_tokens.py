"""pyHanko's readers of hex strings, names and tokens, a block at a time instead of a byte at a time.

Each answers exactly what the reader it stands for answers, and leaves the stream where that one would. Whatever is
not plainly regular is left to the reader it stands for, from the beginning: errors are always its own.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from functools import lru_cache
from typing import Any, BinaryIO

from pyhanko.pdf_utils import generic, misc, reader

_stock_hex_string = generic.read_hex_string_from_stream
_stock_decode_name = generic._decode_name
_stock_read_until_class = misc._read_until_class
_stock_read_next_end_line = reader.read_next_end_line

_FIRST_BLOCK = 128  # most strings are short; a signature is not
_BLOCK = 16 * 1024
_NOT_HEX = re.compile(rb"[^0-9A-Fa-f]")
_PLAIN_NAME = re.compile(rb"[!\"$&'*+,\-.0-9:;=?@A-Z\\^_`a-z|~]*")


def read_hex_string(stream: BinaryIO) -> Any:
    """For `generic.read_hex_string_from_stream`: the string that begins where `stream` stands."""
    start = stream.tell()
    stream.read(1)
    pieces: list[bytes] = []
    block = stream.read(_FIRST_BLOCK)
    end = start + 1
    while block:
        piece, closing, _ = block.partition(b">")
        digits = piece.translate(None, misc.PDF_WHITESPACE)
        if _NOT_HEX.search(digits):
            break
        pieces.append(digits)
        end += len(piece) + len(closing)
        if closing:
            stream.seek(end)
            return generic.pdf_string(_bytes_of(b"".join(pieces)))
        block = stream.read(_BLOCK)
    stream.seek(start)
    return _stock_hex_string(stream)


def _bytes_of(digits: bytes) -> bytes:
    """A last digit that is missing is 0 (ISO 32000-2, 7.3.4.3)."""
    return unhexlify(digits + b"0" * (len(digits) % 2))


def decode_name(name: bytes) -> Any:
    """For `generic._decode_name`: the name object of the bytes behind the slash."""
    if _PLAIN_NAME.fullmatch(name):
        return generic.NameObject("/" + name.decode("ascii"))
    return _stock_decode_name(name)


@lru_cache(maxsize=8)
def _any_of(class_chars: bytes) -> re.Pattern[bytes]:
    return re.compile(b"[" + re.escape(class_chars) + b"]")


def read_until_class(class_chars: bytes, stream: BinaryIO, maxchars: int | None = None) -> tuple[bytes, bool]:
    """For `misc._read_until_class`: what stands before the next of `class_chars`, and whether the stream ended."""
    start = stream.tell()
    block = stream.read(_FIRST_BLOCK)
    found = _any_of(class_chars).search(block) if maxchars is None else None
    if found is None:
        stream.seek(start)
        answer: tuple[bytes, bool] = _stock_read_until_class(class_chars, stream, maxchars)
        return answer
    stream.seek(start + found.end())
    return block[: found.start()], False


def read_next_end_line(stream: BinaryIO) -> bytes:
    """For `reader.read_next_end_line`: what stands between the last line end before here and here, reading backwards.

    The byte at which `stream` stands counts. Where the line end is found, the stock reader goes on.
    """
    here = stream.tell()
    start = max(0, here + 1 - _FIRST_BLOCK)
    stream.seek(start)
    block = stream.read(here + 1 - start)
    end = max(block.rfind(b"\n"), block.rfind(b"\r"))
    if end < 0 or len(block) < here + 1 - start:
        end, block = here - start, b""
    stream.seek(start + end)
    rest: bytes = _stock_read_next_end_line(stream)  # type: ignore[no-untyped-call]
    return rest + block[end + 1 :]
