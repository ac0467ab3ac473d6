"""`entitylocker demo`: everything on one machine, with something to look at, from one command."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click
from rich.console import Console
from sqlalchemy.engine import make_url

from entitylocker.app import create_app
from entitylocker.cli.demo_citizen import allow_way_back, register_with_citizen_locker
from entitylocker.cli.demo_practice import prepare_practice
from entitylocker.cli.demo_seed import seed_demo
from entitylocker.cli.installation import object_store, prepare_installation
from entitylocker.cli.migrate import migrate_database
from entitylocker.cli.options import home_option, json_option
from entitylocker.cli.processes import Processes, checker_address, free_port, is_free
from entitylocker.config import PREFIX, Settings, read_remembered, remember
from entitylocker.engines import EmbeddedEngines, EngineAddresses
from entitylocker.engines.home import HomeLock

PORT = 8080


@click.command()
@home_option
@click.option(
    "--port", type=click.IntRange(1024, 65000), help="The port to answer on. [default: 8080 or the next free one]"
)
@click.option(
    "--seats",
    type=click.IntRange(0, 500),
    default=0,
    help="For trainings: also a practice organisation with so many seats, and a file of slips to print, one for each.",
)
@json_option
def demo(home: Path, port: int | None, seats: int, as_json: bool) -> None:
    """Start everything on this machine, with two organisations to look at.

    The engines, the web part, the worker, a sample portal and a sample citizen locker are started; Ctrl-C stops all of
    it. What you do is kept in the home directory and is there again the next time. With ENTITYLOCKER_DATABASE_URL or
    ENTITYLOCKER_S3_* a PostgreSQL or a document store of your own is used instead: an empty one.
    """
    signal.signal(signal.SIGTERM, _stop)
    console = Console(stderr=True, highlight=False)
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/dim]  {text}")

    with ExitStack() as stack:
        try:
            facts = _start(stack, home.absolute(), port, seats, say)
            _announce(console, facts, as_json, time.monotonic() - began)
            signal.pause()
        except KeyboardInterrupt:
            console.print("Stopping …")


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    # One stop is enough: a second signal must not cut the orderly end short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _start(stack: ExitStack, home: Path, port: int | None, seats: int, say: Callable[[str], None]) -> dict[str, Any]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = _stay_with_the_database(home)
    addresses = _start_engines(stack, home, say)
    web_port, portal_port, citizen_port = _choose_ports(home, port)
    remember(home, base_url=f"http://localhost:{web_port}", checker_socket=str(checker_address(home)), demo=True)
    # Everybody's password is on the screen: a second factor would protect nothing here.
    remember(home, operator_second_factor=False)
    citizen_locker_url = register_with_citizen_locker(home, citizen_port)
    settings = prepare_installation(home, addresses)
    _begin_with_an_empty_bucket(home, settings)
    remember(home, demo_database=database)
    processes = Processes(home)
    stack.callback(processes.stop)
    say("Starting the checker of signatures")
    processes.start_checker(Path(settings.checker_socket))
    say("Bringing the database up to date")
    app = create_app(settings)
    allow_way_back(app, home)
    migrate_database(app)
    facts = seed_demo(app, settings, portal_url=f"http://127.0.0.1:{portal_port}", say=say)
    if seats:
        facts["practice"] = prepare_practice(app, settings, seats, say)
    say("Starting the web part, the worker, the sample portal and the sample citizen locker")
    processes.start_worker()
    processes.start_web(web_port)
    processes.start_portal(portal_port)
    processes.start_citizen_locker(citizen_port)
    return _outside_facts(settings, {"citizen_locker_url": citizen_locker_url, **facts}, portal_port)


def _start_engines(stack: ExitStack, home: Path, say: Callable[[str], None]) -> EngineAddresses | None:
    """The embedded engines, unless the environment names a database and a store of one's own."""
    named = [PREFIX + name for name in ("DATABASE_URL", "S3_ENDPOINT") if os.environ.get(PREFIX + name)]
    if named:
        say(f"Using what {' and '.join(named)} {'name' if len(named) > 1 else 'names'}")
    if len(named) > 1:
        lock = HomeLock(home)
        lock.acquire()
        stack.callback(lock.release)
        return None
    engines = EmbeddedEngines(home, progress=say)
    stack.callback(engines.stop)
    return engines.start()


def _stay_with_the_database(home: Path) -> str:
    """What was made up is in one database and in no other: a home keeps to the one it began with. Answers its name."""
    address = os.environ.get(PREFIX + "DATABASE_URL")
    mine = make_url(address).render_as_string() if address else "embedded"
    known = read_remembered(home).get("demo_database", mine)
    if mine != known:
        raise click.ClickException(f"The demo of this home lives in another database ({known}). Choose another --home.")
    return mine


def _begin_with_an_empty_bucket(home: Path, settings: Settings) -> None:
    """What no row of this database names is swept away: the bucket must not hold what another one names."""
    mine = f"{settings.s3_endpoint}/{settings.s3_bucket}"
    if os.environ.get(PREFIX + "S3_ENDPOINT") and read_remembered(home).get("demo_bucket") != mine:
        if next(object_store(settings).list_keys(), None) is not None:
            raise click.ClickException(f"The bucket {settings.s3_bucket} is not empty. The demo takes an empty one.")
        remember(home, demo_bucket=mine)


def _choose_ports(home: Path, port: int | None) -> tuple[int, int, int]:
    """Of web, portal and citizen locker. Those of an earlier start stay: addresses are registered with their port."""
    known = read_remembered(home)
    web = port or known.get("demo_port") or free_port(PORT)
    portal = known.get("demo_portal_port") or free_port(web + 1)
    citizen = known.get("demo_citizen_port") or free_port(portal + 1)
    for number in (web, portal, citizen):
        if not is_free(number):
            raise click.ClickException(f"Port {number} is taken by another program. Stop that, or choose --port.")
    remember(home, demo_port=web, demo_portal_port=portal, demo_citizen_port=citizen)
    return web, portal, citizen


def _outside_facts(settings: Settings, facts: dict[str, Any], portal_port: int) -> dict[str, Any]:
    """The object of the design's section 8: what a driver from outside needs."""
    return {
        "base_url": settings.base_url,
        "sandbox_url": f"http://127.0.0.1:{portal_port}",
        "home": str(settings.home),
        **facts,
    }


def _announce(console: Console, facts: dict[str, Any], as_json: bool, seconds: float) -> None:
    if as_json:
        click.echo(json.dumps(facts))
        return
    console.print(f"\n[bold]EntityLocker is ready[/bold] after {seconds:.1f} s: [bold]{facts['base_url']}[/bold]")
    for organisation in facts["organisations"]:
        console.print(f"\n{organisation['name']}")
        for person in organisation["people"]:
            console.print(f"  {person['role']:<16} {person['email']:<34} {person['password']}")
    operator = facts["operator"]
    console.print(f"\nOperator of this installation\n  {'operator':<16} {operator['email']:<34} {operator['password']}")
    console.print("  In this demo a password is enough; outside of it operators sign in with a second factor.")
    if practice := facts.get("practice"):
        trainer = practice["trainer"]
        slips = f"{practice['seats']} slips to print in [bold]{practice['slips_file']}[/bold]"
        console.print(f"\nPractice organisation: {slips}")
        console.print(f"  {'trainer':<16} {trainer['email']:<34} {trainer['password']}")
    console.print(f"\nSample portal: [bold]{facts['sandbox_url']}[/bold]   Mail: {facts['base_url']}/outbox")
    console.print(f"Sample citizen locker: [bold]{facts['citizen_locker_url']}[/bold]")
    console.print("\nStop with Ctrl-C. Everything is kept for the next time.")
