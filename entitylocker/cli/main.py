"""`entitylocker`: the group of all commands."""

from __future__ import annotations

import importlib
import sys

import click

from entitylocker import __version__
from entitylocker.errors import LockerError

# Command → where it is. Loaded when called, so that `verify` does not wait for the database's libraries.
COMMANDS = {
    "demo": "entitylocker.cli.demo:demo",
    "doctor": "entitylocker.cli.doctor:doctor",
    "keys": "entitylocker.cli.keys:keys",
    "migrate": "entitylocker.cli.migrate:migrate",
    "onboard": "entitylocker.cli.onboard:onboard",
    "operator": "entitylocker.cli.operator:operator",
    "serve": "entitylocker.cli.serve:serve",
    "tour": "entitylocker.cli.tour:tour",
    "trust": "entitylocker.cli.trust:trust",
    "verify": "entitylocker.cli.verify:verify",
    "worker": "entitylocker.cli.worker:worker",
}


class LazyGroup(click.Group):
    """A group that imports a command only when it is needed, and says errors of the house in words."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LockerError as error:
            raise click.ClickException(" ".join(filter(None, [error.text(), error.advice]))) from error
        except Exception as error:
            if not _is_database_away(error):
                raise
            raise click.ClickException(
                "The database does not answer. Start the locker first (entitylocker demo, or entitylocker serve), or "
                "name its home with --home."
            ) from error


def _is_database_away(error: Exception) -> bool:
    """Whether no server was reached, which has no SQLSTATE. A command that loaded no library has not met its errors."""
    library = sys.modules.get("sqlalchemy.exc")
    return library is not None and isinstance(error, library.OperationalError) and error.orig.sqlstate is None


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="entitylocker")
def main() -> None:
    """A document locker for organisations.

    Start with `entitylocker demo`: it needs nothing installed, asks nothing and shows everything.
    """


if __name__ == "__main__":
    main()
