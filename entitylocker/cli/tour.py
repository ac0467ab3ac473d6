"""`entitylocker tour`: the main job over HTTP against a running demo, a line for each step."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import requests

from entitylocker.cli.demo_portal import DEMO_FILE
from entitylocker.cli.options import home_option, json_option, settings_of
from entitylocker.cli.tour_person import Person, UnexpectedAnswer
from entitylocker.sandbox.faults import PortalFault, Refused
from entitylocker.sandbox.papers import TestAuthority, make_paper
from entitylocker.sandbox.portal_client import PortalClient, callback_parameters
from entitylocker.sandbox.records import DocumentRequest, Grant, PushedRequest

CHECK_SECONDS = 60
# What must stand in the trail afterwards, in this order.
TRAIL = (
    "document:deposit", "verdict:reached", "consent:give", "document:fetch", "consent:revoke", "document:fetch_refused",
)  # fmt: skip


@click.command()
@home_option
@click.option("--base", help="Address of the running demo, if it is not the one that the home remembers.")
@json_option
def tour(home: Path, base: str | None, as_json: bool) -> None:
    """Do the main job once: deposit, verdict, consent, fetch, withdrawal, refusal, trail.

    It signs in as people of the running demo and acts as its sample portal. The exit code is 0 only if every step did
    what it should.
    """
    settings = settings_of(home)
    made = settings.home / "secrets" / DEMO_FILE
    if not made.exists():
        raise click.ClickException(f"There is no demo in {settings.home}. Start one with `entitylocker demo`.")
    facts = json.loads(made.read_text("utf-8"))
    journey = Tour(base or settings.base_url, facts, TestAuthority(settings.home / "demo-authority"))
    steps = [_take(name, step, as_json) for name, step in journey.steps()]
    if as_json:
        click.echo(json.dumps(steps, indent=1))
    sys.exit(0 if all(step["ok"] for step in steps) else 1)


def _take(name: str, step: Callable[[], str], as_json: bool) -> dict[str, Any]:
    began = time.monotonic()
    try:
        ok, text = True, step()
    except (UnexpectedAnswer, PortalFault, requests.RequestException) as fault:
        ok, text = False, str(fault)
    seconds = round(time.monotonic() - began, 2)
    click.echo(f"{'ok    ' if ok else 'FAILED'} {name:<15} {text} ({seconds} s)", err=as_json)
    return {"step": name, "ok": ok, "text": text, "seconds": seconds}


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UnexpectedAnswer(otherwise)


@dataclass
class Tour:
    """One journey; each step leaves what the next one needs."""

    base: str
    facts: dict[str, Any]
    authority: TestAuthority
    document: dict[str, Any] = field(default_factory=dict)
    content: bytes = b""

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """The steps in order; a failed one does not keep the others from being tried."""
        yield "deposited", self.deposit
        yield "verdict", self.await_verdict
        yield "requested", self.request
        yield "consented", self.consent
        yield "fetched", self.fetch
        yield "withdrawn", self.withdraw
        yield "refused", self.be_refused
        yield "audit verified", self.read_trail

    @property
    def _organisation(self) -> str:
        return f"/organisations/{self.facts['organisations'][0]['id']}"

    def _person(self, role: str) -> Person:
        people = self.facts["organisations"][0]["people"]
        found = next(person for person in people if person["role"] == role)
        return Person(self.base, found["email"], found["password"])

    def deposit(self) -> str:
        """The records officer deposits a signed paper."""
        number = f"TOUR/{datetime.now(UTC):%Y%m%d%H%M%S}"
        self.content = make_paper(
            "valid", "GST registration certificate", [f"Number {number}"], authority=self.authority
        )
        self.clerk = self._person("records_officer")
        fields = {"title": "GST registration certificate (tour)", "type_code": "GSTRC", "number": number}
        path = f"/api/v1{self._organisation}/documents"
        self.document = self.clerk.upload(path, f"{self._organisation}/documents", fields, "tour.pdf", self.content)
        return f"{self.document['title']}, {len(self.content)} bytes"

    def await_verdict(self) -> str:
        """The locker says who signed it and whether it is intact and trusted."""
        deadline = time.monotonic() + CHECK_SECONDS
        address = f"/api/v1{self._organisation}/documents/{self.document['document_id']}/report"
        answer = self.clerk.get(address).json()
        while answer["verdict"] == "checking" and time.monotonic() < deadline:
            time.sleep(0.3)
            answer = self.clerk.get(address).json()
        _expect(answer["verdict"] == "valid", f"the verdict is {answer['verdict']}, not valid")
        signers = ", ".join(answer["report"]["by_whom"])
        return f"valid, signed by {signers}"

    def request(self) -> str:
        """The portal asks for documents."""
        portal = self.facts["portal"]
        self.portal = PortalClient(
            issuer=self.base, client_id=portal["client_id"], private_jwk=portal["private_jwk"],
            redirect_uri=portal["redirect_uri"],
        )  # fmt: skip
        until = (datetime.now(UTC) + timedelta(days=30)).date()
        self.pushed: PushedRequest = self.portal.push_request(
            DocumentRequest(("GSTRC",), "Bid in tender 2026/PWD/318", until, times=5, least_verdict="valid")
        )
        return f"one type, until {until}"

    def consent(self) -> str:
        """The signatory allows exactly the deposited document."""
        self.signatory = self._person("signatory")
        page = self.portal.authorization_url(self.pushed)
        self.signatory.get(page)
        fields = {
            "decision": "allow",
            "organisation_id": self.facts["organisations"][0]["id"],
            "documents": self.document["document_id"],
        }
        answer = self.signatory.post(page, page, fields)
        callback = callback_parameters(answer.headers["Location"])
        self.grant: Grant = self.portal.redeem(callback, self.pushed)
        return f"consent {self.grant.consent_id}"

    def fetch(self) -> str:
        """The portal fetches exactly that document."""
        documents = self.portal.list_documents(self.grant)
        _expect([d.id for d in documents] == [self.document["document_id"]], "other documents than the consented one")
        content = self.portal.fetch_content(self.grant, documents[0].id)
        _expect(content.data == self.content, "the bytes differ from those deposited")
        return f"{len(content.data)} bytes, the same as deposited, verdict {documents[0].verdict}"

    def withdraw(self) -> str:
        """The signatory withdraws the consent."""
        page = f"{self._organisation}/consents"
        self.signatory.post(f"{page}/{self.grant.consent_id}/revoke", page, {})
        return "by the signatory"

    def be_refused(self) -> str:
        """The portal is refused."""
        try:
            self.portal.fetch_content(self.grant, self.document["document_id"])
        except Refused as refused:
            return f"{refused.status} {refused.code}"
        raise UnexpectedAnswer("the portal could still fetch")

    def read_trail(self) -> str:
        """The auditor finds every step, in order."""
        auditor = self._person("auditor")
        lines = list(
            csv.DictReader(io.StringIO(auditor.get(f"{self._organisation}/activity.csv").content.decode("utf-8-sig")))
        )
        numbers = [int(line["sequence"]) for line in lines]
        _expect(numbers == list(range(1, len(numbers) + 1)), "the numbers of the trail have gaps")
        deposits = [n for n, line in enumerate(lines) if line["event"] == TRAIL[0] and "(tour)" in line["subject"]]
        events = iter([line["event"] for line in lines[deposits[-1] :]] if deposits else [])
        missing = [tag for tag in TRAIL if tag not in events]
        _expect(not missing, f"not in the trail: {', '.join(missing)}")
        return f"{len(lines)} events without a gap, every step among them"
