"""Rows of this room as if people had done something, for tests that go round in all rooms."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import UUID, uuid4

from flask import Flask
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.citizen.models import CitizenLink, CitizenProof, Lending, ShownProof
from entitylocker.citizen.rules import end_of, object_context, object_key
from entitylocker.citizen.sealing import KeptTokens, seal
from entitylocker.extensions import db, utc_now
from entitylocker.organisations.keys import open_key
from entitylocker.organisations.rules import today
from entitylocker.tenancy import Tenant
from entitylocker.web.engine_room import engines
from tests.factories import Person

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def put_link(app: Flask, person: Person) -> UUID:
    """A link whose citizen locker lets us in no longer."""
    link_id = uuid7()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        sealed = seal(link_id, KeptTokens("an access token", "a refresh token"))
        db.session.add(
            CitizenLink(
                id=link_id, person_id=person.person_id, locker_key=f"gone-{uuid4().hex[:8]}", issuer="https://gone.example",
                subject=str(uuid4()), name=person.name, reference_key="", scopes="", proved_at=utc_now(),
                wrapped_key=sealed.wrapped_key, sealed_tokens=sealed.sealed_tokens, broken_at=utc_now(),
            )
        )  # fmt: skip
    return link_id


def put_proof(app: Flask, person: Person) -> UUID:
    """A proof by offline e-KYC, in place of an earlier one."""
    proof_id = uuid7()
    with app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        db.session.query(CitizenProof).filter_by(person_id=person.person_id).delete()
        db.session.add(
            CitizenProof(
                id=proof_id, person_id=person.person_id, name=person.name, proved_at=utc_now(), signed_at=utc_now(),
                signer_sha256="0" * 64, reference_digest=uuid4().bytes * 2,
            )
        )  # fmt: skip
    return proof_id


def put_shown(app: Flask, person: Person, organisation_id: UUID, membership_id: UUID) -> UUID:
    """A proof that a person shows an organisation."""
    shown_id = uuid7()
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=organisation_id)):
        db.session.add(
            ShownProof(
                id=shown_id, organisation_id=organisation_id, membership_id=membership_id, person_id=person.person_id,
                organisation_name="An organisation", source="ekyc", source_id=uuid4(), source_name="",
                name=person.name, proved_at=utc_now(),
            )
        )  # fmt: skip
    return shown_id


def put_lending(app: Flask, person: Person, organisation_id: UUID, membership_id: UUID) -> UUID:
    """A paper that a person lends an organisation, as the member `membership_id`."""
    lending_id, ends_on = uuid7(), today() + timedelta(days=30)
    with app.app_context():
        stored = engines().documents.put_document(
            object_key(organisation_id, lending_id), io.BytesIO(PDF), organisation_key=open_key(organisation_id),
            context=object_context(organisation_id, lending_id),
        )  # fmt: skip
        with tenancy.transaction(Tenant(organisation_id=organisation_id)):
            db.session.add(
                Lending(
                    id=lending_id, organisation_id=organisation_id, organisation_name="An organisation",
                    membership_id=membership_id, person_id=person.person_id, person_name=person.name,
                    link_id=uuid4(), locker_name="Sample", title="Degree certificate",
                    type_code="DGCER", issuer_name="A university", purpose="for the matrix", ends_on=ends_on,
                    ends_at=end_of(ends_on), size=stored.plaintext_size, ciphertext_size=stored.ciphertext_size,
                    sha256=stored.sha256, wrapped_key=stored.wrapped_key, verdict="not_signed", signers=[], reads=0,
                )
            )  # fmt: skip
    return lending_id
