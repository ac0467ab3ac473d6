"""Hostile text in everything that says who an organisation is: refused in words, or kept harmless."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from flask import Flask
from stdnum import luhn

from entitylocker.access import Role
from entitylocker.identifiers import IdentifierKind, OrganisationKind
from entitylocker.organisations import service
from entitylocker.organisations.errors import AlreadyNamed, NoDirectors
from tests.factories import Member, Organisations, next_pan
from tests.organisations.identity import events_of, in_days, post, rows_of

LONG = "A" * 10_000
HOSTILE = ["\0", "A\0B", "\u202e" * 3, LONG, "९" * 10_000, "\u200b", "<script>alert(1)</script>", "'; DROP TABLE x--"]
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")


def is_harmless(text: str) -> bool:
    return all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs") for letter in text) and len(text) <= 200


@pytest.fixture
def member(organisations: Organisations) -> Member:
    return organisations.make(verified=False)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", [kind.value for kind in IdentifierKind])
def test_no_hostile_text_is_an_identifier(member: Member, kind: str, text: str) -> None:
    answer = post(member, f"/organisations/{member.organisation_id}/identifiers", identifier_kind=kind, identifier=text)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.get_data(as_text=True)
    assert len(rows_of(member)) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_reasons_are_refused_or_cleaned(member: Member, text: str) -> None:
    path = f"/organisations/{member.organisation_id}/name"
    for form in ({"name": text, "reason": "order"}, {"name": f"House {next_pan()}", "reason": text}):
        answer = post(member, path, **form)
        assert answer.status_code in (303, 422)
        assert is_harmless(member.actor.organisation_name)
        page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
        assert "<script>alert" not in page
    for event in events_of(member.app, member.organisation_id):
        assert "\0" not in str(event.data)
        assert "\u202e" not in str(event.data)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_directors_are_refused_or_cleaned(member: Member, text: str) -> None:
    path = f"/organisations/{member.organisation_id}/directors"
    assert post(member, path, din=text, name="Asha Rao").status_code == 422
    assert post(member, path, din="00000001", name=text).status_code in (303, 422)
    with member.app.test_request_context():
        directors = service.get_details(member.actor).directors
    assert all(is_harmless(director.name) for director in directors)
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    assert "<script>alert" not in page


@pytest.mark.parametrize("day", ["\0", "31-12-2030", "2030-02-30", "9999-12-31", "0001-01-01", LONG, "२०३०-०१-०१"])
def test_a_last_day_that_is_none_is_refused(member: Member, day: str) -> None:
    form = {"identifier_kind": "fssai", "identifier": "10020022000001", "valid_until": day}
    answer = post(member, f"/organisations/{member.organisation_id}/identifiers", **form)
    assert answer.status_code == 422 or rows_of(member)[0].valid_until is not None
    assert answer.status_code < 500


def test_digits_of_other_scripts_are_digits(member: Member) -> None:
    pan = rows_of(member)[0].value
    body = f"27{pan}1Z"
    gstin = body + luhn.calc_check_digit(body, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    path = f"/organisations/{member.organisation_id}/identifiers"
    form = {"identifier_kind": "gstin", "identifier": gstin.translate(DEVANAGARI), "valid_until": ""}
    assert post(member, path, **form).status_code == 303
    assert rows_of(member)[0].value == gstin
    directors = f"/organisations/{member.organisation_id}/directors"
    assert post(member, directors, din="०१२३ ४५६७", name="आशा राव").status_code == 303
    with member.app.test_request_context():
        (director,) = service.get_details(member.actor).directors
    assert (director.din, director.name) == ("01234567", "आशा राव")


def test_a_directors_number_is_no_identifier_of_the_organisation(member: Member) -> None:
    path = f"/organisations/{member.organisation_id}/identifiers"
    assert post(member, path, identifier_kind="din", identifier="00000001").status_code == 422
    page = member.client().get("/organisations/new").get_data(as_text=True)
    assert 'value="lei"' in page
    assert 'value="din"' not in page


def test_directors_are_named_once_and_taken_off(app: Flask, organisations: Organisations, member: Member) -> None:
    with app.test_request_context():
        first = service.add_director(member.actor, din="00000001", name="Asha Rao")
        service.add_director(member.actor, din="00000002", name="Asha Rao")
        with pytest.raises(AlreadyNamed):
            service.add_director(member.actor, din="0000 0001", name="Somebody Else")
        service.end_director(member.actor, first)
        service.add_director(member.actor, din="00000001", name="Asha Rao")
        assert [each.din for each in service.get_details(member.actor).directors] == ["00000002", "00000001"]
    assert not member.actor.organisation_verified, "they verify nothing"
    tags = [event.tag for event in events_of(app, member.organisation_id)]
    assert (tags.count("director:add"), tags.count("director:end")) == (3, 1)
    reader = organisations.add_member(Role.READER, member.organisation_id)
    path = f"/organisations/{member.organisation_id}/directors"
    assert post(reader, path, din="00000003", name="X").status_code == 403
    other = organisations.make()
    with app.test_request_context():
        director = service.get_details(member.actor).directors[0]
    assert post(other, f"/organisations/{other.organisation_id}/directors/{director.id}/end").status_code == 404


def test_a_trust_has_no_directors(app: Flask, organisations: Organisations) -> None:
    pan = next_pan()
    trust = organisations.make(kind=OrganisationKind.TRUST, identifier=pan[:3] + "T" + pan[4:])
    with app.test_request_context(), pytest.raises(NoDirectors):
        service.add_director(trust.actor, din="00000001", name="Asha Rao")
    page = trust.client().get(f"/organisations/{trust.organisation_id}/details").get_data(as_text=True)
    assert "Directors and designated partners" not in page


SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("tan", {"identifier": "MUMA00001A"}),
    ("iec", {"identifier": "0388000011"}),
    ("fssai", {"identifier": "10020022000001", "valid_until": in_days(90).isoformat()}),
    ("lei", {"identifier": "213800KUD8LAJWSQ9D15", "valid_until": in_days(300).isoformat()}),
]


def test_every_new_kind_is_stated_by_form_and_shown(member: Member) -> None:
    path = f"/organisations/{member.organisation_id}/identifiers"
    for kind, form in SAMPLES:
        assert post(member, path, identifier_kind=kind, **form).status_code == 303, kind
    page = member.client().get(f"/organisations/{member.organisation_id}/details").get_data(as_text=True)
    for _, form in SAMPLES:
        assert form["identifier"] in page
    assert "For example 335800EXAMPLE0000129" in page
    assert len(rows_of(member)) == len(SAMPLES) + 1


def test_an_iec_of_another_pan_is_refused_with_both_numbers(member: Member) -> None:
    pan = next_pan()
    path = f"/organisations/{member.organisation_id}/identifiers"
    answer = post(member, path, identifier_kind="iec", identifier=pan)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert pan in page
    assert rows_of(member)[0].value in page
