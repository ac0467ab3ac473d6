"""An organisation's own sign-in through an OpenID provider made by others, and a browser that goes there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from entitylocker.federation import providers
from tests.factories import Member, Person, csrf_token


@dataclass
class Way:
    """An organisation's own sign-in. `provider`: the address of the OpenID provider."""

    app: Flask
    administrator: Member
    provider: str
    slug: str

    def visit(self, client: FlaskClient, path: str, subject: str) -> TestResponse:
        """Go to the provider from `path`, sign in there as `subject`, and come back."""
        return client.get(self.sign_in_there(self.leave(client, path), subject))

    def leave(self, client: FlaskClient, path: str = "") -> str:
        """Press the button that leads to the provider; answers where the browser goes on to."""
        answer = client.post(path or self.path, data={"csrf_token": csrf_token(client)})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.headers["Refresh"].removeprefix("0; url=")

    @property
    def path(self) -> str:
        """The way in."""
        return f"/sign-in/through/{self.slug}"

    def sign_in_there(self, address: str, subject: str) -> str:
        """What a browser does at the provider; answers where it is sent back to, without the host."""
        answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
        assert answer.status_code in (302, 303), answer.text
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def connect(self, person: Person, subject: str) -> FlaskClient:
        """Let a person connect what the provider knows them as; answers their browser."""
        client = person.client()
        back = self.visit(client, f"/account/sign-ins/{self.slug}/try", subject)
        assert back.headers["Location"].endswith("/account/sign-ins/confirm"), back.get_data(as_text=True)
        said = client.post("/account/sign-ins/confirm", data={"csrf_token": csrf_token(client)})
        assert said.status_code == 303, said.get_data(as_text=True)
        return client

    def sign_in(self, subject: str) -> tuple[FlaskClient, TestResponse]:
        """A fresh browser signs in through the provider."""
        client = self.app.test_client()
        return client, self.visit(client, self.path, subject)


def make_way(app: Flask, administrator: Member, provider: str) -> Way:
    slug = f"way-{uuid4().hex[:12]}"
    with app.test_request_context():
        providers.set_up_provider(
            administrator.actor,
            name="Head office",
            slug=slug,
            issuer=provider,
            client_id="locker",
            client_secret="a secret of theirs",
        )
    return Way(app, administrator, provider, slug)
