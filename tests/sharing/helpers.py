"""Visitors who have files checked, and a member who keeps a document with a check page."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from entitylocker import tenancy
from entitylocker.audit.models import Event
from entitylocker.extensions import db
from entitylocker.sharing import service
from entitylocker.sharing.views import CheckPageView, Choices, LivePage
from tests.factories import Member
from tests.vault.helpers import BOUNDARY, Sender, multipart

_networks = itertools.count(int.from_bytes(os.urandom(2), "big") << 8)


def new_address() -> str:
    """An address in a network that nobody has come from yet."""
    number = next(_networks)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


@dataclass
class Visitor:
    """Sends files to the public check, each visitor from an address of their own."""

    app: Flask
    address: str = field(default_factory=new_address)

    @property
    def client(self) -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["REMOTE_ADDR"] = self.address
        return client

    def send(self, content: bytes, filename: str = "paper.pdf", *, to: str = "/check", **fields: str) -> TestResponse:
        """Send a file with a form, to the page or to the API."""
        return self.send_body(multipart(fields, filename, content), to=to)

    def send_body(self, body: bytes, *, to: str = "/check", **headers: str) -> TestResponse:
        """Send a multipart body as it is."""
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.client.post(to, data=body, headers={**kind, **headers})

    def report(self, content: bytes, **fields: str) -> dict[str, Any]:
        """What the API says of a file."""
        answer = self.send(content, to="/api/v1/check", **fields)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def look(self, code: str) -> TestResponse:
        """The check page behind a code."""
        return self.client.get(f"/check/{code}")


class Keeper:
    """A member with a document and the use of its check page."""

    def __init__(self, member: Member, content: bytes) -> None:
        self.sender = Sender(member)
        self.content = content
        self.document_id = UUID(str(self.sender.deposit(content, title="Certificate of Spices")["document_id"]))
        self.sender.check(str(self.document_id))

    @property
    def member(self) -> Member:
        return self.sender.member

    @property
    def path(self) -> str:
        """The page of the check page, below the organisation."""
        return f"/documents/{self.document_id}/check-page"

    def switch_on(self, *shown: str) -> LivePage:
        """Switch the check page on, showing `shown` (title, organisation, signers)."""
        choices = Choices(**{f"show_{name}": True for name in shown})
        with self.member.app.test_request_context():
            return _live(service.issue_check_page(self.member.actor, self.document_id, choices))

    def page(self) -> LivePage:
        """The check page that is on."""
        with self.member.app.test_request_context():
            return _live(service.get_check_page(self.member.actor, self.document_id))

    def events(self) -> list[str]:
        """What the trail says of check pages, oldest first."""
        actor = self.member.actor
        with self.member.app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
            found = db.session.query(Event).order_by(Event.sequence)
            return [one.tag for one in found if one.tag.startswith("check_page:")]


def _live(view: CheckPageView) -> LivePage:
    assert view.page is not None, "the check page is off"
    return view.page


def boxes_of(answer: TestResponse) -> dict[str, bool]:
    """The boxes of the form on a page, and which are ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]* name="show" value="(\w+)"([^>]*)>', answer.text)
    return {name: "checked" in rest for name, rest in boxes}
