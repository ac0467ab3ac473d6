"""Identifiers of one organisation are held against one another."""

import string

import pytest
from stdnum import luhn

from entitylocker.identifiers import (
    IdentifierKind,
    OrganisationKind,
    checked_against_one_another,
    oddities,
    parse_identifier,
)

COMPANY_PAN = parse_identifier(IdentifierKind.PAN, "AAACA0001A")
COMPANY_GSTIN = parse_identifier(IdentifierKind.GSTIN, "27AAACA0001A1ZX")
SECOND_GSTIN = parse_identifier(IdentifierKind.GSTIN, "38AAACA0001A1ZU")
FIRM_GSTIN = parse_identifier(IdentifierKind.GSTIN, "27AAPFU0939F1ZV")
FIRM_PAN = parse_identifier(IdentifierKind.PAN, "AAPFU0939F")
CIN = parse_identifier(IdentifierKind.CIN, "U72900GJ2023PTC138457")
LLPIN = parse_identifier(IdentifierKind.LLPIN, "AAB-1234")
UDYAM = parse_identifier(IdentifierKind.UDYAM, "UDYAM-MH-26-0123456")
IEC = parse_identifier(IdentifierKind.IEC, "AAACA0001A")
OLDER_IEC = parse_identifier(IdentifierKind.IEC, "0388000011")
TAN = parse_identifier(IdentifierKind.TAN, "MUMA00001A")
SECOND_TAN = parse_identifier(IdentifierKind.TAN, "PNEA00002B")
DEPARTMENT = parse_identifier(IdentifierKind.DEPARTMENT, "PWD-MH")
LICENCE = parse_identifier(IdentifierKind.FSSAI, "10020022000001")
SECOND_LICENCE = parse_identifier(IdentifierKind.FSSAI, "10024022000002")
LEI = parse_identifier(IdentifierKind.LEI, "506700GE1G29325QX363")
DIRECTORS = [parse_identifier(IdentifierKind.DIN, number) for number in ("00000001", "00000002")]


def with_check(body):
    return parse_identifier(
        IdentifierKind.GSTIN, body + luhn.calc_check_digit(body, string.digits + string.ascii_uppercase)
    )


TAN_GSTIN = with_check("27MUMA00001A1D")


def codes(identifiers, kind=None):
    return [problem.code for problem in checked_against_one_another(identifiers, kind)]


def test_a_company_whose_numbers_fit():
    numbers = [CIN, COMPANY_PAN, COMPANY_GSTIN, SECOND_GSTIN, UDYAM]
    assert codes(numbers, OrganisationKind.COMPANY) == []
    assert codes(numbers, OrganisationKind.MSME) == []
    assert codes(numbers) == []
    assert codes([]) == []


def test_a_gstin_that_carries_another_pan():
    (problem,) = checked_against_one_another([COMPANY_PAN, FIRM_GSTIN])
    assert problem.code == "gstin_of_another_pan"
    assert "AAPFU0939F" in problem.text()
    assert "AAACA0001A" in problem.text()


def test_gstins_of_two_pans_disagree_even_without_a_pan():
    assert codes([COMPANY_GSTIN, SECOND_GSTIN]) == []
    assert codes([COMPANY_GSTIN, FIRM_GSTIN]) == ["gstins_of_two_pans"]


@pytest.mark.parametrize(
    ("numbers", "kind", "expected"),
    [
        ([FIRM_PAN], OrganisationKind.COMPANY, ["pan_of_another_holder"]),
        ([FIRM_PAN], OrganisationKind.LLP, []),
        ([FIRM_PAN], OrganisationKind.PARTNERSHIP, []),
        ([COMPANY_PAN], OrganisationKind.TRUST, ["pan_of_another_holder"]),
        ([COMPANY_PAN], OrganisationKind.GOVERNMENT_DEPARTMENT, ["pan_of_another_holder"]),
        ([COMPANY_PAN], OrganisationKind.OTHER, []),
        ([FIRM_PAN], OrganisationKind.MSME, []),
        ([FIRM_PAN, CIN], OrganisationKind.MSME, ["pan_of_another_holder"]),
        ([FIRM_PAN, CIN], None, ["pan_of_another_holder"]),
        ([COMPANY_PAN, LLPIN], None, ["pan_of_another_holder"]),
        ([FIRM_GSTIN], OrganisationKind.COMPANY, ["pan_of_another_holder"]),
        ([FIRM_GSTIN, FIRM_PAN], OrganisationKind.COMPANY, ["pan_of_another_holder"]),
        ([CIN], OrganisationKind.TRUST, ["identifier_not_for_this_kind"]),
        ([CIN, LLPIN], None, ["cin_and_llpin"]),
        ([COMPANY_PAN, COMPANY_PAN], None, []),
        ([COMPANY_PAN, FIRM_PAN], None, ["identifier_more_than_one"]),
        ([IEC, COMPANY_PAN, COMPANY_GSTIN], OrganisationKind.COMPANY, []),
        ([IEC, FIRM_PAN], None, ["iec_of_another_pan"]),
        ([IEC, FIRM_GSTIN], None, ["iec_of_another_pan"]),
        ([OLDER_IEC, FIRM_PAN, FIRM_GSTIN], OrganisationKind.LLP, []),
        ([IEC], OrganisationKind.TRUST, ["pan_of_another_holder"]),
        ([TAN, SECOND_TAN, DEPARTMENT, TAN_GSTIN], OrganisationKind.GOVERNMENT_DEPARTMENT, []),
        ([SECOND_TAN, TAN_GSTIN], None, ["gstin_of_another_tan"]),
        ([TAN_GSTIN, COMPANY_PAN, COMPANY_GSTIN], OrganisationKind.COMPANY, []),
        ([LICENCE, SECOND_LICENCE, *DIRECTORS], OrganisationKind.COMPANY, []),
        ([LEI, parse_identifier(IdentifierKind.LEI, "213800KUD8LAJWSQ9D15")], None, ["identifier_more_than_one"]),
        ([DEPARTMENT], OrganisationKind.COMPANY, ["identifier_not_for_this_kind"]),
        ([UDYAM], OrganisationKind.GOVERNMENT_DEPARTMENT, ["identifier_not_for_this_kind"]),
    ],
)
def test_what_cannot_be_true_together(numbers, kind, expected):
    assert codes(numbers, kind) == expected


@pytest.mark.parametrize(
    ("kind", "letters"),
    [
        (OrganisationKind.COMPANY, "C"),
        (OrganisationKind.LLP, "EF"),
        (OrganisationKind.PARTNERSHIP, "EF"),
        (OrganisationKind.PROPRIETORSHIP, "HP"),
        (OrganisationKind.TRUST, "ABJKT"),
        (OrganisationKind.SOCIETY, "ABJKT"),
        (OrganisationKind.GOVERNMENT_DEPARTMENT, "ABGJLT"),
        (OrganisationKind.MSME, "ABCEFGHJKLPT"),
        (OrganisationKind.OTHER, "ABCEFGHJKLPT"),
    ],
)
def test_the_fourth_letter_of_the_pan_fits_the_kind(kind, letters):
    taken = [
        letter
        for letter in "ABCEFGHJKLPT"
        if not codes([parse_identifier(IdentifierKind.PAN, f"AAA{letter}A0001A")], kind)
    ]
    assert "".join(taken) == letters


def odd(*identifiers):
    return [oddity.code for oddity in oddities(identifiers)]


def test_what_is_only_unusual_is_told_and_never_refused():
    listed = parse_identifier(IdentifierKind.CIN, "L72900MH2023PTC138457")
    public = parse_identifier(IdentifierKind.CIN, "L17110MH1973PLC019786")
    assert odd(listed) == ["cin_listed_though_private"]
    assert odd(public, COMPANY_GSTIN, LICENCE) == []
    assert odd(CIN, LICENCE) == ["fssai_before_cin"]
    assert odd(CIN, SECOND_LICENCE) == []
    assert odd(COMPANY_PAN, COMPANY_GSTIN) == []


def test_a_company_of_a_state_where_it_has_no_gstin_is_worth_a_look():
    (oddity,) = oddities([CIN, COMPANY_GSTIN, SECOND_GSTIN])
    assert oddity.text() == (
        "The CIN is of Gujarat, and no GSTIN is: Maharashtra, Ladakh. A company may trade in other states than its own."
    )
    at_home = with_check("24AAACA0001A1Z")
    assert odd(CIN, COMPANY_GSTIN, at_home) == []
    assert odd(CIN, with_check("99AAACA0001A1Z")) == [], "the centre is no state"
    assert codes([CIN, COMPANY_PAN, COMPANY_GSTIN], OrganisationKind.COMPANY) == []
