"""The sample citizen locker of a demo: its registration, and itself as a server's application."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from flask import Flask

from entitylocker.config import PREFIX, load_settings, read_remembered, remember, write_private
from entitylocker.sandbox.citizen_clients import ClientFacts
from entitylocker.sandbox.citizen_locker import create_citizen_locker
from entitylocker.web.links import link_to

KEY = "sample"
_FILE = "citizen-lockers.json"
_ALLOW = PREFIX + "OUTGOING_ALLOW"


def register_with_citizen_locker(home: Path, port: int) -> str:
    """Make this installation a client of the sample locker at `port`, and let it call there. Answers its address.

    The secret is random for each home and stays.
    """
    address, known = f"127.0.0.1:{port}", _read(home)
    entry = {
        "key": KEY,
        "name": "Sample citizen locker",
        "adapter": "digilocker",
        "base_url": f"http://{address}",
        "client_id": known.get("client_id") or f"entitylocker-{secrets.token_hex(4)}",
        "client_secret": known.get("client_secret") or secrets.token_urlsafe(32),
    }
    path = _write(home, entry)
    remember(home, citizen_lockers=str(path), outgoing_allow=_and(read_remembered(home).get("outgoing_allow"), address))
    # What the environment says is believed before what the home remembers.
    if _ALLOW in os.environ:
        os.environ[_ALLOW] = _and(os.environ[_ALLOW], address)
    return str(entry["base_url"])


def allow_way_back(app: Flask, home: Path) -> None:
    """Let the sample locker send people back to where this installation awaits them, and nowhere else."""
    with app.app_context():
        _write(home, {**_read(home), "redirect_uri": link_to("citizen.callback", locker_key=KEY)})


def _read(home: Path) -> dict[str, Any]:
    """What is known of the registration; nothing before the first start."""
    path = home / "secrets" / _FILE
    known: dict[str, Any] = json.loads(path.read_text("utf-8"))[0] if path.exists() else {}
    return known


def _write(home: Path, entry: dict[str, Any]) -> Path:
    path = home / "secrets" / _FILE
    write_private(path, json.dumps([entry], indent=1).encode())
    return path


def _and(hosts: str | None, host: str) -> str:
    """`hosts`, a list with commas, with `host` in it once."""
    listed = [one.strip() for one in (hosts or "").split(",") if one.strip()]
    return ",".join(dict.fromkeys([*listed, host]))


def application() -> Flask:
    """The sample citizen locker, which knows the demo and nobody else."""
    settings = load_settings()
    entry = _read(settings.home)
    client = ClientFacts(
        client_id=entry["client_id"],
        client_secret=entry["client_secret"],
        redirect_uris=(entry["redirect_uri"],),
        strict=True,
    )
    return create_citizen_locker(
        clients={client.client_id: client},
        base_url=entry["base_url"],
        authority_directory=settings.home / "demo-authority",
    )
