"""`entitylocker operator`: who keeps this installation."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from entitylocker.accounts.operators import add_operator
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
    with create_app(settings_of(home)).app_context():
        added = add_operator(name=name, email=email, password=password)
    if added.existed:
        click.echo(f"{email} is an operator now and signs in with the password of that account.")
    elif password_file:
        click.echo(f"{email} is an operator now.")
    else:
        click.echo(f"{email} is an operator now. Password: {password}")
