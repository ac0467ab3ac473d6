"""What is accepted, in which spelling it is kept, and which facts are read out of it."""

import pytest
from stdnum.in_ import gstin as stdnum_gstin
from stdnum.iso7064 import mod_97_10

from entitylocker.identifiers import (
    IdentifierKind,
    InvalidIdentifier,
    OrganisationKind,
    kinds_for,
    parse_identifier,
)

CIN, LLPIN, PAN = IdentifierKind.CIN, IdentifierKind.LLPIN, IdentifierKind.PAN
GSTIN, UDYAM, DEPARTMENT = IdentifierKind.GSTIN, IdentifierKind.UDYAM, IdentifierKind.DEPARTMENT
TAN, IEC, FSSAI = IdentifierKind.TAN, IdentifierKind.IEC, IdentifierKind.FSSAI
LEI, DIN = IdentifierKind.LEI, IdentifierKind.DIN


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
        (TAN, "muma 00001 a", "MUMA00001A"),
        (TAN, "MUMA०००१२B", "MUMA00012B"),
        (IEC, "0388 000011", "0388000011"),
        (IEC, "aaaca0001a", "AAACA0001A"),
        (FSSAI, "100 20 022 000001", "10020022000001"),
        (FSSAI, "१००२००२२०००००१", "10020022000001"),
        (LEI, "5067 00GE 1G29 325Q X363", "506700GE1G29325QX363"),
        (LEI, "５０６７００ge1g29325qx363", "506700GE1G29325QX363"),
        (DIN, "0000-0001", "00000001"),
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


@pytest.mark.parametrize("code", ["38", "97", "99"])
def test_state_codes_that_the_library_does_not_know_are_read_and_still_must_add_up(code):
    value = _with_check_character(f"{code}AAACA0001A1Z")
    assert not stdnum_gstin.is_valid(value), "then the way round it is not needed any more"
    assert parse_identifier(GSTIN, value).facts["pan"] == "AAACA0001A"
    wrong = value[:14] + ("0" if value[14] != "0" else "1")
    with pytest.raises(InvalidIdentifier, match="does not add up"):
        parse_identifier(GSTIN, wrong)


@pytest.mark.parametrize(
    ("body", "registration", "carried"),
    [
        ("27AAACA0001A1Z", "regular", {"pan": "AAACA0001A"}),
        ("27AAACA0001A11", "regular", {"pan": "AAACA0001A"}),
        ("27AAACA0001A1A", "regular", {"pan": "AAACA0001A"}),
        ("27AAACA0001A1C", "tax_collector", {"pan": "AAACA0001A"}),
        ("27AAAGP0001A1D", "tax_deductor", {"pan": "AAAGP0001A"}),
        ("27MUMA00001A1D", "tax_deductor", {"tan": "MUMA00001A"}),
        ("27MUMA00001A0Z", "regular", {"tan": "MUMA00001A"}),
        ("2917USA00023UN", "united_nations_body", {}),
        ("2717USA00023ON", "other_notified_body", {}),
        ("0717USA00023NR", "non_resident", {}),
        ("9917USA00023OS", "online_service_from_abroad", {}),
    ],
)
def test_the_forms_that_the_tax_network_publishes_for_its_returns(body, registration, carried):
    """https://developer.gst.gov.in/apiportal/taxpayer/returns: one line for each of its forms."""
    facts = parse_identifier(GSTIN, _with_check_character(body)).facts
    assert facts["registration"] == registration
    assert {name: facts[name] for name in ("pan", "tan") if name in facts} == carried


def _with_check_character(body: str) -> str:
    """The published rule written out once more: weights 1 and 2 in turn, base-36 digit sums."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = 0
    for place, character in enumerate(body):
        product = alphabet.index(character) * (1 + place % 2)
        total += product // 36 + product % 36
    return body + alphabet[-total % 36]


PUBLISHED = [
    (GSTIN, "27AAPFU0939F1ZV"),  # python-stdnum, stdnum.in_.gstin
    (PAN, "ACUPA7085R"),  # python-stdnum, stdnum.in_.pan
    (PAN, "AAPPV8261K"),  # python-stdnum, stdnum.in_.pan
    (LEI, "213800KUD8LAJWSQ9D15"),  # python-stdnum, stdnum.lei
    (LEI, "506700GE1G29325QX363"),  # the foundation that keeps the register (gleif.org), its own
    (CIN, "U72900GJ2023PTC138457"),  # reference of this project, section 6
    (CIN, "L17110MH1973PLC019786"),  # Reliance Industries, as on its letterhead and in the exchanges' filings
]


@pytest.mark.parametrize(("kind", "value"), PUBLISHED)
def test_published_numbers_are_read(kind, value):
    assert parse_identifier(kind, value).value == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (GSTIN, "27AAPFU0939F1ZO"),  # python-stdnum, stdnum.in_.gstin: checksum
        (GSTIN, "369296450896540"),  # python-stdnum, stdnum.in_.gstin: format
        (PAN, "ABMPA32111"),  # python-stdnum, stdnum.in_.pan: last character
        (PAN, "ABMXA3211G"),  # python-stdnum, stdnum.in_.pan: holder
        (PAN, "ACUPA0000R"),  # python-stdnum, stdnum.in_.pan: serial
        (LEI, "213800KUD8LXJWSQ9D15"),  # python-stdnum, stdnum.lei: checksum
    ],
)
def test_published_wrong_numbers_are_refused(kind, value):
    with pytest.raises(InvalidIdentifier):
        parse_identifier(kind, value)


def test_facts_of_the_numbers_without_a_check():
    assert parse_identifier(TAN, "MUMA00001A").facts == {"place": "MUM", "initial": "A", "serial": "00001"}
    assert parse_identifier(IEC, "0388000011").facts["form"] == "before_2018"
    today = parse_identifier(IEC, "AAACA0001A").facts
    assert (today["form"], today["pan"], today["holder_type"]) == ("pan", "AAACA0001A", "C")
    assert parse_identifier(FSSAI, "10020022000001").facts == {"form": "licence", "year": 2020}
    assert parse_identifier(FSSAI, "20020022000001").facts["form"] == "registration"


def test_an_lei_whose_check_digits_the_rule_never_gives_does_not_add_up():
    """ISO 7064 gives 02 to 98; 00, 01 and 99 leave the same rest as 97, 98 and 02."""
    for number in range(10_000):
        body = f"335800{number:012d}"
        digits = mod_97_10.calc_check_digits(body)
        if digits in ("97", "98", "02"):
            other = {"97": "00", "98": "01", "02": "99"}[digits]
            with pytest.raises(InvalidIdentifier):
                parse_identifier(LEI, body + other)
            assert parse_identifier(LEI, body + digits)
            return
    raise AssertionError("no such number was found")


def test_a_directors_number_names_no_organisation():
    assert [kind for kind in IdentifierKind if not kind.of_organisation] == [DIN]
    assert all(DIN not in kinds_for(organisation_kind) for organisation_kind in OrganisationKind)
    assert OrganisationKind.COMPANY.has_directors
    assert not OrganisationKind.TRUST.has_directors


@pytest.mark.parametrize("kind", list(IdentifierKind))
def test_every_kind_says_in_words_what_it_is(kind):
    assert kind.label
    assert kind.help.endswith(".")


def test_every_kind_of_organisation_has_a_number_to_ask_for():
    for organisation_kind in OrganisationKind:
        kinds = kinds_for(organisation_kind)
        assert kinds
        assert len(set(kinds)) == len(kinds)
    assert kinds_for(OrganisationKind.COMPANY)[0] is CIN
    assert kinds_for(OrganisationKind.LLP)[0] is LLPIN
    assert kinds_for(OrganisationKind.GOVERNMENT_DEPARTMENT)[0] is DEPARTMENT
    assert CIN not in kinds_for(OrganisationKind.TRUST)
