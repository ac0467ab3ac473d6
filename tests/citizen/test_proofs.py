"""Showing a proof to an organisation, and offline e-KYC as a proof."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.citizen.jobs import note_ending
from entitylocker.citizen.models import CitizenProof, ShownProof
from entitylocker.extensions import db
from entitylocker.organisations.service import end_membership
from entitylocker.tenancy import Tenant
from tests.citizen.ekyc_files import CODE, PHOTO, Signer, genuine, make_signer, pack, sign, unsigned
from tests.citizen.house import Citizens, said
from tests.factories import Person


def send(citizens: Citizens, person: Person, data: bytes, code: str = CODE, **fields: str) -> Any:
    return citizens.browser(person).post(
        "/account/citizen/proofs", file=(io.BytesIO(data), "offline.zip"), code=code, **fields
    )


def shown(citizens: Citizens, person: Person) -> list[ShownProof]:
    return citizens.rows(person, ShownProof)


def show(citizens: Citizens, person: Person, source_id: Any, place: Any, **fields: str) -> Any:
    return citizens.browser(person).post(
        "/account/citizen/shown", source_id=str(source_id), organisation_id=str(place), **fields
    )


def test_a_file_becomes_a_proof_and_only_the_result_is_kept(citizens: Citizens, ekyc_signer: Signer) -> None:
    person = citizens.organisations.person()
    data = genuine(ekyc_signer, last_digits="8642")
    assert send(citizens, person, data).status_code == 303
    [proof] = citizens.rows(person, CitizenProof)
    assert (proof.name, proof.born_on) == ("Meera Joshi", None)
    assert len(proof.signer_sha256) == 64 and len(proof.reference_digest) == 32
    with citizens.app.app_context(), tenancy.transaction(Tenant(person_id=person.person_id)):
        kept = str(db.session.execute(text("SELECT to_jsonb(p) FROM citizen_proofs p")).scalars().all())
    assert PHOTO[:40] not in kept and "8642" not in kept.replace(proof.reference_digest.hex(), "").replace(
        proof.signer_sha256, ""
    )
    assert "proof:add" in [event.tag for event in citizens.events() if event.actor_id == person.person_id]


def test_the_day_of_birth_is_kept_only_if_the_person_ticks_it(citizens: Citizens, ekyc_signer: Signer) -> None:
    person = citizens.organisations.person()
    send(citizens, person, genuine(ekyc_signer), with_birthday="1")
    assert str(citizens.rows(person, CitizenProof)[0].born_on) == "1991-02-14"


def test_a_file_that_was_one_persons_proof_is_nobody_elses_even_after_it_was_forgotten(
    citizens: Citizens, ekyc_signer: Signer
) -> None:
    owner, other = citizens.organisations.person(), citizens.organisations.person()
    data = genuine(ekyc_signer)
    assert send(citizens, owner, data).status_code == 303
    assert send(citizens, owner, data).status_code == 303, "again by the same person does no harm"
    refused = send(citizens, other, data)
    assert refused.status_code == 422 and "cannot be used for your account" in said(refused)
    [proof] = citizens.rows(owner, CitizenProof)
    citizens.browser(owner).post(f"/account/citizen/proofs/{proof.id}/remove")
    assert citizens.rows(owner, CitizenProof) == []
    assert send(citizens, other, data).status_code == 422
    assert citizens.rows(other, CitizenProof) == []


def _altered(signer: Signer) -> bytes:
    document = sign(unsigned(), signer)
    document.find("UidData/Poi").set("name", "Ravi Kulkarni")
    return pack(document)


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (_altered, CODE, "was changed, or UIDAI did not sign it"),
        (lambda signer: genuine(make_signer()), CODE, "was changed, or UIDAI did not sign it"),
        (lambda signer: pack(unsigned()), CODE, "Nobody signed this file"),
        (genuine, "0000", "share code does not open"),
        (lambda signer: b"%PDF-1.7", CODE, "no ZIP file"),
        (lambda signer: pack(b"<a/>"), CODE, "no offline e-KYC"),
        (lambda signer: b"P" * (1024 * 1024 + 1), CODE, "larger than any"),
        (lambda signer: genuine(signer, made_at=datetime.now(UTC) - timedelta(days=4)), CODE, "older than 3 days"),
    ],
)
def test_what_proves_nothing_is_refused_in_words(
    citizens: Citizens, ekyc_signer: Signer, make: Any, code: str, words: str
) -> None:
    person = citizens.organisations.person()
    answer = send(citizens, person, make(ekyc_signer), code)
    assert answer.status_code == 422 and words in said(answer)
    assert f'value="{code}"' not in answer.text and "Please fill this in" not in said(answer)
    assert citizens.rows(person, CitizenProof) == []


def test_an_organisation_sees_a_proof_only_once_it_is_shown_and_only_that_much(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link = citizens.link(person)
    people = f"/organisations/{administrator.organisation_id}/people"
    admin = citizens.browser(administrator)
    assert "Proved to be" not in said(admin.get(people))
    assert show(citizens, person, link.id, administrator.organisation_id).status_code == 303
    page = said(admin.get(people))
    assert f"Proved to be {link.name}" in page and "Sample digilocker" in page and "born on" not in page
    show(citizens, person, link.id, administrator.organisation_id, with_birthday="1")
    assert "born on" in said(admin.get(people))
    [row] = shown(citizens, person)
    assert citizens.browser(person).post(f"/account/citizen/shown/{row.id}/hide").status_code == 303
    assert "Proved to be" not in said(admin.get(people))
    tags = citizens.tags(administrator.organisation_id)
    assert tags.count("proof:show") == 2 and tags.count("proof:hide") == 1


def test_a_proof_is_shown_to_nobody_after_its_link_or_the_membership_ended(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    person, administrator = citizens.member()
    link = citizens.link(person)
    place = administrator.organisation_id
    show(citizens, person, link.id, place)
    [row] = shown(citizens, person)
    citizens.browser(person).post(f"/account/citizen/links/{link.id}/end")
    assert shown(citizens, person) == []
    citizens.do(note_ending, str(place), str(row.id), "proof")
    assert "proof:hide" in citizens.tags(place)
    again = citizens.link(person)
    show(citizens, person, again.id, place)
    membership_id = person.actor.membership_id
    assert membership_id is not None
    with citizens.app.test_request_context():
        end_membership(administrator.actor, membership_id)
    assert shown(citizens, person) == []


def test_nobody_shows_anothers_proof_or_shows_it_where_they_do_not_belong(citizens: Citizens) -> None:
    citizens.fresh_citizen("meera")
    owner, administrator = citizens.member()
    other, _ = citizens.member(Role.READER, to=administrator)
    link = citizens.link(owner)
    elsewhere = citizens.organisations.make()
    assert show(citizens, other, link.id, administrator.organisation_id).status_code == 404
    assert show(citizens, owner, link.id, elsewhere.organisation_id).status_code == 404
    show(citizens, owner, link.id, administrator.organisation_id)
    [row] = shown(citizens, owner)
    assert citizens.browser(other).post(f"/account/citizen/shown/{row.id}/hide").status_code == 404
    assert len(shown(citizens, owner)) == 1
    assert citizens.browser(other).post(f"/account/citizen/links/{link.id}/end").status_code == 404
    assert citizens.browser(other).get(f"/account/citizen/links/{link.id}/lend").status_code == 404


def test_without_certificates_offline_ekyc_is_not_offered(citizens: Citizens, monkeypatch: pytest.MonkeyPatch) -> None:
    room = citizens.app.extensions["entitylocker"]
    monkeypatch.setattr(room, "settings", replace(room.settings, ekyc_certificates=""))
    person = citizens.organisations.person()
    assert "Share code" not in said(citizens.browser(person).get("/account/citizen"))
    assert send(citizens, person, b"PK").status_code == 404
