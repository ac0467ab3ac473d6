"""Finds and stops what a crash left running for a home, by what the processes themselves say."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from entitylocker.engines.layout import Layout

# As long as a watchdog may take to stop everything: PostgreSQL's last checkpoint is the longest part.
WATCHDOG_SECONDS = 60.0


@dataclass(frozen=True)
class Process:
    """What the kernel tells about a process."""

    pid: int
    command: tuple[str, ...]
    directory: str


def running() -> list[Process]:
    """All processes of the machine, as far as we may see them."""
    return [process for name in os.listdir("/proc") if name.isdigit() and (process := _look(int(name)))]


def _look(pid: int) -> Process | None:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    try:
        directory = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        # Root in a container may not ask this about another user's process.
        directory = ""
    return Process(pid, tuple(os.fsdecode(word) for word in command), directory)


def of_home(home: Path) -> list[Process]:
    """The watchdog and the engines of this home that run at this moment."""
    return [process for process in running() if _is_watchdog(home)(process) or _is_engine(home)(process)]


def stop_leftovers(home: Path) -> bool:
    """Stop what still runs for a home; True when there was something. The caller holds the home's lock.

    A watchdog that is just stopping the engines is left to finish; then the store is stopped, then
    PostgreSQL.
    """
    found = bool(of_home(home))
    _wait_gone(_is_watchdog(home), WATCHDOG_SECONDS)
    for chosen, steps in (
        (_is_watchdog(home), ((signal.SIGKILL, 2.0),)),
        (_is_store(home), ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))),
        (_is_postgres(home), ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))),
    ):
        for number, patience in steps:
            _send(chosen, number)
            if _wait_gone(chosen, patience):
                break
    return found


def _is_watchdog(home: Path) -> Callable[[Process], bool]:
    return lambda process: any(
        Path(word).name == "watchdog.py" and place == str(home)
        for word, place in zip(process.command, process.command[1:], strict=False)
    )


def _is_store(home: Path) -> Callable[[Process], bool]:
    layout = Layout(home)
    arguments, directory = {f"-dir={layout.volumes}", f"-mdir={layout.master}"}, str(layout.store_settings)
    return lambda process: bool(arguments & set(process.command)) or process.directory == directory


def _is_postgres(home: Path) -> Callable[[Process], bool]:
    # By the directory as well: a backend whose postmaster was killed still works in there.
    directory = str(Layout(home).database)
    return lambda process: directory in process.command or process.directory == directory


def _is_engine(home: Path) -> Callable[[Process], bool]:
    return lambda process: _is_store(home)(process) or _is_postgres(home)(process)


def _send(chosen: Callable[[Process], bool], number: signal.Signals) -> None:
    for process in running():
        if chosen(process):
            try:
                os.kill(process.pid, number)
            except ProcessLookupError:
                continue


def _wait_gone(chosen: Callable[[Process], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(chosen(process) for process in running()):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
