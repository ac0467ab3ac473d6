"""Asking the checker of this machine: bytes go to it over its socket, a report comes back."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import entitylocker
from entitylocker.errors import N_, LockerError
from entitylocker.signatures import caps, ekyc, wire
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Reason, Verdict

_PIECE = 1024 * 1024
_START_SECONDS = 30.0


class CheckerUnavailable(LockerError):
    code = "checker_unavailable"
    status = 503
    message = N_("The checker of signatures does not answer at the moment. The file is checked as soon as it does.")
    advice = N_("Please try again in a minute.")


class CheckerClient:
    """Speaks to the checker that listens on `address`. Holds no connection: usable from any thread."""

    def __init__(self, address: Path | str, *, max_bytes: int = caps.MAX_BYTES, patience: float = 120.0) -> None:
        """`max_bytes`: larger files are not sent. `patience`: seconds to wait for an answer."""
        self.address = str(address)
        self.max_bytes = max_bytes
        self.patience = patience

    def check(
        self,
        source: bytes | BinaryIO,
        size: int | None = None,
        *,
        trust: TrustStore,
        at: datetime | None = None,
        password: str | None = None,
        revocation: str = "if-known",
    ) -> Report:
        """Have `source` checked, whose `size` in bytes must be given for a stream; see `check.check_bytes`.

        Answers a report for any bytes; too large, too slow, too greedy files are not_checkable.
        Raises CheckerUnavailable when nobody answers or the answer breaks off.
        """
        stream, length = _as_stream(source, size)
        if length > self.max_bytes:
            return _too_large(length, revocation)
        header = {
            "do": "check",
            "size": length,
            "at": at.isoformat() if at is not None else None,
            "password": password,
            "revocation": revocation,
            **{name: [len(one) for one in getattr(trust, name)] for name in wire.TRUST_PARTS},
        }
        with self._connection() as connection:
            wire.send_header(connection, header)
            for one in itertools.chain.from_iterable(getattr(trust, name) for name in wire.TRUST_PARTS):
                connection.sendall(one)
            _copy(stream, length, connection)
            return Report.from_json(wire.receive_header(connection)["report"])

    def read_ekyc(
        self, data: bytes, code: str, *, certificates: tuple[bytes, ...], lasts: timedelta
    ) -> ekyc.EkycResult | ekyc.EkycRefusal:
        """What an offline e-KYC file proves, or why nothing; see `ekyc.read_ekyc`. Raises CheckerUnavailable."""
        if len(data) > ekyc.ZIP_BYTES:
            return ekyc.EkycRefusal.TOO_LARGE
        header = {
            "do": "ekyc",
            "size": len(data),
            "code": code,
            "certificates": [len(one) for one in certificates],
            "lasts_seconds": lasts.total_seconds(),
        }
        with self._connection() as connection:
            wire.send_header(connection, header)
            for one in (*certificates, data):
                connection.sendall(one)
            answer = wire.receive_header(connection)
        found = answer.get("found")
        return ekyc.EkycResult.from_json(found) if found else ekyc.EkycRefusal(str(answer.get("refused", "error")))

    def health(self) -> dict[str, Any]:
        """What the checker says of itself: sandboxed, workers, checked, engine. Raises CheckerUnavailable."""
        with self._connection() as connection:
            wire.send_header(connection, {"do": "health"})
            return wire.receive_header(connection)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self.patience)
                connection.connect(self.address)
                yield connection
        except (OSError, wire.Broken, KeyError) as fault:
            raise CheckerUnavailable from fault


def _as_stream(source: bytes | BinaryIO, size: int | None) -> tuple[BinaryIO, int]:
    if isinstance(source, bytes):
        return io.BytesIO(source), len(source)
    if size is None:
        raise ValueError("the size of a stream must be given")
    return source, size


def _copy(stream: BinaryIO, length: int, connection: socket.socket) -> None:
    left = length
    while left:
        piece = stream.read(min(_PIECE, left))
        if not piece:
            raise ValueError("the stream is shorter than was said")
        connection.sendall(piece)
        left -= len(piece)


def _too_large(size: int, revocation: str) -> Report:
    return Report(
        verdict=Verdict.NOT_CHECKABLE,
        reason=Reason.LIMIT.value,
        checked_at=datetime.now(UTC),
        size=size,
        policy=revocation,
    )


class LocalChecker:
    """A checker of one's own for as long as the `with` lasts: for the command line and for tests.

    `client` speaks to it. It ends with this process, however this process ends.
    """

    def __init__(
        self,
        *,
        sandbox: bool = True,
        workers: int = 2,
        seconds: float = caps.CHECK_SECONDS,
        memory_bytes: int = caps.MEMORY_BYTES,
        retire_bytes: int = caps.RETIRE_RSS_BYTES,
    ) -> None:
        self._options = [f"--workers={workers}", f"--seconds={seconds}", f"--memory={memory_bytes}"]
        self._options.append(f"--retire={retire_bytes}")
        if not sandbox:
            self._options.append("--no-sandbox")

    def __enter__(self) -> Self:
        # Sockets have short paths: not below a home that may lie deep.
        self._folder = Path(tempfile.mkdtemp(prefix="el-checker-"))
        address = self._folder / "checker.sock"
        command = [
            sys.executable,
            "-m",
            "entitylocker.signatures.checker",
            "--socket",
            str(address),
            "--leash",
        ]
        package = str(Path(entitylocker.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [*command, *self._options], stdin=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
        )
        self.client = CheckerClient(address)
        try:
            self._wait(address)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait(self, address: Path) -> None:
        until = time.monotonic() + _START_SECONDS
        while not address.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise CheckerUnavailable
            time.sleep(0.02)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._folder / "checker.sock")
        shutil.rmtree(self._folder, ignore_errors=True)
