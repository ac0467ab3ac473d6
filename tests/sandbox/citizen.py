"""A citizen locker to talk to: on a free port of this machine, in a thread, for as long as a test wants it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from entitylocker.sandbox.citizen_clients import ClientFacts
from entitylocker.sandbox.citizen_faults import Faults
from entitylocker.sandbox.citizen_house import EXTENSION, House
from entitylocker.sandbox.citizen_locker import create_citizen_locker
from entitylocker.sandbox.citizen_people import CITIZENS, Citizen, find_citizen

REDIRECT_URI = "http://localhost/citizen-locker/callback"
PATIENCE = 30


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: a test says what went wrong itself."""


class RunningLocker:
    """What a test sees of it. `people`: the invented persons by their keys (meera, rohan, farhan, …)."""

    def __init__(self, app: Flask, base_url: str, client: ClientFacts) -> None:
        self.app = app
        self.base_url = base_url
        self.client = client
        self.people: dict[str, Citizen] = {citizen.key: citizen for citizen in CITIZENS}
        self._ahead = 0.0

    @property
    def client_id(self) -> str:
        return self.client.client_id

    @property
    def client_secret(self) -> str:
        return self.client.client_secret

    @property
    def house(self) -> House:
        """The locker from within: clients, grants, papers, faults."""
        house: House = self.app.extensions[EXTENSION]
        return house

    @property
    def faults(self) -> Faults:
        """`faults.switch_on("wrong_hmac", "file", times=1)`; see FAULTS and CALLS of sandbox/citizen_faults.py."""
        return self.house.faults

    def now(self) -> float:
        return time.time() + self._ahead

    def go_ahead(self, seconds: float) -> None:
        """Let the locker's own clock jump: codes live 300 seconds, access tokens 3600, consents as they were given."""
        self._ahead += seconds

    def register(self, redirect_uri: str, **changes: Any) -> ClientFacts:
        """Allow one more redirect address to the client; `changes` are other fields of ClientFacts."""
        facts = {name: getattr(self.client, name) for name in ClientFacts.__dataclass_fields__}
        facts["redirect_uris"] = (*self.client.redirect_uris, redirect_uri)
        self.client = ClientFacts(**{**facts, **changes})
        self.house.clients.register(self.client)
        return self.client

    def entry(self, key: str = "digilocker") -> dict[str, str]:
        """One entry of the file that ENTITYLOCKER_CITIZEN_LOCKERS names."""
        return {
            "key": key,
            "name": "Sample citizen locker",
            "adapter": "digilocker",
            "base_url": self.base_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }

    def walk(self, authorize_url: str, person: str = "meera", decision: str = "allow") -> str:
        """Go through the page as a person: answers the callback address, with code and state or with an error."""
        page = requests.get(authorize_url, allow_redirects=False, timeout=PATIENCE)
        if page.status_code == 302:
            return page.headers["Location"]
        assert page.status_code == 200, page.text
        assert f'id="person-{person}"' in page.text
        answer = requests.post(
            authorize_url, data={"person": person, "decision": decision}, allow_redirects=False, timeout=PATIENCE
        )
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def withdraw(self, person: str) -> None:
        """The person takes everything back in the citizen locker."""
        citizen = find_citizen(person)
        assert citizen is not None
        self.house.grants.withdraw(citizen)


@contextmanager
def citizen_locker(
    *,
    redirect_uris: Sequence[str] = (REDIRECT_URI,),
    strict: bool = False,
    authority_directory: Path | None = None,
) -> Iterator[RunningLocker]:
    """A locker with one client, until the end of the block."""
    client = ClientFacts(
        f"client-{secrets.token_hex(4)}", secrets.token_urlsafe(24), "EntityLocker", tuple(redirect_uris)
    )
    if strict:
        client = ClientFacts(client.client_id, client.client_secret, client.name, client.redirect_uris, strict=True)
    server_app = Flask("not yet")
    server = make_server(
        "127.0.0.1", 0, lambda environ, start: server_app(environ, start), threaded=True, request_handler=_Quiet
    )
    base_url = f"http://127.0.0.1:{server.server_port}"
    running = RunningLocker(server_app, base_url, client)
    running.app = server_app = create_citizen_locker(
        clients={client.client_id: client},
        base_url=base_url,
        authority_directory=authority_directory,
        clock=running.now,
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
