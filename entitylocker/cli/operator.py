"""`entitylocker operator`: who keeps this installation."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from entitylocker.accounts.breached import ListFacts, NotAList, check_list, sort_list
from entitylocker.accounts.operators import add_operator, end_operator
from entitylocker.app import create_app
from entitylocker.cli.options import home_option, settings_of


@click.group()
def operator() -> None:
    """The operators of this installation: they approve identifiers and portals, and can open no vault."""


@operator.command()
@home_option
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read the password from a file. Without it one is made and printed once.")  # fmt: skip
def add(home: Path, email: str, name: str, password_file: Path | None) -> None:
    """Make the person with the address EMAIL an operator, with an account if there is none."""
    password = password_file.read_text("utf-8").strip() if password_file else secrets.token_urlsafe(12)
    settings = settings_of(home)
    with create_app(settings).app_context():
        added = add_operator(name=name, email=email, password=password)
    if not settings.operator_second_factor:
        click.echo("ENTITYLOCKER_OPERATOR_SECOND_FACTOR is off: a password alone lets operators in.", err=True)
    else:
        click.echo("Signing in takes a second factor: the security page of the account sets it up.", err=True)
    if added.existed:
        click.echo(f"{email} is an operator now and signs in with the password of that account.")
    elif password_file:
        click.echo(f"{email} is an operator now.")
    else:
        click.echo(f"{email} is an operator now. Password: {password}")


_list_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@operator.command("check-breached")
@_list_argument
def check_breached(file: Path) -> None:
    """Read FILE, a list of breached passwords, and say whether it can be used.

    Each line is the SHA-1 of a password in 40 hexadecimal digits, perhaps with a colon and a count; the lines are
    sorted. Name the file in ENTITYLOCKER_BREACHED_PASSWORDS: what stands in it is refused as a new password.
    """
    with _progress(file, "Reading") as progress, _in_words(file):
        facts = check_list(file, progress)
    _say(file, facts)


@operator.command("sort-breached")
@_list_argument
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
def sort_breached(file: Path, target: Path) -> None:
    """Write the digests of FILE, sorted and each once, to TARGET. A TARGET that is there is replaced when all is done.

    It needs as much free disk as FILE takes, twice, where TARGET is.
    """
    with _progress(file, "Sorting") as progress, _in_words(file):
        facts = sort_list(file, target, progress)
    _say(target, facts)


def _say(file: Path, facts: ListFacts) -> None:
    click.echo(f"{file}: {facts.lines} digests, sorted. It can be used.")


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except NotAList as fault:
        raise click.ClickException(f"{file}: {fault}.") from fault


@contextmanager
def _progress(file: Path, what: str) -> Iterator[Callable[[int], None]]:
    """A bar of how much of `file` was read; on the error output, and only where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=file.stat().st_size)
        yield lambda read: bars.update(task, completed=read)


@operator.command()
@home_option
@click.argument("email")
def end(home: Path, email: str) -> None:
    """Let the person with the address EMAIL be an operator no more.

    An operator who has lost password, passkeys and recovery codes is made anew: nobody can open that account again, so
    end it here and add the person with another address.
    """
    with create_app(settings_of(home)).app_context():
        ended = end_operator(email)
    click.echo(f"{email} is no operator any more." if ended else f"{email} is no operator.")
