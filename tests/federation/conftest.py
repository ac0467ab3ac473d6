"""A directory with a token, and a client that speaks as it; an organisation's own sign-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import oidc_provider_mock
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from entitylocker.extensions import limiter
from entitylocker.federation import tokens
from entitylocker.outgoing import Hosts
from entitylocker.web.engine_room import engines
from tests.factories import Member, Organisations
from tests.federation.ways import Way, make_way

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Directory:
    """An organisation's directory: what it sends, and what comes back."""

    app: Flask
    administrator: Member
    token: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One SCIM request."""
        return self.app.test_client().open(
            f"/scim/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json", **headers},
        )

    def bring(self, email: str, **more: Any) -> dict[str, Any]:
        """Bring a person; answers the resource."""
        answer = self.ask("POST", "/Users", {"schemas": [USER], "userName": email, "active": True, **more})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return json.loads(answer.data)

    def group(self, name: str, *user_ids: str) -> dict[str, Any]:
        """Bring a group of these people; answers the resource."""
        members = [{"value": user_id} for user_id in user_ids]
        answer = self.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": members})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return json.loads(answer.data)

    def patch(self, path: str, *operations: dict[str, Any]) -> TestResponse:
        """Change a resource in parts."""
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


@pytest.fixture
def directory(app: Flask, organisations: Organisations) -> Directory:
    """The directory of a fresh organisation."""
    return make_directory(app, organisations.make())


def make_directory(app: Flask, administrator: Member) -> Directory:
    with app.test_request_context():
        issued = tokens.issue_token(administrator.actor, "Entra of the head office")
    return Directory(app, administrator, issued.token)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(port=0) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def way(app: Flask, organisations: Organisations, provider: str, monkeypatch: pytest.MonkeyPatch) -> Way:
    with app.app_context():
        # All tests come from one address; on a quick machine they would be too many for it in a minute.
        limiter.storage.reset()
        monkeypatch.setattr(engines().outgoing, "hosts", Hosts.parse(provider.removeprefix("http://")))
    return make_way(app, organisations.make(), provider)
