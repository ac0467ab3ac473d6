"""`entitylocker trust`: whose certificates this installation trusts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from entitylocker.accounts.operators import COMMAND_ACTOR
from entitylocker.app import create_app
from entitylocker.cli.options import home_option, json_option
from entitylocker.config import Settings, load_settings
from entitylocker.signatures.trust import TrustedCertificate, TrustStore
from entitylocker.signatures.trust_files import import_trust, read_trust
from entitylocker.trust import service
from entitylocker.trust.models import TrustCertificate
from entitylocker.trust.reading import read_files
from entitylocker.trust.views import InstallationTrust

_WHERE = {"shipped": "shipped", "folder": "yours, a file in the home", "database": "yours"}


@click.group()
def trust() -> None:
    """The authorities whose signatures are believed: list them, take over more."""


@trust.command(name="list")
@home_option
@json_option
def list_(home: Path, as_json: bool) -> None:
    """List the certificates that are trusted: those that come with EntityLocker, and your own."""
    settings = load_settings(home)
    store = TrustStore.load([settings.trust_directory]).merged(TrustStore.shipped())
    kept = _kept(settings)
    listed = [_record(one) for one in store.list_certificates()] + [_kept_record(row) for row in kept.added]
    if as_json:
        click.echo(json.dumps(listed, indent=2))
        return
    for one in listed:
        kind = "root" if one["is_root"] else "intermediate"
        click.echo(f"{one['name']}  ({kind}, {_WHERE[one['where']]}, until {one['not_after'][:10]})")
        click.echo(f"  SHA-256 {one['fingerprint']}")
    click.echo(f"{len(store.crls) + len(kept.lists)} lists of revoked certificates.")


@trust.command(name="import")
@home_option
@json_option
@click.argument("source", type=click.Path(exists=True, path_type=Path))
def import_(home: Path, as_json: bool, source: Path) -> None:
    """Take over certificates and CRLs from SOURCE: a file, a folder or a zip.

    They count for everybody at once, and the documents that wait for them are checked again. Where nothing is
    set up yet, they are kept in the folder `trust` of the home.

    Compare the fingerprint of a root certificate with the one its authority publishes before you take it
    over: whoever holds its key can make signatures that are believed here.
    """
    settings = load_settings(home)
    names = _into_database(settings, source) if settings.database_app_url else _into_folder(settings, source)
    if as_json:
        click.echo(json.dumps({"imported": names}))
    else:
        click.echo(f"Taken over: {len(names)}. `entitylocker trust list` shows all.")


def _into_folder(settings: Settings, source: Path) -> list[str]:
    return import_trust(source, settings.trust_directory)


def _into_database(settings: Settings, source: Path) -> list[str]:
    accepted = read_trust(source)
    # Every file was read and found good: nothing of it is too much here.
    findings = read_files(accepted.items(), largest=sum(map(len, accepted.values())))
    try:
        with create_app(settings).app_context():
            certificates, lists = service.import_to_installation(COMMAND_ACTOR, findings)
    except (OperationalError, ProgrammingError) as fault:
        raise click.ClickException(
            f"The database of {settings.home} does not answer, or is not migrated. Start the locker, then try again."
        ) from fault
    return certificates + lists


def _kept(settings: Settings) -> InstallationTrust:
    """What the database holds; where it does not answer, a word of that on the error stream."""
    nothing = InstallationTrust((), (), (), ())
    if not settings.database_app_url:
        return nothing
    try:
        with create_app(settings).app_context():
            return service.list_installation(COMMAND_ACTOR)
    except (OperationalError, ProgrammingError):
        click.echo("The database does not answer: what was added there is not listed.", err=True)
        return nothing


def _record(one: TrustedCertificate) -> dict[str, Any]:
    comes_along = one.fingerprint in TrustStore.shipped().fingerprints()
    return {
        **dataclasses.asdict(one),
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "own": not comes_along,
        "where": "shipped" if comes_along else "folder",
    }


def _kept_record(row: TrustCertificate) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("name", "issuer", "fingerprint", "is_root")},
        "not_before": row.not_before.isoformat(),
        "not_after": row.not_after.isoformat(),
        "own": True,
        "where": "database",
        "added_by": row.added_by_name,
    }
