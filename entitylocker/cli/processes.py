"""The processes of a demo beside its engines: checker, web, worker and the sample portal."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import click

from entitylocker.cli.serve import gunicorn_command, server_environment
from entitylocker.engines.account import Account
from entitylocker.engines.keeper import Keeper, Order

START_SECONDS = 60
# What fits into the address of a Unix socket, with some room for names that programs add.
_SOCKET_PATH_LIMIT = 95
_QUICK = ((signal.SIGTERM, 20.0),)


class Processes:
    """Everything that a demo runs beside its engines, kept alive, and gone when the demo is gone."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._logs = home / "logs"
        self._logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._keeper = Keeper(home, Account())

    def start_checker(self, address: Path) -> None:
        """Start the checker service and wait until it listens on `address`."""
        address.unlink(missing_ok=True)
        self._start("checker", [sys.executable, "-m", "entitylocker.signatures.checker", "--socket", str(address)])
        _wait("The checker", address.exists)

    def start_web(self, port: int) -> None:
        """Start the web part and wait until it answers."""
        self._start("web", gunicorn_command(f"127.0.0.1:{port}"))
        _wait("The web part", lambda: answers(f"http://127.0.0.1:{port}/sign-in"))

    def start_worker(self) -> None:
        """Start the background worker."""
        self._start("worker", [sys.executable, "-m", "entitylocker.cli.main", "worker", "--home", str(self._home)])

    def start_portal(self, port: int) -> None:
        """Start the sample portal and wait until it answers. It keeps its visits in memory: one process."""
        command = gunicorn_command(
            f"127.0.0.1:{port}", application="entitylocker.cli.demo_portal:application()", workers=1
        )
        self._start("portal", command)
        _wait("The sample portal", lambda: answers(f"http://127.0.0.1:{port}/"))

    def stop(self) -> None:
        """Stop all of them, the last started first."""
        self._keeper.close()

    def _start(self, name: str, argv: list[str]) -> None:
        environment = {**server_environment(self._home), "PATH": os.environ.get("PATH", os.defpath)}
        self._keeper.start(
            Order(name, argv, cwd=self._home, log=self._logs / f"{name}.log", environment=environment, stop=_QUICK)
        )
        self._keeper.keep(name)


def _wait(what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise click.ClickException(f"{what} did not start within {START_SECONDS} seconds. Look into the logs.")
        time.sleep(0.1)


def answers(address: str) -> bool:
    """Whether an HTTP server answers there with anything but a fault of its own."""
    try:
        with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - an address of our own
            return True
    except urllib.error.HTTPError as refused:
        return refused.code < 500
    except OSError:
        return False


def checker_address(home: Path) -> Path:
    """Where the checker's socket is: in the home, or in a private directory when the home lies too deep."""
    here = home / "run" / "checker.sock"
    if len(os.fsencode(here)) < _SOCKET_PATH_LIMIT:
        here.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return here
    return Path(tempfile.mkdtemp(prefix="entitylocker-")) / "checker.sock"


def free_port(wanted: int) -> int:
    """`wanted` if nobody has it, else the next one that is free."""
    for port in range(wanted, wanted + 200):
        if is_free(port):
            return port
    raise click.ClickException(f"No port between {wanted} and {wanted + 199} is free. Choose one with --port.")


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
