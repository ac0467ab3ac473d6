"""What is refused, and that the sentence says which character is wrong."""

import pytest

from entitylocker.identifiers import IdentifierKind, InvalidIdentifier, parse_identifier

CIN, LLPIN, PAN = IdentifierKind.CIN, IdentifierKind.LLPIN, IdentifierKind.PAN
GSTIN, UDYAM, DEPARTMENT = IdentifierKind.GSTIN, IdentifierKind.UDYAM, IdentifierKind.DEPARTMENT
TAN, IEC, FSSAI = IdentifierKind.TAN, IdentifierKind.IEC, IdentifierKind.FSSAI
LEI, DIN = IdentifierKind.LEI, IdentifierKind.DIN

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
    (GSTIN, "27AAPFU0939F1KV", "identifier_character_not_allowed", 14, "Z, 1-9, A-J"),
    (GSTIN, "27AAPFU0939F1AV", "identifier_does_not_add_up", None, "does not add up"),
    (GSTIN, "27MUMA00001A1D0", "identifier_does_not_add_up", None, "does not add up"),
    (GSTIN, "2917USA0002*UNE", "identifier_digit_expected", 12, '"*"'),
    (GSTIN, "27AAPFU0939F1Z*", "identifier_letter_or_digit_expected", 15, '"*"'),
    (GSTIN, "27AAPFU0939F1ZO", "identifier_does_not_add_up", None, "does not add up"),
    (UDYAM, "UDYOG-MH-26-0123456", "identifier_wrong_beginning", None, "begin with UDYAM"),
    (UDYAM, "UDYAM-ZZ-26-0123456", "identifier_unknown_state", 6, "Characters 6 and 7"),
    (UDYAM, "UDYAM-MH-2G-0123456", "identifier_digit_expected", 9, "Did you mean the digit 6?"),
    (UDYAM, "UDYAM-MH-26-0000000", "identifier_serial_zero", 10, "10 to 16"),
    (TAN, "AAACA0001A", "identifier_digit_expected", 5, 'you typed "A"'),  # a PAN
    (TAN, "MUM100001A", "identifier_letter_expected", 4, "Did you mean the letter I?"),
    (TAN, "MUMA0O001A", "identifier_digit_expected", 6, "Did you mean zero?"),
    (TAN, "MUMA00001", "identifier_wrong_length", None, "10 letters and digits are needed, you typed 9"),
    (IEC, "AAACA0OO1A", "identifier_digit_expected", 7, "Did you mean zero?"),
    (IEC, "AAAXA0001A", "identifier_character_not_allowed", 4, 'you typed "X"'),
    (IEC, "03880000O1", "identifier_digit_expected", 9, "Did you mean zero?"),
    (IEC, "O388000011", "identifier_digit_expected", 1, "Did you mean zero?"),
    (IEC, "0300000000", "identifier_serial_zero", 3, "3 to 10"),
    (IEC, "038800001", "identifier_wrong_length", None, "10 letters and digits are needed, you typed 9"),
    (FSSAI, "30020022000001", "identifier_character_not_allowed", 1, "one of 1, 2"),
    (FSSAI, "1002002200000", "identifier_wrong_length", None, "14 letters and digits are needed, you typed 13"),
    (FSSAI, "1002002200000l", "identifier_digit_expected", 14, "Did you mean the digit 1?"),
    (LEI, "506700GE1G29325QX364", "identifier_does_not_add_up", None, "does not add up"),
    (LEI, "506700GE1G29325QX3O3", "identifier_digit_expected", 19, "Did you mean zero?"),
    (LEI, "506700GE1G29325QX36", "identifier_wrong_length", None, "20 letters and digits are needed, you typed 19"),
    (DIN, "0000000l", "identifier_digit_expected", 8, "Did you mean the digit 1?"),
    (DIN, "1234567", "identifier_wrong_length", None, "8 letters and digits are needed, you typed 7"),
    (DIN, "00000000", "identifier_serial_zero", 1, "1 to 8"),
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


@pytest.mark.parametrize("kind", list(IdentifierKind))
@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "A\0" * 5_000,
        "\u202e" + "12345678",
        "9" * 10_000,
        "A" * 10_000,
        "१" * 10_000,
        "\ud800",
        "𝟘" * 40,
        "😀" * 9,
    ],
)
def test_hostile_text_is_refused_in_words_and_quickly(kind, text):
    if "12345678" in text and kind is DIN:
        # Characters that turn the line round are not part of a number.
        assert parse_identifier(kind, text).value == "12345678"
        return
    with pytest.raises(InvalidIdentifier) as refused:
        parse_identifier(kind, text)
    assert len(refused.value.text()) < 300, "a sentence, not what was sent"
