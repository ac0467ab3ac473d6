"""`entitylocker verify`: who signed these PDFs, are they intact, is the signer trusted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from entitylocker.cli.options import json_option
from entitylocker.errors import LockerError
from entitylocker.signatures.check_policy import POLICIES
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import Verdict, colour
from entitylocker.signatures.verify import EXIT_USAGE, exit_code, verify_files

_STYLES = {"red": "red", "amber": "yellow", "grey": "bright_black", "green": "green"}


class Instant(click.ParamType[datetime]):
    """A point in time: 2026-11-22T12:00:00Z; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is not a time. Write it like 2026-11-22T12:00:00Z.", param, ctx)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.option(
    "--trust",
    "directories",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of root certificates and CRLs to trust besides those that come along. May be repeated.",
)
@click.option("--at", type=Instant(), help="Check as of this time instead of now: 2026-11-22T12:00:00Z.")
@click.option(
    "--revocation",
    type=click.Choice(POLICIES),
    default=POLICIES[0],
    show_default=True,
    help="Whether it must be known that no certificate was revoked, or only nothing to the contrary.",
)
@click.pass_context
def verify(
    ctx: click.Context,
    files: tuple[Path, ...],
    as_json: bool,
    directories: tuple[Path, ...],
    at: datetime | None,
    revocation: str,
) -> None:
    """Check the signatures of PDF files.

    Says for every FILE who signed it, whether it is intact and whether the signer is trusted. Needs no
    database and no network. Ends with 0 when everything is green or unsigned, 1 when something is amber or
    could not be checked, 3 when something is red, 2 when the command itself was wrong.
    """
    try:
        trust = TrustStore.load_strictly(directories).merged(TrustStore.shipped())
        with _progress(len(files)) as step:
            results = verify_files(files, trust, at, revocation, step)
    except (LockerError, OSError) as fault:
        click.echo(f"Error: {fault}", err=True)
        ctx.exit(EXIT_USAGE)
    for name in trust.passed_over:
        click.echo(f"Passed over, as it holds no certificate of an authority: {_printable(name)}", err=True)
    if as_json:
        click.echo(json.dumps(results, indent=2))
    else:
        for result in results:
            _show(result)
    ctx.exit(exit_code(results))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Path], None] | None]:
    """A bar on the error stream, where somebody sits in front of it."""
    if not sys.stderr.isatty() or total < 2:
        yield None
        return
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=total)
        yield lambda _: bar.advance(task)


def _show(result: dict[str, Any]) -> None:
    click.echo(f"{_printable(result['file'])}: {_worded(result)}")
    for signature in result["signatures"]:
        signer = signature["signer"]
        who = _printable(signer["name"]) if signer else "somebody unknown"
        when = signature["proven_at"] or signature["claimed_at"]
        told = "" if when is None else (f", time proven: {when}" if signature["proven_at"] else f", states {when}")
        what = "time stamp" if signature["kind"] == "timestamp" else "signature"
        click.echo(f"  {what} of {who}{told}: {_worded(signature)}")
    for finding in result["gate"]:
        click.echo(f"  file: {finding['code'].replace('_', ' ')} {_printable(finding['detail'])}".rstrip())


def _worded(record: dict[str, Any]) -> str:
    words = record["verdict"].replace("_", " ")
    if record["reason"]:
        words += f" ({record['reason'].replace('_', ' ')})"
    return click.style(words, fg=_STYLES[colour(Verdict(record["verdict"]))])


def _printable(text: str) -> str:
    """Names in a certificate are a stranger's words: no control characters reach the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
