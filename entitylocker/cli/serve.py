"""`entitylocker serve`: the web part."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from entitylocker.cli.options import home_option, settings_of

# Slow uploads hold a thread, not a database connection: many threads, few connections.
WORKERS = 2
THREADS = 64


def gunicorn_command(
    bind: str, *also: str, application: str = "entitylocker.app:application()", workers: int = WORKERS
) -> list[str]:
    """The command that serves `application` on `bind`, and on further addresses."""
    binds = [word for address in (bind, *also) for word in ("--bind", address)]
    return [
        sys.executable, "-m", "gunicorn", "--config", "python:entitylocker.cli.server_settings",
        *binds, "--workers", str(workers), "--threads", str(THREADS),
        "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", "--timeout", "120",  # noqa: S108 - gunicorn's heartbeat only
        "--graceful-timeout", "20", "--access-logfile", "/dev/null", "--log-level", "warning", application,
    ]  # fmt: skip


def server_environment(home: Path) -> dict[str, str]:
    """What a server process needs: its home, and few memory arenas so that uploads do not make it grow."""
    mine = {name: value for name, value in os.environ.items() if name.startswith("ENTITYLOCKER_")}
    return {**mine, "ENTITYLOCKER_HOME": str(home), "MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@click.command()
@home_option
@click.option("--bind", default="127.0.0.1:8080", show_default=True, help="Address and port to answer on.")
def serve(home: Path, bind: str) -> None:
    """Serve the pages and the API. Put a proxy with https in front of it."""
    settings_of(home)
    command = gunicorn_command(bind)
    os.execve(command[0], command, {**os.environ, **server_environment(home)})  # noqa: S606 - becomes the server
