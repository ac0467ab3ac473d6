"""`entitylocker migrate`: bring the database to the newest shape."""

from __future__ import annotations

from pathlib import Path

import click
from alembic import command
from flask import Flask

from entitylocker.app import create_app
from entitylocker.cli.installation import prepare_installation
from entitylocker.cli.options import home_option


def migrate_database(app: Flask) -> None:
    """Run every migration that is missing, as the owner of the database, one process at a time."""
    with app.app_context():
        command.upgrade(app.extensions["migrate"].migrate.get_config(), "head")


@click.command()
@home_option
@click.option("--take-over", is_flag=True, help="Give the roles new passwords: the home that knew them is lost.")
def migrate(home: Path, take_over: bool) -> None:
    """Bring the database to the newest shape, and the bucket and the keys into being.

    For an installation on a PostgreSQL and an object store of its own: set ENTITYLOCKER_DATABASE_URL to a role that
    may create roles, and ENTITYLOCKER_S3_ENDPOINT, _ACCESS_KEY and _SECRET_KEY. Repeating it does no harm.
    """
    settings = prepare_installation(home, take_over=take_over)
    migrate_database(create_app(settings))
    click.echo("The database is up to date.")
