"""`make bench`: measure, print a table, write the figures down."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from benchmarks import breached, hostile, latency, machine, memory, transfer, verify
from benchmarks.bench import Bench
from benchmarks.figures import Figure, show
from tests.programs import stop_on_sigterm

MEASUREMENTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "transfer": transfer.measure,
    "verify": verify.measure,
    "memory": memory.measure,
    "latency": latency.measure,
    "hostile": hostile.measure,
    "breached": breached.measure,
}
RESULTS = Path(__file__).parent / "results"


@click.command()
@click.option("--only", type=click.Choice(list(MEASUREMENTS)), multiple=True, help="Only this one; may be repeated.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="Rounds of each.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead of a table.")
def main(only: tuple[str, ...], rounds: int, as_json: bool) -> None:
    """Measure the locker beside what it stands on. Nothing is asserted; leave the machine alone meanwhile."""
    stop_on_sigterm()
    console = Console(stderr=True, highlight=False)
    facts = machine.describe()
    with Bench(rounds, lambda text: console.print(f"[dim]{text}[/dim]")) as bench:
        figures = {name: MEASUREMENTS[name](bench) for name in only or MEASUREMENTS}
    results = {
        "machine": facts,
        "rounds": rounds,
        "figures": {name: [one.record() for one in group] for name, group in figures.items()},
    }
    path = _write(results)
    if as_json:
        click.echo(json.dumps(results, indent=1))
    else:
        show(Console(width=None if sys.stdout.isatty() else 110), figures)
        load = ", ".join(f"{one:g}" for one in facts["load"])  # type: ignore[attr-defined]
        click.echo(f"{facts['cores']} cores, load at the start {load}. Written to {path}")


def _write(results: dict[str, object]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.json"
    path.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return path


if __name__ == "__main__":
    main()
