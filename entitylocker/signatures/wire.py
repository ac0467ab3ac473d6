"""How the checker is spoken to: a length, a JSON header, then bytes. One request per connection."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterable
from typing import Any

# What a request brings along besides the file, in this order.
TRUST_PARTS = ("roots", "intermediates", "crls", "ocsps")

_LENGTH = struct.Struct(">I")
_MAX_HEADER = 8 * 1024 * 1024
_PIECE = 1024 * 1024


class Broken(Exception):
    """The other side stopped in the middle, or does not speak this protocol."""


def send_header(connection: socket.socket, header: dict[str, Any]) -> None:
    """Send `header`."""
    payload = json.dumps(header).encode()
    connection.sendall(_LENGTH.pack(len(payload)) + payload)


def receive_header(connection: socket.socket) -> dict[str, Any]:
    """The next header. Raises Broken."""
    (length,) = _LENGTH.unpack(receive(connection, _LENGTH.size))
    if length > _MAX_HEADER:
        raise Broken("header too long")
    try:
        header = json.loads(receive(connection, length))
    except ValueError as fault:
        raise Broken("not JSON") from fault
    if not isinstance(header, dict):
        raise Broken("not an object")
    return header


def receive(connection: socket.socket, length: int) -> bytes:
    """Exactly `length` bytes. Raises Broken."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    got = 0
    while got < length:
        piece = connection.recv_into(view[got : got + _PIECE])
        if piece == 0:
            raise Broken("connection ended")
        got += piece
    return bytes(buffer)


def receive_parts(connection: socket.socket, lengths: Iterable[int]) -> tuple[bytes, ...]:
    """Several byte strings of the given lengths, one after the other. Raises Broken."""
    return tuple(receive(connection, length) for length in lengths)
