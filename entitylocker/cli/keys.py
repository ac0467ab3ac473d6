"""`entitylocker keys`: the operator's key, without which nothing can be opened again; the seal of reports."""

from __future__ import annotations

from pathlib import Path

import click

from entitylocker.cli.installation import make_seal
from entitylocker.cli.options import home_option
from entitylocker.config import load_settings, remember
from entitylocker.extensions import utc_now
from entitylocker.signatures.sealing import Seal
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.recovery import export_recovery, import_recovery


@click.group()
def keys() -> None:
    """The operator's key: export it, keep it safe, bring it back. The seal of reports."""


def _passphrase(given: Path | None, *, confirm: bool) -> str:
    if given is not None:
        return given.read_text("utf-8").strip()
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))


_passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase from a file instead of asking for it.",
)


@keys.command()
@home_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_passphrase_option
def export(home: Path, file: Path, passphrase_file: Path | None) -> None:
    """Write the operator's key to FILE, locked with a passphrase.

    Keep FILE and the passphrase apart from each other and from the backups. With a backup of the database and of the
    objects they bring everything back; without them nobody can.
    """
    passphrase = _passphrase(passphrase_file, confirm=True)
    settings = load_settings(home)
    export_recovery(file, [OperatorKey.load(settings.operator_key_file)], passphrase)
    remember(home, recovery_exported_at=utc_now().isoformat())
    click.echo(f"Written to {file}. Keep it and the passphrase in different places.")


@keys.command("import")
@home_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_passphrase_option
def import_(home: Path, file: Path, passphrase_file: Path | None) -> None:
    """Bring the operator's key back from FILE into an empty home."""
    settings = load_settings(home)
    if settings.operator_key_file.exists():
        raise click.ClickException(f"There is a key already: {settings.operator_key_file}. Move it away first.")
    found = import_recovery(file, _passphrase(passphrase_file, confirm=False))
    found[0].save(settings.operator_key_file)
    click.echo(f"The key {found[0].key_id} is back in {settings.operator_key_file}.")


@keys.command()
@home_option
@click.option("--new", is_flag=True, help="Make a new seal in place of the one there is.")
def seal(home: Path, new: bool) -> None:
    """Show the seal of reports; make one if there is none.

    Sealed reports carry a signature of this installation. Others recognise it by the certificate printed here, which
    is also at /.well-known/report-seal.pem. What an earlier seal sealed stays trusted in this installation.
    """
    settings = load_settings(home)
    found = make_seal(settings) if new or not settings.seal_file.exists() else Seal.load(settings.seal_file)
    click.echo(f"{found.name}, until {found.expires_at:%Y-%m-%d}", err=True)
    click.echo(f"SHA-256 of its root certificate: {found.fingerprint}", err=True)
    click.echo(found.root_pem().decode("ascii"), nl=False)
