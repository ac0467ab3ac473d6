"""Two organisations with everything in them, and everybody who might come: for the permission matrix."""

from __future__ import annotations

import base64
import functools
import io
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts.factor_models import Passkey
from entitylocker.accounts.models import AddressChange, PasswordReset, SignUp
from entitylocker.accounts.passwords import hash_password
from entitylocker.accounts.people import tenant_of_person
from entitylocker.accounts.service import Visit, add_operator
from entitylocker.accounts.sessions import open_session
from entitylocker.accounts.tokens import new_token
from entitylocker.delegations.giving import give_delegation
from entitylocker.extensions import Base, db, utc_now
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.notifications.service import list_outbox
from entitylocker.organisations import service as organisations_service
from entitylocker.organisations.rules import today
from entitylocker.portals import service as portals
from entitylocker.sharing import service as sharing
from entitylocker.sharing.views import Choices
from entitylocker.signatures.report import Report, SignatureReport
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import TableKind, Tenant
from entitylocker.trust import service as trust
from entitylocker.vault import service as vault
from entitylocker.vault.models import Version
from tests.architecture.matrix_citizen import lending
from tests.architecture.matrix_federation import (
    FEDERATION_FIELDS,
    FEDERATION_KINDS,
    FEDERATION_USED_UP,
    FederationThings,
)
from tests.architecture.matrix_life import LIFE_FIELDS, LIFE_USED_UP, LifeThings
from tests.architecture.matrix_onboarding import (
    ONBOARDING_FIELDS,
    ONBOARDING_KINDS,
    ONBOARDING_USED_UP,
    OnboardingThings,
)
from tests.architecture.matrix_units import UNIT_FIELDS, UNIT_KINDS, UNIT_USED_UP, UnitThings
from tests.factories import PASSWORD, Member, Organisations, Person, csrf_token, next_pan
from tests.oauth.world import PDF, Program, World, make_world, new_key, portal_data, register
from tests.trust.authorities import make_authority

ROLES = tuple(role.value for role in Role)
PEOPLE = ("stranger", *ROLES, "other_administrator", "removed", "operator")
ACTORS = ("anonymous", *PEOPLE, "portal", "other_portal", "garbage")
# Traces of refusals are what a refusal leaves; sequence heads move with them.
_NOT_COMPARED = {"events", "event_heads", "refusal_counts"}
_TRACES = ("access:refused", "document:fetch_refused")
_numbers = itertools.count(1)
_shown = itertools.cycle(["show_title", "show_signers"])


@dataclass
class House:
    """An organisation and one of each thing in it."""

    administrator: Member
    ids: dict[str, UUID] = field(default_factory=dict)

    @property
    def organisation_id(self) -> UUID:
        return self.administrator.organisation_id


@dataclass
class Visitor:
    """Somebody who comes: `person` None for programs and for nobody."""

    client: FlaskClient
    person: Person | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @functools.cached_property
    def csrf_token(self) -> str:
        """A token that every form of theirs may send."""
        return csrf_token(self.client)

    def forget_notices(self) -> None:
        """Nothing of an earlier act is shown on the next page."""
        with self.client.session_transaction() as cookie:
            cookie.pop("_flashes", None)


class Scene(LifeThings, UnitThings, FederationThings, OnboardingThings):
    """Everything a request of the matrix may name."""

    def __init__(self, app: Flask, issuer: str) -> None:
        self.app = app
        self.organisations = Organisations(app)
        self.world: World = make_world(app, self.organisations, issuer)
        self.own = House(self.world.giver)
        self.other = House(self.organisations.make(name="Malabar Traders"))
        self.guests = self.organisations.make(name="Open House")
        other_program = register(app, self.organisations, issuer, self.own.administrator)
        self.tokens = {
            "portal": self._consent(self.own, self.world.program),
            "other_portal": self._consent(self.other, other_program),
        }
        for house in (self.own, self.other):
            self._furnish(house)
        self.check_code = self._check_code()
        self.sign_up_token = self.sign_up()
        self.visitors = {name: self._visitor(name) for name in ACTORS}

    def _furnish(self, house: House) -> None:
        kinds = ("folder_id", "membership_id", "invitation_id", "delegation_id", "portal_id", "identifier_id")
        for kind in (*kinds, "certificate_id", "director_id", "change_id", "proposal_id"):
            house.ids[kind] = self.fresh(kind, house)
        house.ids["binned_id"] = self.fresh("binned_id", house)
        house.ids["lending_id"] = lending(self, house)
        for kind in (*UNIT_KINDS, *FEDERATION_KINDS, "agent_id", *ONBOARDING_KINDS):
            house.ids[kind] = self.fresh(kind, house)

    def _consent(self, house: House, program: Program) -> str:
        """Deposit a document, give it to a portal; answers the portal's access token."""
        world = World(
            self.app, self.organisations, self.world.issuer, house.administrator, self.world.keeper, program, {}
        )
        document_id = world.deposit("PANCR")
        world.documents["PANCR"] = document_id
        self._sign(house, document_id)
        tokens = world.tokens(details=program.details(fetch={"times": 500}))
        house.ids |= {"document_id": document_id, "consent_id": UUID(tokens["consent_id"])}
        return str(tokens["access_token"])

    def _sign(self, house: House, document_id: UUID) -> None:
        """Let the document have a report as if somebody had signed half of it."""
        signature = SignatureReport("Signature1", Verdict.VALID, signed_bytes=len(PDF) // 2)
        report = Report(Verdict.VALID, utc_now(), signatures=(signature,))
        with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=house.organisation_id)):
            signed = update(Version).where(Version.document_id == document_id)
            db.session.execute(signed.values(report=report.to_json()))

    def _check_code(self) -> str:
        """The code of a check page that stays on."""
        with self.app.test_request_context():
            document_id = self._new_document_id(self.own)
            page = sharing.issue_check_page(self.own.administrator.actor, document_id, Choices()).page
        assert page is not None
        return page.code

    # People

    def _visitor(self, name: str) -> Visitor:
        if name in self.tokens or name in ("anonymous", "garbage"):
            visitor = Visitor(self.app.test_client())
            if name != "anonymous":
                visitor.headers["Authorization"] = f"Bearer {self.tokens.get(name, 'garbage')}"
        else:
            person = self._person(name)
            visitor = Visitor(person.client(), person)
        # Limits by address are kept apart from those of other tests.
        visitor.client.environ_base["REMOTE_ADDR"] = "198.51.100.7"
        return visitor

    def _person(self, name: str) -> Person:
        if name == "administrator":
            return self.own.administrator
        if name == "other_administrator":
            return self.other.administrator
        if name == Role.BRANCH_ADMINISTRATOR:
            return self.seated()
        if name in ROLES:
            return self.organisations.add_member(Role(name), self.own.organisation_id)
        if name == "removed":
            return self._removed()
        person = self.organisations.person()
        if name == "operator":
            with self.app.app_context():
                add_operator(name=person.name, email=person.email, password=PASSWORD)
        return person

    def _removed(self) -> Person:
        member = self.organisations.add_member(Role.ADMINISTRATOR, self.own.organisation_id)
        with self.app.test_request_context():
            # One administrator alone removes no other: this one goes.
            organisations_service.leave_organisation(member.actor)
        return member

    def leaver(self, role: str) -> Member:
        """A member of that role who may be lost."""
        if role == Role.BRANCH_ADMINISTRATOR:
            return self.seated()
        return self.organisations.add_member(Role(role), self.own.organisation_id)

    def another_session(self, person: Person) -> Person:
        """The same person with a session more."""
        with self.app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
            token = open_session(person.person_id, Visit("198.51.100.7", "pytest"))
        with self.app.app_context():
            session_id = Organisations._session(token)
        return Person(self.app, person.person_id, person.name, person.email, token, session_id)

    # Things

    def fresh(self, kind: str, house: House) -> UUID:
        """A new thing of `kind` in `house`."""
        if kind == "consent_id":
            # Given over HTTP: a request inside another context would share who is signed in there.
            return self._new_consent_id(house)
        with self.app.test_request_context():
            made: UUID = getattr(self, f"_new_{kind}")(house)
            return made

    def _new_document_id(self, house: House) -> UUID:
        return self.world.deposit("PANCR", member=house.administrator)

    def _new_binned_id(self, house: House) -> UUID:
        document_id = self._new_document_id(house)
        vault.bin_document(house.administrator.actor, document_id)
        return document_id

    def _new_folder_id(self, house: House) -> UUID:
        top = vault.get_top(house.administrator.actor).folder
        assert top is not None
        return vault.create_folder(house.administrator.actor, top.id, f"Folder {next(_numbers)}").id

    def _new_membership_id(self, house: House) -> UUID:
        membership_id = self.organisations.add_member(Role.READER, house.organisation_id).actor.membership_id
        assert membership_id is not None
        return membership_id

    def _new_invitation_id(self, house: House) -> UUID:
        return self.invite(house.administrator)[0]

    def _new_delegation_id(self, house: House) -> UUID:
        return give_delegation(
            house.administrator.actor, membership_id=house.ids["membership_id"], role=Role.READER,
            folder_id=house.ids["folder_id"], starts_on=today(), ends_on=None, reason="for the matrix",
        )  # fmt: skip

    def _new_portal_id(self, house: House) -> UUID:
        return portals.register_portal(house.administrator.actor, portal_data(new_key())).id

    def _new_certificate_id(self, house: House) -> UUID:
        authority = make_authority()
        trust.add_certificates(house.administrator.actor, [authority.der])
        return next(row.id for row in trust.list_trust(house.administrator.actor).added if row.name == authority.name)

    @functools.cached_property
    def common_certificate_id(self) -> UUID:
        """A certificate that the operator added for everybody."""
        authority = make_authority()
        with self.app.test_request_context():
            operator = self.organisations.operator()
            trust.add_to_installation(operator, [authority.der])
            added = trust.list_installation(operator).added
        return next(row.id for row in added if row.name == authority.name)

    def _new_identifier_id(self, house: House) -> UUID:
        letter = organisations_service.Letter("order.pdf", io.BytesIO(PDF))
        department = OrganisationKind.GOVERNMENT_DEPARTMENT
        founder = self.organisations.person()
        del house
        organisation_id = organisations_service.register_organisation(
            founder.actor, name="Department of Tests", kind=department, identifier_kind=IdentifierKind.DEPARTMENT,
            identifier=f"TEST-{uuid4().hex[:8].upper()}", letter=letter,
        )  # fmt: skip
        for pending in organisations_service.list_pending_identifiers(self.organisations.operator()):
            if pending.organisation_id == organisation_id:
                return pending.id
        raise AssertionError("the identifier does not wait for the operator")

    def _new_director_id(self, house: House) -> UUID:
        din = f"{next(_numbers):08d}"
        return organisations_service.add_director(house.administrator.actor, din=din, name="Asha Rao")

    def _new_change_id(self, house: House) -> UUID:
        """A change of name that waits for the operator; `house` has one, too, to be withdrawn."""
        another = self.organisations.make(name="Renamed Once")
        for member in (house.administrator, another):
            letter = organisations_service.Letter("order.pdf", io.BytesIO(PDF))
            organisations_service.change_name(member.actor, name="Another Name", reason="for the matrix", letter=letter)
        for pending in organisations_service.list_pending_names(self.organisations.operator()):
            if pending.organisation_id == another.organisation_id:
                return pending.id
        raise AssertionError("the change of name does not wait for the operator")

    def _new_consent_id(self, house: House) -> UUID:
        del house
        return UUID(self.world.tokens()["consent_id"])

    def passkey_of(self, person: Person) -> UUID:
        """A passkey of theirs."""
        passkey = Passkey(
            id=uuid4(), person_id=person.person_id, credential_id=uuid4().bytes, public_key=b"none", sign_count=0,
            transports="", is_synced=False, is_backed_up=False, aaguid="", name="Key",
        )  # fmt: skip
        with self.app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
            db.session.add(passkey)
        return passkey.id

    def sign_up(self) -> str:
        """The token of a sign-up that waits for its confirmation."""
        token, digest = new_token()
        with self.app.app_context(), tenancy.transaction(Tenant()):
            db.session.add(
                SignUp(
                    token_digest=digest, name="Asha Rao", email="asha@example.in",
                    password_hash=hash_password("unknown"), expires_at=utc_now() + timedelta(days=1),
                )
            )  # fmt: skip
        return token

    def mail_id(self) -> UUID:
        """A mail in the outbox."""
        with self.app.app_context():
            return list_outbox(limit=1)[0].id

    @functools.cached_property
    def _forgetful(self) -> Person:
        """Somebody whom links in mails are about."""
        return self.organisations.person("Leela Forgetful")

    def reset_token(self) -> str:
        """The token of a link that sets a new password."""
        return self._put_link(self._forgetful, lambda digest, person: PasswordReset(
            token_digest=digest, person_id=person.person_id, expires_at=utc_now() + timedelta(minutes=30),
        ))  # fmt: skip

    def address_token(self, person: Person | None, *, confirmed: bool = False) -> str:
        """The token of a link that takes over an address (the same as before), or undoes that."""
        return self._put_link(person or self._forgetful, lambda digest, found: AddressChange(
            person_id=found.person_id, token_digest=new_token()[1] if confirmed else digest, old_email=found.email,
            old_normalised=found.email, new_email=found.email, expires_at=utc_now() + timedelta(hours=1),
            confirmed_at=utc_now() if confirmed else None, undo_digest=digest if confirmed else None,
            undo_until=utc_now() + timedelta(days=7) if confirmed else None,
        ))  # fmt: skip

    def _put_link(self, person: Person, make: Callable[[bytes, Person], Base]) -> str:
        token, digest = new_token()
        with self.app.app_context(), tenancy.transaction(tenant_of_person(person.person_id)):
            db.session.add(make(digest, person))
        return token

    def invite(self, administrator: Member, email: str | None = None) -> tuple[UUID, str]:
        """An open invitation: its id and its token."""
        with self.app.test_request_context():
            issued = organisations_service.invite_member(
                administrator.actor, email or f"guest{next(_numbers)}@example.in", Role.READER
            )
        return issued.id, urlsplit(issued.link).path.rsplit("/", 1)[-1]

    # What is compared

    def state(self) -> list[tuple[Any, ...]]:
        """A digest of every row of both organisations, refusals apart."""
        found: list[tuple[Any, ...]] = []
        tables = [
            table.name
            for table in Base.metadata.tables.values()
            if table.info.get("kind") in (TableKind.OWN, TableKind.TWO_PARTY) and table.name not in _NOT_COMPARED
        ]
        query = " UNION ALL ".join(
            f"SELECT '{name}', count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
            for name in sorted(tables)
        )
        acts = text("SELECT tag, count(*) FROM events WHERE NOT (tag = ANY(:traces)) GROUP BY tag ORDER BY tag")
        for house in (self.own, self.other):
            with self.app.app_context(), tenancy.transaction(Tenant(organisation_id=house.organisation_id)):
                found += [tuple(row) for row in db.session.execute(text(query))]
                found += [tuple(row) for row in db.session.execute(acts, {"traces": list(_TRACES)})]
        return found


def multipart_file(**fields: str) -> dict[str, Any]:
    return {**fields, "file": (io.BytesIO(PDF), "paper.pdf")}


# What a POST sends beside its CSRF token: minimal, and such that whoever may do it can.
FIELDS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "web.set_display": lambda scene: {"theme": "dark"},
    "web.set_language": lambda scene: {"lang": "en"},
    "accounts.sign_in": lambda scene: {"email": f"nobody{next(_numbers)}@example.in", "password": "not the password"},
    "accounts.sign_up": lambda scene: {
        "name": "Asha Rao", "email": f"asha{uuid4().hex[:8]}@example.in", "password": "a long enough password for Asha",
    },
    "accounts.confirm": lambda scene: {"password": "a long enough password"},
    "accounts.rename_passkey": lambda scene: {"name": f"Key {next(_numbers)}"},
    "accounts.add_passkey": lambda scene: {"name": "Key", "credential": "none"},
    "accounts.passkey": lambda scene: {"credential": "none"},
    "organisations.set_second_factor": lambda scene: {"required": "no"},
    "accounts.set_language": lambda scene: {"language": "en"},
    "accounts.forgotten": lambda scene: {"email": f"nobody{next(_numbers)}@example.in"},
    "accounts.reset_password": lambda scene: {"password": "seven wet otters juggle"},
    "accounts.change_password": lambda scene: {"current_password": "not the password", "password": "short"},
    "accounts.change_email": lambda scene: {"email": f"other{uuid4().hex[:8]}@example.in"},
    "organisations.register": lambda scene: {
        "name": "New Organisation", "kind": "company", "identifier_kind": "pan", "identifier": next_pan(),
    },
    "organisations.state_identifier": lambda scene: {"identifier_kind": "pan", "identifier": next_pan()},
    "organisations.add_director": lambda scene: {"din": f"{next(_numbers):08d}", "name": "Asha Rao"},
    "organisations.change_name": lambda scene: {"name": "Yet Another Name", "reason": "for the matrix"},
    "organisations.change_role": lambda scene: {"role": "auditor"},
    "organisations.invite": lambda scene: {"email": f"guest{next(_numbers)}@example.in", "role": "reader"},
    "delegations.give": lambda scene: {
        "membership_id": str(scene.own.ids["membership_id"]), "role": "reader", "starts_on": today().isoformat(),
        "reason": "for the matrix",
    },
    "vault.edit": lambda scene: {"title": f"Title {next(_numbers)}", "type_code": "PANCR"},
    "vault.unlock": lambda scene: {"password": "a password"},
    "vault.new_folder": lambda scene: {"name": f"Folder {next(_numbers)}"},
    "vault.rename_folder": lambda scene: {"name": f"Folder {next(_numbers)}"},
    "vault.send_document": lambda scene: multipart_file(),
    "vault.send_version": lambda scene: multipart_file(),
    "documents_api.deposit": lambda scene: multipart_file(),
    "sharing.check_file": lambda scene: multipart_file(),
    "public_check_api.check": lambda scene: multipart_file(),
    "sharing.issue": lambda scene: {"show": "show_title"},
    "sharing.change": lambda scene: {"show": next(_shown)},
    "portals.register": lambda scene: portal_data(new_key()),
    "trust.look": lambda scene: {"files": (io.BytesIO(make_authority().pem), "authority.pem")},
    "trust.add": lambda scene: {"certificates": base64.b64encode(make_authority().der).decode()},
    "trust.set_policy": lambda scene: {"claimed_time": "suffices"},
    "operator_trust.look": lambda scene: {"files": (io.BytesIO(make_authority().pem), "authority.pem")},
    "operator_trust.add": lambda scene: {"certificates": base64.b64encode(make_authority().der).decode()},
    "oauth.authorize": lambda scene: {
        "client_id": scene.world.program.client_id, "request_uri": scene.world.program.pushed(), "decision": "allow",
        "organisation_id": str(scene.own.organisation_id), "documents": [str(scene.own.ids["document_id"])],
    },
    "operator.verify_identifier": lambda scene: {"note": "seen"},
    "operator.refuse_identifier": lambda scene: {"reason": "not readable"},
    "operator.decide_dispute": lambda scene: {"reason": "asked the register", "decision": "stays"},
    "operator.refuse_name": lambda scene: {"reason": "not readable"},
    "operator.refuse_portal": lambda scene: {"reason": "not known"},
    "operator.suspend_portal": lambda scene: {"reason": "complaints"},
    **UNIT_FIELDS,
    **FEDERATION_FIELDS,
    **LIFE_FIELDS,
    **ONBOARDING_FIELDS,
    "oauth.endpoints.push": lambda scene: {"client_id": scene.world.program.client_id, "response_type": "code"},
    "oauth.endpoints.token": lambda scene: {"grant_type": "authorization_code", "code": "none"},
    "oauth.endpoints.revoke": lambda scene: {"token": scene.tokens["portal"]},
}  # fmt: skip

# Acts that use their thing up: whoever may do it gets a new one.
USED_UP = {
    "vault.bin_document": "document_id",
    "vault.restore": "binned_id",
    "vault.send_version": "document_id",
    "vault.check_again": "document_id",
    "organisations.revoke_invitation": "invitation_id",
    "organisations.end_membership": "membership_id",
    "organisations.end_director": "director_id",
    "delegations.revoke": "delegation_id",
    "trust.remove": "certificate_id",
    "consents.revoke": "consent_id",
    **UNIT_USED_UP,
    **FEDERATION_USED_UP,
    **LIFE_USED_UP,
    **ONBOARDING_USED_UP,
}
# `document_id` means a document in the bin here.
IN_BIN = {"vault.restore"}

_VARYING = re.compile(
    r'[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|value="[^"]{40,}"|content="[^"]{40,}"', re.IGNORECASE
)


def plain(body: str) -> str:
    """A body without what belongs to one request: ids of the address, CSRF tokens."""
    return _VARYING.sub("…", body)
