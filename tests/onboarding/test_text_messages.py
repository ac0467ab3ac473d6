"""Text messages through a gateway that answers on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from entitylocker import tenancy
from entitylocker.app import create_app
from entitylocker.config import BadSetting, Settings
from entitylocker.extensions import db
from entitylocker.notifications.phones import find_phone
from entitylocker.notifications.sms import (
    Gateway,
    LocalOutbox,
    TextMessage,
    list_text_messages,
    make_sender,
    send_text,
    send_text_message,
)
from entitylocker.outgoing import Hosts, Outgoing, OutgoingError
from entitylocker.tenancy import DatabaseRole, Tenant


@dataclass
class House:
    """A gateway that keeps what it was sent."""

    url: str
    status: int = 200
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.split("/")[2]


@pytest.fixture
def gateway() -> Iterator[House]:
    house = House("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            house.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(house.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok" if house.status != 204 else b"")

        def log_message(self, *_rest: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    house.url = f"http://127.0.0.1:{server.server_port}/send"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield house
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def sender(settings: Settings, gateway: House) -> Callable[..., Gateway]:
    def make(**changed: str) -> Gateway:
        named = replace(settings, sms_url=gateway.url, **changed)  # type: ignore[arg-type]
        found = make_sender(named, Outgoing(Hosts.parse(gateway.host)))
        assert isinstance(found, Gateway)
        return found

    return make


WORDS = "Asha & Ravi invite you: {to} 100 % – कोड 7K2M"


def test_a_form_carries_number_and_words(gateway: House, sender: Callable[..., Gateway]) -> None:
    fields = json.dumps({"apikey": "s3cret", "dest": "{to}", "msg": "{text}"})
    assert sender(sms_fields=fields).send("+919876543210", WORDS)
    ((headers, body),) = gateway.taken
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {"apikey": ["s3cret"], "dest": ["+919876543210"], "msg": [WORDS]}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_json_carries_them_with_headers_of_its_own(gateway: House, sender: Callable[..., Gateway], status: int) -> None:
    gateway.status = status
    headers = json.dumps({"Authorization": "Bearer s3cret"})
    assert sender(sms_kind="json", sms_headers=headers).send("+919876543210", WORDS)
    ((sent, body),) = gateway.taken
    assert sent["content-type"] == "application/json" and sent["authorization"] == "Bearer s3cret"
    assert json.loads(body) == {"to": "+919876543210", "text": WORDS}


@pytest.mark.parametrize("status", [400, 401, 500, 302])
def test_a_gateway_that_does_not_take_it_is_an_error_to_be_tried_again(
    gateway: House, sender: Callable[..., Gateway], status: int
) -> None:
    gateway.status = status
    with pytest.raises(OutgoingError):
        sender().send("+919876543210", WORDS)


def test_a_gateway_inside_the_network_is_not_called_unless_it_was_allowed(settings: Settings, gateway: House) -> None:
    with pytest.raises(OutgoingError):
        make_sender(replace(settings, sms_url=gateway.url), Outgoing()).send("+919876543210", WORDS)
    assert gateway.taken == []


@pytest.mark.parametrize(
    "changed",
    [{"sms_kind": "xml"}, {"sms_fields": "no"}, {"sms_fields": "[]"}, {"sms_fields": '{"to": "{to}"}'},
     {"sms_headers": '{"n": 1}'}],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_named(settings: Settings, changed: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as refused:
        make_sender(replace(settings, sms_url="https://gateway.example", **changed), Outgoing())  # type: ignore[arg-type]
    assert "ENTITYLOCKER_SMS_" in refused.value.text()


def test_the_worker_sends_once_and_forgets_what_it_said(settings: Settings, gateway: House) -> None:
    app = create_app(replace(settings, sms_url=gateway.url, outgoing_allow=gateway.host))
    words = f"code {uuid4().hex}"
    with app.app_context():
        with tenancy.transaction(Tenant()):
            send_text(to="+919876543210", text=words)
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            message = next(m for m in db.session.query(TextMessage) if m.text == words)
        send_text_message(str(message.id))
        send_text_message(str(message.id))
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            kept = db.session.get(TextMessage, message.id)
        assert kept is not None and kept.sent_at is not None and kept.text == ""
        assert list_text_messages() == [], "nobody reads them on a page where a gateway sends them"
    assert len(gateway.taken) == 1 and words in parse_qs(gateway.taken[0][1].decode())["text"]


def test_without_a_gateway_it_stays_in_the_outbox(app: Flask, settings: Settings) -> None:
    words = f"code {uuid4().hex}"
    with app.app_context():
        assert isinstance(make_sender(settings, Outgoing()), LocalOutbox)
        with tenancy.transaction(Tenant()):
            send_text(to="+919876543210", text=words)
        message = next(m for m in list_text_messages() if m.text == words)
        send_text_message(str(message.id))
        assert any(m.text == words and m.sent_at is None for m in list_text_messages())


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("9876543210", "+919876543210"), ("09876543210", "+919876543210"), ("+91 98765-43210", "+919876543210"),
        ("919876543210", "+919876543210"), ("0091 9876543210", "+919876543210"), ("(98765) 43210", "+919876543210"),
        ("९८७६५४३२१०", "+919876543210"), ("+44 7700 900123", "+447700900123"), ("5876543210", None), ("98765", None),
        ("+91 5876543210", None), ("0120 2456789", None), ("", None), ("+0123456789", None), ("98765432101", None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(typed: str, number: str | None) -> None:
    assert find_phone(typed) == number


@given(st.text(max_size=30))
def test_no_text_is_a_fault_as_a_number(typed: str) -> None:
    found = find_phone(typed)
    assert found is None or (found[0] == "+" and found[1:].isascii() and found[1:].isdigit())
