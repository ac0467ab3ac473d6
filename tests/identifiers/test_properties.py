"""Rules that hold for all identifiers, not only for those somebody thought of."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import lei as stdnum_lei
from stdnum import luhn
from stdnum.in_ import gstin as stdnum_gstin
from stdnum.in_ import pan as stdnum_pan
from stdnum.iso7064 import mod_97_10

from entitylocker.identifiers import (
    IdentifierKind,
    InvalidIdentifier,
    OrganisationKind,
    checked_against_one_another,
    oddities,
    parse_identifier,
)
from entitylocker.identifiers.places import COMPANY_TYPES, GST_STATES, STATES

ALPHABET = string.digits + string.ascii_uppercase
KINDS = st.sampled_from(list(IdentifierKind))

PANS = st.from_regex(r"[A-Z]{3}[ABCEFGHJKLPT][A-Z][0-9]{4}[A-Z]", fullmatch=True).filter(
    lambda value: value[5:9] != "0000"
)
CINS = st.builds(
    "{}{}{}{}{}{:06d}".format,
    st.sampled_from("LU"),
    st.from_regex(r"[0-9]{5}", fullmatch=True),
    st.sampled_from(sorted(STATES)),
    st.integers(1850, 2025),
    st.sampled_from(sorted(COMPANY_TYPES)),
    st.integers(1, 999_999),
)
UDYAMS = st.builds(
    "UDYAM-{}-{:02d}-{:07d}".format,
    st.sampled_from(sorted(STATES)),
    st.integers(0, 99),
    st.integers(1, 9_999_999),
)


TANS = st.from_regex(r"[A-Z]{4}[0-9]{5}[A-Z]", fullmatch=True)
OLDER_IECS = st.builds("{:02d}{:08d}".format, st.integers(0, 99), st.integers(1, 99_999_999))
FSSAIS = st.from_regex(r"[12][0-9]{13}", fullmatch=True)
DINS = st.builds("{:08d}".format, st.integers(1, 99_999_999))
LEIS = st.from_regex(r"[A-Z0-9]{18}", fullmatch=True).map(lambda body: body + mod_97_10.calc_check_digits(body))

DEVANAGARI, FULL_WIDTH = "०१२३४५६७८९", "０１２３４５６７８９"
OTHER_DIGITS = [str.maketrans(string.digits, digits) for digits in (DEVANAGARI, FULL_WIDTH)]


@st.composite
def gstins(draw):
    body = draw(st.sampled_from(sorted(GST_STATES))) + draw(PANS) + draw(st.sampled_from(ALPHABET[1:])) + "Z"
    return body + luhn.calc_check_digit(body, ALPHABET)


VALID = st.one_of(
    st.tuples(st.just(IdentifierKind.PAN), PANS),
    st.tuples(st.just(IdentifierKind.GSTIN), gstins()),
    st.tuples(st.just(IdentifierKind.CIN), CINS),
    st.tuples(st.just(IdentifierKind.UDYAM), UDYAMS),
    st.tuples(st.just(IdentifierKind.TAN), TANS),
    st.tuples(st.just(IdentifierKind.IEC), st.one_of(PANS, OLDER_IECS)),
    st.tuples(st.just(IdentifierKind.FSSAI), FSSAIS),
    st.tuples(st.just(IdentifierKind.LEI), LEIS),
    st.tuples(st.just(IdentifierKind.DIN), DINS),
)


@given(KINDS, st.text(max_size=60))
def test_any_text_is_read_or_refused_and_never_breaks(kind, text):
    try:
        outcome = parse_identifier(kind, text).value
    except InvalidIdentifier as refused:
        outcome = refused.code.upper().replace("_", "-")
    assert re.fullmatch(r"[A-Z0-9-]+", outcome)


@given(VALID, st.data())
def test_spacing_case_and_script_never_matter(pair, data):
    kind, value = pair
    written = value.lower() if data.draw(st.booleans()) else value
    written = written.translate(data.draw(st.sampled_from(OTHER_DIGITS)))
    separators = st.sampled_from(["", "", " ", "-", "–", "\u00a0", "\u200b"])
    spaced = "".join(character + data.draw(separators) for character in written)
    assert parse_identifier(kind, spaced) == parse_identifier(kind, value)


@given(VALID)
def test_reading_a_normalised_value_again_changes_nothing(pair):
    kind, value = pair
    once = parse_identifier(kind, value)
    assert once.value == value
    assert parse_identifier(kind, once.value) == once


@given(gstins(), st.data())
def test_one_wrong_character_of_a_gstin_is_always_found(value, data):
    position = data.draw(st.integers(0, 14))
    character = data.draw(st.sampled_from(ALPHABET).filter(lambda c: c != value[position]))
    with pytest.raises(InvalidIdentifier):
        parse_identifier(IdentifierKind.GSTIN, value[:position] + character + value[position + 1 :])


@given(st.one_of(gstins(), st.text(ALPHABET, min_size=15, max_size=15)))
def test_whatever_the_standard_library_of_numbers_accepts_is_accepted(value):
    if stdnum_gstin.is_valid(value):
        assert parse_identifier(IdentifierKind.GSTIN, value).facts["pan"] == stdnum_gstin.to_pan(value)


@given(st.one_of(PANS, st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z]", fullmatch=True)))
def test_pans_are_those_of_the_standard_library_of_numbers_and_those_of_partnerships(value):
    """E as the fourth letter stands in lists of the tax department, for partnerships, and not in the library."""
    try:
        accepted = parse_identifier(IdentifierKind.PAN, value).value == value
    except InvalidIdentifier:
        accepted = False
    known = value[:3] + "F" + value[4:] if value[3] == "E" else value
    assert accepted == stdnum_pan.is_valid(known)


@given(LEIS)
def test_leis_are_those_of_the_standard_library_of_numbers(value):
    assert stdnum_lei.is_valid(value)
    assert parse_identifier(IdentifierKind.LEI, value).value == value


@given(LEIS, st.data())
def test_one_wrong_character_of_an_lei_is_always_found(value, data):
    """Within letters and within digits; one for the other changes the length of the number that is divided."""
    position = data.draw(st.integers(0, 19))
    alike = string.digits if value[position].isdigit() else string.ascii_uppercase
    character = data.draw(st.sampled_from(alike).filter(lambda c: c != value[position]))
    with pytest.raises(InvalidIdentifier):
        parse_identifier(IdentifierKind.LEI, value[:position] + character + value[position + 1 :])


# A letter counts as two digits (B as 11), so these pairs are the same number either way round: no rule can tell.
ALIKE_BOTH_WAYS = {"B1", "1B", "M2", "2M", "X3", "3X"}


@given(LEIS, st.integers(0, 16))
def test_two_characters_of_an_lei_that_changed_places_are_found(value, position):
    pair = value[position : position + 2]
    swapped = value[:position] + pair[::-1] + value[position + 2 :]
    if swapped == value or pair in ALIKE_BOTH_WAYS:
        assert parse_identifier(IdentifierKind.LEI, swapped)
        return
    with pytest.raises(InvalidIdentifier):
        parse_identifier(IdentifierKind.LEI, swapped)


@given(PANS, st.sampled_from(list(OrganisationKind)))
def test_an_iec_of_today_and_the_gstin_agree_with_the_pan_they_are_made_of(pan, kind):
    gstin = "27" + pan + "1Z"
    numbers = [
        parse_identifier(IdentifierKind.PAN, pan),
        parse_identifier(IdentifierKind.IEC, pan),
        parse_identifier(IdentifierKind.GSTIN, gstin + luhn.calc_check_digit(gstin, ALPHABET)),
    ]
    found = {type(problem).__name__ for problem in checked_against_one_another(numbers, kind)}
    assert found <= {"PanOfAnotherHolder"}


@given(st.lists(VALID, max_size=6), st.sampled_from([None, *OrganisationKind]))
def test_any_numbers_are_compared_in_words_and_never_break(pairs, kind):
    numbers = [parse_identifier(*pair) for pair in pairs]
    for problem in [*checked_against_one_another(numbers, kind), *oddities(numbers)]:
        assert "%" not in problem.text()


@given(VALID, st.data())
def test_the_position_named_is_the_position_of_the_wrong_character(pair, data):
    kind, value = pair
    plain = value.replace("-", "")
    position = data.draw(st.integers(5 if kind is IdentifierKind.UDYAM else 0, len(plain) - 1))
    with pytest.raises(InvalidIdentifier) as refused:
        parse_identifier(kind, plain[:position] + "*" + plain[position + 1 :])
    assert refused.value.facts["position"] == position + 1
    assert refused.value.facts["typed"] == "*"
