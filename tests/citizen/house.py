"""What a person does with their browser between this house and a citizen locker."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.audit.models import OPERATOR_LOG, Event
from entitylocker.citizen.models import CitizenLink, Lending
from entitylocker.extensions import db
from entitylocker.notifications.models import OutboxMessage
from entitylocker.organisations.rules import today
from entitylocker.tenancy import DatabaseRole, Tenant
from tests.factories import Member, Organisations, Person, csrf_token
from tests.sandbox.citizen import RunningLocker


@dataclass
class Browser:
    """One browser, signed in or not."""

    client: FlaskClient

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": csrf_token(self.client), **fields})

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def begin(self, key: str = "digilocker", *, sign_in: bool = False) -> str:
        """Set out; the address of the citizen locker."""
        way = f"/citizen/{key}/sign-in" if sign_in else f"/account/citizen/links/{key}/begin"
        answer = self.post(way)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def come_back(self, address: str) -> TestResponse:
        """Follow the citizen locker's redirect."""
        parts = urlsplit(address)
        return self.client.get(f"{parts.path}?{parts.query}")


@dataclass
class Citizens:
    """The house and its surroundings. `one` is the locker `digilocker`, `two` the locker `other`."""

    app: Flask
    organisations: Organisations
    one: RunningLocker
    two: RunningLocker
    browsers: dict[UUID, Browser] = field(default_factory=dict)

    def browser(self, person: Person) -> Browser:
        if person.person_id not in self.browsers:
            self.browsers[person.person_id] = Browser(person.client())
        return self.browsers[person.person_id]

    def stranger(self) -> Browser:
        return Browser(self.app.test_client())

    def locker(self, key: str) -> RunningLocker:
        return self.one if key == "digilocker" else self.two

    def link(self, person: Person, citizen: str = "meera", key: str = "digilocker") -> CitizenLink:
        """Link as people do; the row."""
        browser = self.browser(person)
        answer = browser.come_back(self.locker(key).walk(browser.begin(key), citizen))
        assert answer.status_code == 303, said(answer)
        return self.rows(person, CitizenLink, CitizenLink.locker_key == key)[0]

    def rows(self, person: Person, table: Any, *conditions: Any) -> list[Any]:
        """Rows of a person."""
        with self.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
            found = select(table).where(table.person_id == person.person_id, *conditions).order_by(table.id)
            return list(db.session.scalars(found))

    def fresh_citizen(self, key: str = "meera", locker: str = "digilocker") -> None:
        """Make the identity free again that other tests have linked."""
        citizen = self.locker(locker).people[key]
        with self.app.app_context(), tenancy.transaction(Tenant()):
            found = db.session.execute(
                text("SELECT * FROM lookup_citizen_person(:issuer, :subject)"),
                {"issuer": self.locker(locker).base_url, "subject": citizen.id},
            ).one_or_none()
        if found is not None:
            with self.app.app_context(), tenancy.transaction(Tenant(person_id=found.person_id)):
                for link_id in db.session.scalars(select(CitizenLink.id).where(CitizenLink.subject == citizen.id)):
                    db.session.execute(text("SELECT * FROM claim_back_citizen_source(:id)"), {"id": link_id})
                    db.session.execute(text("DELETE FROM citizen_links WHERE id = :id"), {"id": link_id})

    def member(self, role: Role = Role.MEMBER, *, to: Member | None = None) -> tuple[Member, Member]:
        """A member with that role, and the administrator of the organisation."""
        administrator = to or self.organisations.make()
        return self.organisations.add_member(role, administrator.organisation_id), administrator

    def uris(self, citizen: str = "meera") -> list[str]:
        return [paper.uri for paper in self.one.people[citizen].papers if paper.doctype != "ADHAR"]

    def terms(self, person: Person, link: CitizenLink, to: Member, **changes: Any) -> dict[str, Any]:
        """The fields of a lending."""
        return {
            "uris": self.uris()[:1], "organisation_id": str(to.organisation_id), "purpose": "Tender of the hospital",
            "ends_on": (today() + timedelta(days=30)).isoformat(), **changes,
        }  # fmt: skip

    def lend(self, person: Person, link: CitizenLink, to: Member, **changes: Any) -> Lending:
        """Lend one paper, through both pages; the row."""
        browser, fields = self.browser(person), self.terms(person, link, to, **changes)
        page = browser.post(f"/account/citizen/links/{link.id}/lend", **fields)
        assert page.status_code == 200, said(page)
        done = browser.post(f"/account/citizen/links/{link.id}/lend", **fields, decision="allow")
        assert done.status_code == 303, said(done)
        row: Lending = self.rows(person, Lending)[-1]
        return row

    def events(self, organisation_id: UUID = OPERATOR_LOG) -> list[Event]:
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
            found = select(Event).where(Event.organisation_id == organisation_id).order_by(Event.sequence)
            return list(db.session.scalars(found))

    def tags(self, organisation_id: UUID) -> list[str]:
        return [event.tag for event in self.events(organisation_id)]

    def mails(self, person: Person) -> list[OutboxMessage]:
        with self.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            sent = select(OutboxMessage).where(OutboxMessage.recipient == person.email).order_by(OutboxMessage.id)
            return list(db.session.scalars(sent))

    def do(self, job: Any, *arguments: Any) -> Any:
        with self.app.app_context():
            return job(*arguments)


def said(answer: TestResponse) -> str:
    """The words of a page without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def state_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["state"][0]
