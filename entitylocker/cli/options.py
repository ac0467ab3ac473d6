"""Options and small things that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from entitylocker.config import Settings, default_home, load_settings

home_option: Callable[[Any], Any] = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ENTITYLOCKER_HOME",
    default=default_home,
    show_default="the user's data directory",
    help="The directory that holds everything of this installation.",
)

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="Answer as JSON for programs.")


def settings_of(home: Path) -> Settings:
    """The settings of `home`, with a plain word when nothing was ever set up there."""
    settings = load_settings(home)
    if not settings.database_app_url:
        raise click.ClickException(
            f"Nothing is set up in {home} yet. Start `entitylocker demo --home {home}`, or set "
            "ENTITYLOCKER_DATABASE_URL and run `entitylocker migrate`."
        )
    return settings
