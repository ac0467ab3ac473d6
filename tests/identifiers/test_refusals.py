"""What is refused, and that the sentence says which character is wrong."""

import pytest

from entitylocker.identifiers import IdentifierKind, InvalidIdentifier, parse_identifier

CIN, LLPIN, PAN = IdentifierKind.CIN, IdentifierKind.LLPIN, IdentifierKind.PAN
GSTIN, UDYAM, DEPARTMENT = IdentifierKind.GSTIN, IdentifierKind.UDYAM, IdentifierKind.DEPARTMENT

CASES = [
    (CIN, "U7O900GJ2023PTC138457", "identifier_digit_expected", 3, "Did you mean zero?"),
    (CIN, "U72900G12023PTC138457", "identifier_letter_expected", 8, "Did you mean the letter I?"),
    (CIN, "U72900GJ2023PTC13845", "identifier_wrong_length", None, "21 letters and digits are needed"),
    (CIN, "X72900GJ2023PTC138457", "identifier_character_not_allowed", 1, "one of L, U"),
    (CIN, "U72900XX2023PTC138457", "identifier_unknown_state", 7, "Characters 7 and 8"),
    (CIN, "U72900GJ1723PTC138457", "identifier_impossible_year", 9, "a year from 1850"),
    (CIN, "U72900GJ9999PTC138457", "identifier_impossible_year", 9, "9999"),
    (CIN, "U72900GJ2023ABC138457", "identifier_unknown_company_type", 13, "PTC or PLC"),
    (CIN, "U72900GJ2023PTC000000", "identifier_serial_zero", 16, "16 to 21"),
    (LLPIN, "AA-12345", "identifier_letter_expected", 3, "Did you mean the letter I?"),
    (LLPIN, "AAA-123S", "identifier_digit_expected", 7, "Did you mean the digit 5?"),
    (PAN, "ABMPA32111", "identifier_letter_expected", 10, "Did you mean the letter I?"),
    (PAN, "ABMXA3211G", "identifier_character_not_allowed", 4, 'you typed "X"'),
    (PAN, "ACUPA0000R", "identifier_serial_zero", 6, "6 to 9"),
    (PAN, "ACUPA7O85R", "identifier_digit_expected", 7, "Did you mean zero?"),
    (PAN, "ÄCUPA7085R", "identifier_letter_expected", 1, "from A to Z"),
    (PAN, "\u0131CUPA7085R", "identifier_letter_expected", 1, "from A to Z"),  # dotless i, upper-cased an I
    (GSTIN, "2 7 A A P F U O 9 3 9 F 1 Z V", "identifier_digit_expected", 8, "Did you mean zero?"),
    (GSTIN, "40AAPFU0939F1ZV", "identifier_unknown_state", 1, '"40"'),
    (GSTIN, "27AAPXU0939F1ZV", "identifier_character_not_allowed", 6, 'you typed "X"'),
    (GSTIN, "27AAPFU0000F1ZV", "identifier_serial_zero", 8, "8 to 11"),
    (GSTIN, "27AAPFU0939F0ZV", "identifier_character_not_allowed", 13, "1-9, A-Z"),
    (GSTIN, "27AAPFU0939F1AV", "identifier_character_not_allowed", 14, "Z"),
    (GSTIN, "27AAPFU0939F1Z*", "identifier_letter_or_digit_expected", 15, '"*"'),
    (GSTIN, "27AAPFU0939F1ZO", "identifier_does_not_add_up", None, "does not add up"),
    (UDYAM, "UDYOG-MH-26-0123456", "identifier_wrong_beginning", None, "begin with UDYAM"),
    (UDYAM, "UDYAM-ZZ-26-0123456", "identifier_unknown_state", 6, "Characters 6 and 7"),
    (UDYAM, "UDYAM-MH-2G-0123456", "identifier_digit_expected", 9, "Did you mean the digit 6?"),
    (UDYAM, "UDYAM-MH-26-0000000", "identifier_serial_zero", 10, "10 to 16"),
    (DEPARTMENT, "P", "department_code_malformed", None, "2 to 20"),
    (DEPARTMENT, "1PWD", "department_code_malformed", None, "begins with a letter"),
    (DEPARTMENT, "PWD/MH", "department_code_malformed", None, "hyphens"),
    (DEPARTMENT, "A" * 21, "department_code_malformed", None, "2 to 20"),
]


@pytest.mark.parametrize(("kind", "text", "code", "position", "words"), CASES)
def test_a_refusal_names_its_reason_and_place(kind, text, code, position, words):
    with pytest.raises(InvalidIdentifier) as refused:
        parse_identifier(kind, text)
    assert refused.value.code == code
    assert refused.value.status == 422
    assert refused.value.kind is kind
    assert refused.value.facts.get("position") == position
    assert words in refused.value.text()


def test_the_sentence_for_the_letter_o_is_the_one_people_need():
    with pytest.raises(InvalidIdentifier) as refused:
        parse_identifier(CIN, "U7O900GJ2023PTC138457")
    assert refused.value.text() == 'Character 3 must be a digit: you typed "O". Did you mean zero?'


@pytest.mark.parametrize("kind", list(IdentifierKind))
@pytest.mark.parametrize("text", ["", "   ", " - – ", "\N{ZERO WIDTH SPACE}"])
def test_nothing_typed_is_its_own_answer(kind, text):
    with pytest.raises(InvalidIdentifier) as refused:
        parse_identifier(kind, text)
    assert refused.value.code == "identifier_missing"


def test_a_year_that_has_not_come_is_refused_but_this_one_is_not(monkeypatch):
    class LateOnNewYearsEve:
        @staticmethod
        def now(zone):
            assert zone.key == "Asia/Kolkata"
            return type("Instant", (), {"year": 2030})

    monkeypatch.setattr("entitylocker.identifiers.parse.datetime", LateOnNewYearsEve)
    assert parse_identifier(CIN, "U72900GJ2030PTC138457").facts["year"] == 2030
    with pytest.raises(InvalidIdentifier):
        parse_identifier(CIN, "U72900GJ2031PTC138457")
