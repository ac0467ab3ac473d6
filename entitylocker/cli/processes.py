"""The processes of a demo beside its engines: checker, web, worker and the samples of the world outside."""

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
        self._start("web", gunicorn_command(*(f"{host}:{port}" for host in _loopbacks())))
        _wait("The web part", lambda: answers(f"http://127.0.0.1:{port}/sign-in"))

    def start_worker(self) -> None:
        """Start the background worker."""
        self._start("worker", [sys.executable, "-m", "entitylocker.cli.main", "worker", "--home", str(self._home)])

    def start_portal(self, port: int) -> None:
        """Start the sample portal and wait until it answers."""
        self._start_sample("portal", port)
        _wait("The sample portal", lambda: answers(f"http://127.0.0.1:{port}/"))

    def start_citizen_locker(self, port: int) -> None:
        """Start the sample citizen locker and wait until it answers."""
        self._start_sample("citizen", port)
        _wait("The sample citizen locker", lambda: answers(f"http://127.0.0.1:{port}/"))

    def stop(self) -> None:
        """Stop all of them, the last started first."""
        self._keeper.close()

    def _start_sample(self, name: str, port: int) -> None:
        """A sample keeps what it remembers in memory: one process."""
        application = f"entitylocker.cli.demo_{name}:application()"
        self._start(name, gunicorn_command(f"127.0.0.1:{port}", application=application, workers=1))

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
    """Whether a server could listen on localhost:`port` now."""
    return all(_can_listen(host.strip("[]"), port) for host in _loopbacks())


def _loopbacks() -> list[str]:
    """All that `localhost` means on this machine: what the demo leaves open there, another program could answer on."""
    return ["127.0.0.1", *(["[::1]"] if _can_listen("::1", 0) else [])]


def _can_listen(host: str, port: int) -> bool:
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        return False
    return True
