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
from entitylocker.signatures.etsi_report import etsi_xml
from entitylocker.signatures.report import Report
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verify import EXIT_USAGE, exit_code, verify_files


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
@click.option(
    "--etsi",
    type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path),
    help="Write a report of ETSI TS 119 102-2 (XML) about each signed file into this folder.",
)
@click.pass_context
def verify(
    ctx: click.Context,
    files: tuple[Path, ...],
    as_json: bool,
    directories: tuple[Path, ...],
    at: datetime | None,
    revocation: str,
    etsi: Path | None,
) -> None:
    """Check the signatures of PDF files.

    Says for every FILE who signed it, whether it is intact and whether the signer is trusted. Needs no
    database and no network. Ends with 0 when everything is green or unsigned, 1 when something is amber or
    could not be checked, 3 when something is red, 2 when the command itself was wrong.
    """
    try:
        trust = TrustStore.load_strictly(directories).merged(TrustStore.shipped())
        with _progress(len(files), quiet=as_json) as step:

            def done(path: Path, report: Report) -> None:
                _write_xml(etsi, path, report)
                step()

            results = verify_files(files, trust, at, revocation, done)
    except (LockerError, OSError) as fault:
        click.echo(f"Error: {fault}", err=True)
        ctx.exit(EXIT_USAGE)
    if as_json:
        click.echo(json.dumps(results, indent=2))
    else:
        _show(results, trust.passed_over)
    ctx.exit(exit_code(results))


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar on the error stream, where somebody sits in front of it and waits for more than one file."""
    if quiet or total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=total)
        yield lambda: bar.advance(task)


def _write_xml(folder: Path | None, path: Path, report: Report) -> None:
    """The report in the words of ETSI TS 119 102-2, which has none for a file that nobody signed."""
    if folder is not None and report.signatures:
        digest = (report.sha256 or "")[:8]
        (folder / f"{path.name}.{digest}.xml").write_bytes(etsi_xml(report))


def _show(results: list[dict[str, Any]], passed_over: tuple[str, ...]) -> None:
    # Loaded only where people read: programs do not wait for the words of the pages.
    from entitylocker.cli.verify_words import lines_about, printable, summary_of

    for name in passed_over:
        click.echo(f"Passed over, as it holds no certificate of an authority: {printable(name)}", err=True)
    for result in results:
        click.echo("\n".join(lines_about(result)))
    if len(results) > 1:
        click.echo(summary_of(results))
