"""What the programs beside the tests share: saying what they do, ending in an orderly way, a free port."""

from __future__ import annotations

import signal
import socket
import sys
from types import FrameType


def say(text: str) -> None:
    """A line for whoever waits, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stop_on_sigterm() -> None:
    """Let SIGTERM run through the `finally` blocks, so that what was started is stopped."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)


def free_port() -> int:
    """A port of this machine that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
