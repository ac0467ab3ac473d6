"""`entitylocker worker`: background work."""

from __future__ import annotations

from pathlib import Path

import click

from entitylocker.app import HOURLY, OFTEN, create_app
from entitylocker.cli.options import home_option, settings_of
from entitylocker.jobs.worker import run_worker


@click.command()
@home_option
@click.option("--at-once", default=2, show_default=True, help="How many jobs at the same time.")
def worker(home: Path, at_once: int) -> None:
    """Check documents, once and again, send mail and keep house, until stopped. Running jobs are finished first."""
    settings = settings_of(home)
    run_worker(create_app(settings), settings.database_worker_url, HOURLY, OFTEN, at_once=at_once)
