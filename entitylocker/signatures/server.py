"""The checker service: one per machine, listening on a Unix socket, parsing in children only."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from datetime import datetime
from typing import Any

from entitylocker.signatures import caps, ekyc, wire
from entitylocker.signatures.check import not_checked
from entitylocker.signatures.check_policy import POLICIES
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason
from entitylocker.signatures.workers import Limits, Task, Workers

_log = logging.getLogger(__name__)
_AT_ONCE = 8  # connections whose file is held in memory at the same time
_SECONDS_TO_SEND = 60.0


class CheckerServer:
    """Answers requests on a socket that is listening already; it opens no file and no other connection."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        workers: int = 2,
        limits: Limits | None = None,
        max_bytes: int = caps.MAX_BYTES,
        sandboxed: bool = False,
    ) -> None:
        self._listener = listener
        self._workers = Workers(workers, limits)
        self._max_bytes = max_bytes
        self._sandboxed = sandboxed
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._checked = 0
        self._ending = threading.Event()

    def serve(self) -> None:
        """Answer until `stop` is called."""
        self._listener.settimeout(0.5)
        while not self._ending.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                break
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()
        self._workers.stop()

    def stop(self) -> None:
        """Let `serve` return, and end the children. Safe in a signal handler."""
        self._ending.set()

    def _attend(self, connection: socket.socket) -> None:
        with connection, self._room, contextlib.suppress(OSError, wire.Broken):
            connection.settimeout(_SECONDS_TO_SEND)
            try:
                wire.send_header(connection, self._answer(connection))
            except (KeyError, TypeError, ValueError):
                _log.warning("a request that is none was turned away")

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        header = wire.receive_header(connection)
        if header["do"] == "health":
            return self._health()
        if header["do"] == "ekyc":
            return self._read_ekyc(connection, header)
        if header["do"] != "check" or header["revocation"] not in POLICIES:
            raise ValueError("not a request")
        lengths = [header[name] for name in wire.TRUST_PARTS]
        if int(header["size"]) > self._max_bytes or sum(map(sum, lengths)) > caps.MAX_TRUST_BYTES:
            _drain(connection, sum(map(sum, lengths)) + int(header["size"]))
            report = not_checked(Reason.LIMIT, policy=header["revocation"], size=int(header["size"]))
            return {"report": report.to_json()}
        roots, intermediates, crls, ocsps = (wire.receive_parts(connection, one) for one in lengths)
        task = Task(
            data=wire.receive(connection, int(header["size"])),
            trust=TrustStore(roots, intermediates, crls, ocsps),
            at=datetime.fromisoformat(header["at"]) if header["at"] else None,
            password=header["password"],
            policy=header["revocation"],
        )
        self._checked += 1
        return {"report": self._workers.check(task)}

    def _read_ekyc(self, connection: socket.socket, header: dict[str, Any]) -> dict[str, Any]:
        lengths = [int(length) for length in header["certificates"]]
        too_much = int(header["size"]) > ekyc.ZIP_BYTES or sum(lengths) > ekyc.ZIP_BYTES
        if too_much or min(int(header["size"]), *lengths, 0) < 0:
            raise ValueError("not a request")
        certificates = wire.receive_parts(connection, lengths)
        data = wire.receive(connection, int(header["size"]))
        return self._workers.read_ekyc(data, str(header["code"]), certificates, float(header["lasts_seconds"]))

    def _health(self) -> dict[str, Any]:
        engine = not_checked(Reason.ERROR).engine
        return {
            "sandboxed": self._sandboxed,
            "workers": self._workers.count,
            "checked": self._checked,
            "known": len(self._workers.structures),
            "engine": dict(engine),
        }


def _drain(connection: socket.socket, length: int) -> None:
    """Read and forget, so that the other side, still sending, gets to its answer."""
    left = min(length, 4 * caps.MAX_BYTES)
    while left > 0:
        piece = connection.recv(min(left, 1024 * 1024))
        if not piece:
            return
        left -= len(piece)
