"""The sample portal of a demo as a server's application."""

from __future__ import annotations

import json

from flask import Flask

from entitylocker.config import load_settings
from entitylocker.sandbox.portal import create_portal_app

DEMO_FILE = "demo.json"


def application() -> Flask:
    """The sample portal with the key that the demo registered for it."""
    settings = load_settings()
    portal = json.loads((settings.home / "secrets" / DEMO_FILE).read_text("utf-8"))["portal"]
    return create_portal_app(
        issuer=settings.base_url,
        client_id=portal["client_id"],
        private_jwk=portal["private_jwk"],
        base_url=portal["redirect_uri"].rsplit("/", 1)[0],
    )
