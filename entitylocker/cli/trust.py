"""`entitylocker trust`: whose certificates this installation trusts."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from entitylocker.cli.options import home_option, json_option
from entitylocker.config import load_settings
from entitylocker.signatures.trust import TrustedCertificate, TrustStore
from entitylocker.signatures.trust_files import import_trust


@click.group()
def trust() -> None:
    """The authorities whose signatures are believed: list them, take over more."""


@trust.command(name="list")
@home_option
@json_option
def list_(home: Path, as_json: bool) -> None:
    """List the certificates that are trusted: those that come with EntityLocker, and your own."""
    own = TrustStore.load([load_settings(home).trust_directory])
    store = own.merged(TrustStore.shipped())
    mine = own.fingerprints()
    listed = store.list_certificates()
    if as_json:
        click.echo(json.dumps([_record(one, one.fingerprint in mine) for one in listed], indent=2))
        return
    for one in listed:
        kind = "root" if one.is_root else "intermediate"
        whose = "yours" if one.fingerprint in mine else "shipped"
        click.echo(f"{one.name}  ({kind}, {whose}, until {one.not_after:%Y-%m-%d})\n  SHA-256 {one.fingerprint}")
    click.echo(f"{len(store.crls)} lists of revoked certificates.")


@trust.command(name="import")
@home_option
@json_option
@click.argument("source", type=click.Path(exists=True, path_type=Path))
def import_(home: Path, as_json: bool, source: Path) -> None:
    """Take over certificates and CRLs from SOURCE: a file, a folder or a zip.

    Compare the fingerprint of a root certificate with the one its authority publishes before you take it
    over: whoever holds its key can make signatures that are believed here.
    """
    names = import_trust(source, load_settings(home).trust_directory)
    if as_json:
        click.echo(json.dumps({"imported": names}))
    else:
        click.echo(f"Taken over: {len(names)}. `entitylocker trust list` shows all.")


def _record(one: TrustedCertificate, own: bool) -> dict[str, object]:
    record = dataclasses.asdict(one)
    return {
        **record,
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
        "own": own,
    }
