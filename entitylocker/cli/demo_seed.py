"""What a demo begins with: people, two organisations, signed papers, a portal. Made once, through the services."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import click
from flask import Flask
from joserfc.jwk import ECKey

from entitylocker.access import Actor, ActorKind, Means, Role
from entitylocker.accounts.service import add_operator, add_person
from entitylocker.cli.demo_papers import demo_papers
from entitylocker.cli.demo_people import (
    COMPANY,
    DEPARTMENT,
    OPERATOR,
    ORGANISATIONS,
    PORTAL_NAME,
    PORTAL_TYPES,
    UNIT_NAME,
    DemoOrganisation,
    DemoPerson,
)
from entitylocker.cli.demo_portal import DEMO_FILE
from entitylocker.config import Settings, write_private
from entitylocker.delegations import service as delegations
from entitylocker.identifiers import OrganisationKind
from entitylocker.organisations import service as organisations
from entitylocker.organisations.rules import today
from entitylocker.portals import approval
from entitylocker.portals import service as portals
from entitylocker.sandbox.papers import TestAuthority, make_paper
from entitylocker.units import service as units
from entitylocker.vault import service as vault
from entitylocker.vault.papers import PaperSource
from entitylocker.vault.views import Details

_OPERATOR_ACTOR = Actor(kind=ActorKind.OPERATOR, means=Means.COMMAND, name=OPERATOR[0])
_UNFINISHED = "unfinished"


def seed_demo(app: Flask, settings: Settings, *, portal_url: str, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill an empty installation; later starts answer what was made then. Passwords are random for each home."""
    path = settings.home / "secrets" / DEMO_FILE
    if path.exists():
        facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if _UNFINISHED in facts:
            raise click.ClickException(
                f"The first start of this home did not come to its end. Remove {settings.home} and start again."
            )
        return facts
    say("Making invented people, organisations and papers (only once)")
    write_private(path, json.dumps({_UNFINISHED: True}).encode())
    with app.test_request_context(base_url=settings.base_url):
        facts = _Seed(settings, portal_url).run()
    write_private(path, json.dumps(facts, indent=1).encode())
    return facts


class _Seed:
    """One filling. Every act goes through the service a person would use, as that person."""

    def __init__(self, settings: Settings, portal_url: str) -> None:
        self._settings = settings
        self._portal_url = portal_url
        self._authority = TestAuthority(settings.home / "demo-authority")
        self._passwords: dict[str, str] = {}
        self._persons: dict[str, UUID] = {}
        self._ids: dict[str, UUID] = {}

    def run(self) -> dict[str, Any]:
        self._trust_the_demo_authority()
        operator_password = secrets.token_urlsafe(12)
        add_operator(name=OPERATOR[0], email=OPERATOR[1], password=operator_password)
        for organisation in ORGANISATIONS:
            self._open(organisation)
        self._open_unit()
        self._fill_vaults()
        portal = self._register_portal()
        return {
            "operator": {"email": OPERATOR[1], "password": operator_password},
            "organisations": [self._facts(organisation) for organisation in ORGANISATIONS],
            "portal": portal,
            "trust_dir": str(self._authority.trust_dir),
        }

    def _trust_the_demo_authority(self) -> None:
        for certificate in Path(self._authority.trust_dir).iterdir():
            write_private(self._settings.trust_directory / certificate.name, certificate.read_bytes())

    def _open(self, organisation: DemoOrganisation) -> None:
        founder, *others = organisation.people
        self._ids[organisation.key] = organisations.register_organisation(
            self._as_person(founder),
            name=organisation.name,
            kind=organisation.kind,
            identifier_kind=organisation.identifier_kind,
            identifier=organisation.identifier,
            letter=self._order_letter(organisation),
        )
        for pending in organisations.list_pending_identifiers(_OPERATOR_ACTOR):
            organisations.verify_identifier(_OPERATOR_ACTOR, pending.id, note="Seen by the operator of the demo.")
        for person in others:
            issued = organisations.invite_member(self._as_member(organisation, founder), person.email, person.role)
            token = urlsplit(issued.link).path.rsplit("/", 1)[-1]
            organisations.redeem_invitation(self._as_person(person), token)

    def _open_unit(self) -> None:
        """A unit of the department, vouched for, that one of its officers looks after from there."""
        head, officer = (self._as_member(DEPARTMENT, person) for person in DEPARTMENT.people[:2])
        kind = OrganisationKind.GOVERNMENT_DEPARTMENT
        unit_id = units.open_child(head, name=UNIT_NAME, kind=kind, note="Order 7 of 2026")
        letter = self._order_letter(DEPARTMENT)
        assert letter is not None and officer.membership_id is not None
        units.vouch_for(head, unit_id, letter)
        units.give_branch(
            head,
            membership_id=officer.membership_id,
            unit_id=unit_id,
            starts_on=today(),
            ends_on=None,
            reason="Brings the division's people in",
        )

    def _order_letter(self, organisation: DemoOrganisation) -> organisations.Letter | None:
        if organisation.kind is not OrganisationKind.GOVERNMENT_DEPARTMENT:
            return None
        lines = [
            f"To the operator of the locker: {organisation.name}, code {organisation.identifier},",
            "opens an account.",
        ]
        paper = make_paper("unsigned", "Order", lines, authority=self._authority)
        return organisations.Letter("order.pdf", io.BytesIO(paper))

    def _as_person(self, person: DemoPerson) -> Actor:
        if person.email not in self._persons:
            self._passwords[person.email] = secrets.token_urlsafe(12)
            self._persons[person.email] = add_person(
                name=person.name, email=person.email, password=self._passwords[person.email]
            )
        return Actor(
            kind=ActorKind.PERSON, means=Means.SESSION, name=person.name, person_id=self._persons[person.email]
        )

    def _as_member(self, organisation: DemoOrganisation, person: DemoPerson) -> Actor:
        actor = delegations.load_member(self._persons[person.email], None, self._ids[organisation.key])
        assert actor is not None, f"{person.name} is a member"
        return actor

    def _fill_vaults(self) -> None:
        clerk = self._as_member(COMPANY, COMPANY.people[1])
        folders = self._make_folders(clerk, ["Registrations", "Tax", "Board"])
        for paper in demo_papers(today()):
            content = make_paper(paper.kind, paper.title, list(paper.lines), authority=self._authority)
            upload = vault.Upload(paper.filename, PaperSource(io.BytesIO(content)))
            details = Details(paper.title, paper.type_code, paper.number, paper.issued_on, paper.expires_on)
            vault.deposit(clerk, upload, details, folders[paper.folder])
        self._delegate(folders["Tax"])

    def _make_folders(self, clerk: Actor, names: list[str]) -> dict[str, UUID]:
        top = vault.get_top(clerk).folder
        assert top is not None
        return {name: vault.create_folder(clerk, top.id, name).id for name in names}

    def _delegate(self, folder_id: UUID) -> None:
        """Kiran reads and files in one folder for ninety days: the example of a delegation."""
        begins = today()
        kiran = self._as_member(COMPANY, COMPANY.people[4])
        assert kiran.membership_id is not None
        delegations.give_delegation(
            self._as_member(COMPANY, COMPANY.people[0]),
            membership_id=kiran.membership_id,
            role=Role.RECORDS_OFFICER,
            folder_id=folder_id,
            starts_on=begins,
            ends_on=begins + timedelta(days=90),
            reason="Files the tax papers while the accountant is on leave",
        )

    def _register_portal(self) -> dict[str, Any]:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": secrets.token_hex(4)})
        redirect_uri = f"{self._portal_url}/callback"
        portal = portals.register_portal(
            self._as_member(DEPARTMENT, DEPARTMENT.people[0]),
            {
                "name": PORTAL_NAME,
                "homepage": self._portal_url,
                "contact": "portal@pwd.example",
                "redirect_uris": redirect_uri,
                "jwks": json.dumps({"keys": [key.as_dict(private=False)]}),
                "document_types": list(PORTAL_TYPES),
            },
        )
        approval.approve_portal(_OPERATOR_ACTOR, portal.id)
        return {"client_id": portal.client_id, "private_jwk": key.as_dict(private=True), "redirect_uri": redirect_uri}

    def _facts(self, organisation: DemoOrganisation) -> dict[str, Any]:
        return {
            "id": str(self._ids[organisation.key]),
            "name": organisation.name,
            "people": [
                {"email": person.email, "password": self._passwords[person.email], "role": person.part}
                for person in organisation.people
            ],
        }
