"""A demo of one's own in a process of its own, as somebody outside would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from entitylocker.cli.tour_person import Person
from tests.programs import free_port

START_SECONDS = 180
STOP_SECONDS = 60


class DemoProcess:
    """`entitylocker demo --json` on a home: started, stopped, and looked for afterwards.

    `facts` is the object on its first line. `settings` are given to it in the environment, and none but those.
    """

    def __init__(self, home: Path, *, port: int | None = None, settings: dict[str, str] | None = None) -> None:
        self.home = home
        self.facts: dict[str, Any] = {}
        self._port = port or free_port()
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ENTITYLOCKER_")}
        self._environment = {**ours, **(settings or {})}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None, "the demo does not run"
        return self._process.pid

    def start(self) -> dict[str, Any]:
        """Start it and wait for its first line. Raises RuntimeError when it ends without one."""
        self._process = process = subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, text=True, env=self._environment
        )
        assert process.stdout is not None
        patience = threading.Timer(START_SECONDS, process.kill)
        patience.start()
        line = process.stdout.readline()
        patience.cancel()
        if not line:
            self.stop()
            raise RuntimeError(f"the demo did not start, its exit code is {process.returncode}")
        self.facts = json.loads(line)
        return self.facts

    def command(self, port: int | None = None) -> list[str]:
        """What is started; the port may be another one, for a second demo."""
        options = ["--home", str(self.home), "--port", str(port or self._port), "--json"]
        return [sys.executable, "-m", "entitylocker.cli.main", "demo", *options]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it by a signal; answers the exit code. It may have ended already."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(STOP_SECONDS)
        if process.stdout is not None:
            process.stdout.close()
        return code

    def descendants(self) -> list[psutil.Process]:
        """Every process that it started and that they started."""
        return psutil.Process(self.pid).children(recursive=True)

    def left_running(self) -> list[psutil.Process]:
        """Every process that has the home in its command, its environment or as the place it works in."""
        return [process for process in psutil.process_iter() if _names(process, str(self.home))]

    def person(self, role: str, organisation: int = 0) -> Person:
        """Somebody of the demo, signed in over HTTP."""
        people = self.facts["organisations"][organisation]["people"]
        found = next(person for person in people if person["role"] == role)
        return Person(self.facts["base_url"], found["email"], found["password"])

    @property
    def organisation_path(self) -> str:
        """The address of the company's pages."""
        return f"/organisations/{self.facts['organisations'][0]['id']}"


def _names(process: psutil.Process, home: str) -> bool:
    try:
        return process.pid != os.getpid() and home in "\0".join(
            [*process.cmdline(), process.cwd(), *process.environ().values()]
        )
    except (psutil.Error, OSError):
        return False
