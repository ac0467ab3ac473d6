"""What people do about their second factors in a browser, by the forms of the pages."""

from __future__ import annotations

import re
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.soft_keys import SoftKey
from tests.factories import PASSWORD, Person, csrf_token

# The time step at which tests stand still: no half minute ends in the midst of one.
NOW = 60_000_000


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    """Send a form of the locker."""
    return client.post(path, data={**fields, "csrf_token": csrf_token(client)})


def add_passkey(client: FlaskClient, key: SoftKey, name: str = "My phone") -> Any:
    """Add a passkey as the page does it."""
    options = post(client, "/account/passkeys/options").get_json()
    return post(client, "/account/passkeys", name=name, credential=key.make(options))


def add_app(client: FlaskClient) -> tuple[pyotp.TOTP, Any]:
    """Set up an authenticator app with the code of the step before this one, so that this one's is still good."""
    post(client, "/account/authenticator/begin")
    page = client.get("/account/authenticator").get_data(as_text=True)
    found = re.search(r"data-copy-text>([A-Z2-7 ]+)<", page)
    assert found, page
    app = pyotp.TOTP(found.group(1).replace(" ", ""))
    return app, post(client, "/account/authenticator", code=code_of(app, -1))


def code_of(app: pyotp.TOTP, steps: int = 0) -> str:
    """The code of NOW, or of some steps before or after."""
    return pyotp.HOTP(app.secret).at(NOW + steps)


def codes_in(page: Any) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<li>((?:[0-9A-Z]{4}-){5}[0-9A-Z]{4})</li>", page.get_data(as_text=True))


def sign_in(app: Flask, person: Person, client: FlaskClient | None = None) -> tuple[FlaskClient, Any]:
    """Sign in with the password in a new browser."""
    client = client or app.test_client()
    return client, post(client, "/sign-in", email=person.email, password=PASSWORD, next="/account")


def sign_in_with(client: FlaskClient, key: SoftKey, **rest: Any) -> Any:
    """Sign in with a passkey."""
    options = post(client, "/sign-in/passkey/options").get_json()
    return post(client, "/sign-in/passkey", credential=key.use(options, **rest), next="/account")


def is_signed_in(client: FlaskClient) -> bool:
    """Whether the browser bears a session."""
    return bool(client.get("/account").status_code == 200)
