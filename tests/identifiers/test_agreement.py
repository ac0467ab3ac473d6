"""Identifiers of one organisation are held against one another."""

import pytest

from entitylocker.identifiers import (
    IdentifierKind,
    OrganisationKind,
    checked_against_one_another,
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
    ],
)
def test_what_cannot_be_true_together(numbers, kind, expected):
    assert codes(numbers, kind) == expected
