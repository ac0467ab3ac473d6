"""A relay between us and the real store that can break off after so many bytes in either direction."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Passes TCP through to `target`, until told how much it may still carry."""

    def __init__(self, target: str) -> None:
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._left: dict[str, int | None] = {"requests": None, "answers": None}
        self._once = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def cut_after(self, size: int | None, direction: str, *, once: bool = False) -> None:
        """Carry `size` more bytes of "requests" or "answers", then break off: once, or from then on."""
        self._left[direction] = size
        self._once = once

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Shutting down wakes the thread that waits in accept; closing alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            threading.Thread(target=self._pass, args=(near, far, "requests"), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, "answers"), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(65536)) and self._may_carry(len(data), direction):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _may_carry(self, size: int, direction: str) -> bool:
        left = self._left[direction]
        if left is None or left >= size:
            self._left[direction] = None if left is None else left - size
            return True
        if self._once:
            self._left[direction] = None
        return False
