"""What is accepted, in which spelling it is kept, and which facts are read out of it."""

import pytest

from entitylocker.identifiers import IdentifierKind, OrganisationKind, kinds_for, parse_identifier

CIN, LLPIN, PAN = IdentifierKind.CIN, IdentifierKind.LLPIN, IdentifierKind.PAN
GSTIN, UDYAM, DEPARTMENT = IdentifierKind.GSTIN, IdentifierKind.UDYAM, IdentifierKind.DEPARTMENT


@pytest.mark.parametrize("kind", list(IdentifierKind))
def test_the_example_shown_beside_a_field_is_accepted_as_it_stands(kind):
    assert parse_identifier(kind, kind.example).value == kind.example


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (CIN, "u72900gj2023ptc138457", "U72900GJ2023PTC138457"),
        (CIN, " U72900 GJ 2023 PTC 138457\n", "U72900GJ2023PTC138457"),
        (CIN, "U72900-GJ-2023-PTC-138457", "U72900GJ2023PTC138457"),
        (CIN, "U७२९००GJ२०२३PTC१३८४५७", "U72900GJ2023PTC138457"),
        (CIN, "Ｕ７２９００ＧＪ２０２３ＰＴＣ１３８４５７", "U72900GJ2023PTC138457"),
        (LLPIN, "aab1234", "AAB-1234"),
        (LLPIN, "AAB–1234", "AAB-1234"),
        (PAN, "aacca 1234 f", "AACCA1234F"),
        (PAN, "AACCA\N{ZERO WIDTH SPACE}1234F", "AACCA1234F"),
        (GSTIN, "27 AAPFU0939F 1ZV", "27AAPFU0939F1ZV"),
        (GSTIN, "२७AAPFU०९३९F१ZV", "27AAPFU0939F1ZV"),
        (UDYAM, "udyam mh 26 0123456", "UDYAM-MH-26-0123456"),
        (UDYAM, "UDYAMMH260123456", "UDYAM-MH-26-0123456"),
        (UDYAM, "UDYAM\N{MINUS SIGN}MH\N{NON-BREAKING HYPHEN}26\N{EM DASH}0123456", "UDYAM-MH-26-0123456"),
        (DEPARTMENT, " pwd  mh ", "PWD-MH"),
        (DEPARTMENT, "PWD – MH", "PWD-MH"),
        (DEPARTMENT, "P2", "P2"),
        (DEPARTMENT, "A" * 20, "A" * 20),
    ],
)
def test_every_way_of_writing_it_is_kept_in_one_spelling(kind, text, value):
    assert parse_identifier(kind, text).value == value


def test_two_spellings_are_the_same_identifier():
    assert parse_identifier(LLPIN, "aab 1234") == parse_identifier(LLPIN, "AAB-1234")
    assert len({parse_identifier(LLPIN, "aab 1234"), parse_identifier(LLPIN, "AAB-1234")}) == 1


def test_facts_of_a_cin():
    assert parse_identifier(CIN, "L17110MH1973PLC019786").facts == {
        "listed": True,
        "industry": "17110",
        "state": "MH",
        "state_name": "Maharashtra",
        "year": 1973,
        "company_type": "PLC",
        "serial": "019786",
    }


def test_facts_of_a_gstin():
    assert parse_identifier(GSTIN, "27AAPFU0939F1ZV").facts == {
        "state": "MH",
        "state_name": "Maharashtra",
        "pan": "AAPFU0939F",
        "holder_type": "F",
        "holder": "firm",
        "registration": "regular",
    }


def test_facts_of_a_udyam_number_and_of_a_pan():
    udyam = parse_identifier(UDYAM, "UDYAM-KR-03-0123456").facts
    assert (udyam["state"], udyam["state_name"], udyam["district"]) == ("KA", "Karnataka", "03")
    assert parse_identifier(PAN, "AAAGP0012C").facts == {"holder_type": "G", "holder": "government"}


@pytest.mark.parametrize(
    ("letters", "state"), [("TZ", "TN"), ("PN", "MH"), ("TG", "TS"), ("OR", "OD"), ("UR", "UK"), ("CT", "CG")]
)
def test_letters_of_older_registers_are_read_as_the_state_of_today(letters, state):
    assert parse_identifier(CIN, f"U72900{letters}2003PTC138457").facts["state"] == state


def test_ladakh_and_the_centre_are_known_although_the_library_lacks_them():
    assert parse_identifier(GSTIN, "38AAACA0001A1ZU").facts["state"] == "LA"
    assert "state" not in parse_identifier(GSTIN, _with_check_character("97AAACA0001A1Z")).facts
    deductor = parse_identifier(GSTIN, _with_check_character("27AAAGP0001A1D"))
    assert deductor.facts["registration"] == "tax_deductor"


def _with_check_character(body: str) -> str:
    """The published rule written out once more: weights 1 and 2 in turn, base-36 digit sums."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = 0
    for place, character in enumerate(body):
        product = alphabet.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return body + alphabet[-total % 36]


def test_every_kind_of_organisation_has_a_number_to_ask_for():
    for organisation_kind in OrganisationKind:
        kinds = kinds_for(organisation_kind)
        assert kinds
        assert len(set(kinds)) == len(kinds)
    assert kinds_for(OrganisationKind.COMPANY)[0] is CIN
    assert kinds_for(OrganisationKind.LLP)[0] is LLPIN
    assert kinds_for(OrganisationKind.GOVERNMENT_DEPARTMENT)[0] is DEPARTMENT
    assert CIN not in kinds_for(OrganisationKind.TRUST)
