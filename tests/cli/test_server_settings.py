"""How the web server reads bodies."""

from __future__ import annotations

import socket

from gunicorn.http.unreader import SocketUnreader

from entitylocker.cli.server_settings import READ_AHEAD


def test_no_more_is_read_ahead_than_is_asked_for_at_once() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(bytes(3 * READ_AHEAD))
        reader = SocketUnreader(ours)
        assert len(reader.read(READ_AHEAD, read_ahead=100 * READ_AHEAD)) == READ_AHEAD
        # What is left over is copied at every read that follows.
        assert len(reader.take_buffered()) < READ_AHEAD
