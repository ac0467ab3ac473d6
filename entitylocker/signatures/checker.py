"""The checker as a program (`python -m entitylocker.signatures.checker`), and what speaks to it."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from entitylocker.signatures import caps
from entitylocker.signatures.client import CheckerClient, CheckerUnavailable, LocalChecker
from entitylocker.signatures.sandbox import find_sandbox

__all__ = ["CheckerClient", "CheckerUnavailable", "LocalChecker", "main"]

_PR_SET_PDEATHSIG = 1
_BACKLOG = 64


def main(arguments: list[str] | None = None) -> None:
    """Listen on a socket and check what is sent, sandboxed where that is possible, until told to end."""
    options = _parser().parse_args(arguments)
    if options.listener is None:
        listener = _listen(Path(options.socket))
        _enter_sandbox(options, listener)
    else:
        listener = socket.socket(fileno=options.listener)
    _serve(options, listener)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="entitylocker.signatures.checker", description=main.__doc__)
    parser.add_argument("--socket", required=True, metavar="PATH", help="where to listen; readable by its owner only")
    parser.add_argument("--workers", type=int, default=2, help="how many files are checked at once")
    parser.add_argument("--seconds", type=float, default=caps.CHECK_SECONDS, help="how long one check may take")
    parser.add_argument("--memory", type=int, default=caps.MEMORY_BYTES, help="bytes of memory one check may take")
    parser.add_argument("--retire", type=int, default=caps.RETIRE_RSS_BYTES, help="bytes at which a child is replaced")
    parser.add_argument("--max-bytes", type=int, default=caps.MAX_BYTES, help="how large a file may be")
    parser.add_argument("--no-sandbox", action="store_true", help="do without bubblewrap")
    parser.add_argument("--leash", action="store_true", help="end when standard input ends")
    parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    return parser


def _listen(address: Path) -> socket.socket:
    """A socket that only its owner can reach. It appears under its name when it is ready, not before."""
    ready = address.with_name(f".{address.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        listener.bind(str(ready))
    finally:
        os.umask(mask)
    listener.listen(_BACKLOG)
    os.replace(ready, address)
    return listener


def _enter_sandbox(options: argparse.Namespace, listener: socket.socket) -> None:
    """Become the same program inside bubblewrap, with the listening socket as its only way out; or return."""
    command = None if options.no_sandbox else find_sandbox()
    if command is None:
        return
    listener.set_inheritable(True)
    inner = [sys.executable, "-m", "entitylocker.signatures.checker", "--socket", options.socket]
    inner += ["--listener", str(listener.fileno()), "--workers", str(options.workers)]
    inner += ["--seconds", str(options.seconds), "--memory", str(options.memory)]
    inner += ["--retire", str(options.retire)]
    inner += ["--max-bytes", str(options.max_bytes)] + (["--leash"] if options.leash else [])
    os.execv(command[0], [*command, *inner])  # noqa: S606


def _serve(options: argparse.Namespace, listener: socket.socket) -> None:
    _give_way(own_session=options.listener is not None or os.getsid(0) == os.getpid())
    # Not at the top: whoever only asks the checker (every web process) is not to load the parsers.
    server_module = importlib.import_module("entitylocker.signatures.server")
    limits = server_module.Limits(options.seconds, options.memory, options.retire)
    server = server_module.CheckerServer(
        listener,
        workers=options.workers,
        limits=limits,
        max_bytes=options.max_bytes,
        sandboxed=options.listener is not None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    watch = _end_of_input if options.leash else _end_of_parent
    threading.Thread(target=watch, args=(server.stop,), daemon=True).start()
    server.serve()


def _give_way(*, own_session: bool) -> None:
    """Everybody else first; whatever is started from here inherits it.

    Some kernels share the processor out among sessions before they look at single processes (sched_autogroup): there
    a session of one's own has to step back as a whole, or being nice is of no use.
    """
    os.nice(5)
    if own_session:
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text("10", "ascii")


def _end_of_input(stop: Callable[[], None]) -> None:
    while os.read(0, 4096):
        pass
    stop()


def _end_of_parent(stop: Callable[[], None]) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    stop()


if __name__ == "__main__":
    main()
