"""Talks to the watchdog: start, look after and stop the engines' processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from entitylocker.engines import watchdog
from entitylocker.engines.account import Account
from entitylocker.engines.failures import EngineFailed

# A stop that waits longest: PostgreSQL writing its last checkpoint.
ANSWER_SECONDS = 120


@dataclass(frozen=True)
class Order:
    """One process to be started.

    `stop` lists (signal, seconds of patience) in turn, before the final kill; `orphan_signal` is what the
    kernel sends when even the watchdog is gone; `text` is what the process reads on its standard input;
    `leavings` are files that it does not clear away itself when it is killed.
    """

    name: str
    argv: list[str]
    cwd: Path
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 5.0),)
    orphan_signal: signal.Signals = signal.SIGKILL
    text: str = ""
    leavings: tuple[Path, ...] = ()


class Keeper:
    """The watchdog process of one home and the line to it."""

    def __init__(self, home: Path, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        command = [sys.executable, "-I", "-S", str(watchdog.__file__), str(home), str(os.getpid())]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": os.defpath},
            cwd="/",
        )

    def start(self, order: Order) -> int:
        """Start a process and return its id. Raises EngineFailed when the system refuses."""
        account = self._account
        answer = self._ask(
            do="start",
            name=order.name,
            argv=order.argv,
            cwd=str(order.cwd),
            log=str(order.log),
            env={
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "HOME": str(order.cwd),
                **order.environment,
            },
            uid=account.uid,
            gid=account.gid,
            capability=account.capability,
            stop=[(int(number), patience) for number, patience in order.stop],
            orphan_signal=int(order.orphan_signal),
            text=order.text,
            leavings=[str(path) for path in order.leavings],
        )
        return int(answer["pid"])

    def run(self, order: Order, seconds: float) -> int:
        """Run a process to its end and return its exit code; it is stopped after `seconds`."""
        self.start(order)
        until = time.monotonic() + seconds
        while (code := self.ended(order.name)) is None and time.monotonic() < until:
            time.sleep(0.02)
        self.stop(order.name)
        return -1 if code is None else code

    def ended(self, name: str) -> int | None:
        """The exit code of a process, or None while it runs."""
        code = self._ask(do="look", name=name)["ended"]
        return None if code is None else int(code)

    def keep(self, name: str) -> None:
        """From now on start this process again when it ends by itself."""
        self._ask(do="keep", name=name)

    def pid(self, name: str) -> int:
        """The id of the process called `name`, which changes when it was started again."""
        return int(self._ask(do="look", name=name)["pid"])

    def stop(self, name: str) -> None:
        """Stop one process; returns when it is gone."""
        self._ask(do="stop", name=name)

    def close(self) -> None:
        """Let go: the watchdog stops whatever still runs and ends."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(ANSWER_SECONDS)

    def _ask(self, **order: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            try:
                self._process.stdin.write(json.dumps(order).encode() + b"\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except (OSError, ValueError):
                line = b""
        if not line:
            raise EngineFailed(engine="The watchdog of the engines", reason="It ended unexpectedly.")
        answer: dict[str, Any] = json.loads(line)
        if "fault" in answer:
            raise EngineFailed(engine=str(order["name"]), reason=f"The system refused: {answer['fault']}")
        return answer
