"""Files as officers make them, and files as nobody should."""

from __future__ import annotations

import csv
import io
import random
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from entitylocker.onboarding import errors
from entitylocker.onboarding.alike import Alike
from entitylocker.onboarding.cells import read_cell
from entitylocker.onboarding.files import MAX_BYTES, MAX_ROWS, read_table
from entitylocker.onboarding.headers import COLUMN_LABELS, column_of
from entitylocker.onboarding.legacy_fonts import is_legacy_file, looks_legacy
from entitylocker.onboarding.lists import department_key, read_rows
from entitylocker.onboarding.rows import ReadRow
from entitylocker.web.spreadsheets import FORMULAS, csv_file, csv_line
from tests.onboarding.kruti import kruti
from tests.onboarding.officers import DEPARTMENTS, FIRST, HINDI, LAST, MIXED, Officer, Sheet, make_officers

HINDI_NAMES = (
    "स्वास्थ्य विभाग", "शिक्षा विभाग", "राजस्व विभाग", "कृषि विभाग", "लोक निर्माण विभाग", "समाज कल्याण विभाग",
    "परिवहन विभाग", "पंचायती राज", "महिला एवं बाल विकास", "खाद्य विभाग", "श्री राम कुमार शर्मा", "सुरेश पाटिल",
    "मीरा जोशी", "विनोद सिंह", "रेखा देवी", "अशोक यादव", "राजेन्द्र प्रसाद", "सुनीता वर्मा", "दिनेश मिश्रा",
)  # fmt: skip


def rows_of(content: bytes, **how: bool) -> list[ReadRow]:
    return read_rows(read_table(content), **how)  # type: ignore[arg-type]


def good(content: bytes) -> list[tuple[str, str, str]]:
    rows = rows_of(content)
    assert not [row.problems for row in rows if row.problems]
    return [(row.plan.department, row.plan.officer, row.plan.email) for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_way_of_saving_says_the_same(encoding: str, delimiter: str) -> None:
    sheet = make_officers(5, 12)
    sheet.header = MIXED
    wanted = [(officer.department, officer.name, officer.email) for officer in sheet.officers]
    for line_end in ("\r\n", "\n", "\r"):
        assert good(sheet.bytes(encoding, delimiter=delimiter, line_end=line_end, trailing=4)) == wanted


def test_windows_1252_keeps_its_letters() -> None:
    sheet = Sheet([Officer("Café & Canteen", "Renée D’Souza", "r@x.example")])
    assert good(sheet.bytes("windows-1252")) == [("Café & Canteen", "Renée D’Souza", "r@x.example")]


@pytest.mark.parametrize("header", [HINDI, MIXED, tuple(f"*{text.upper()}:" for text in MIXED)])
def test_headers_in_hindi_and_mixed_ones_are_understood(header: tuple[str, ...]) -> None:
    sheet = make_officers(3, 3)
    sheet.header = header
    sheet.officers[0].role, sheet.officers[0].language, sheet.officers[0].way = "अभिलेख अधिकारी", "हिंदी", "पर्ची"
    first = rows_of(sheet.bytes())[0]
    assert not first.problems
    assert (first.plan.role, first.plan.language, first.plan.way) == ("records_officer", "hi", "slip")


def test_every_label_of_ours_is_understood_again() -> None:
    assert all(column_of(label) == column for column, label in COLUMN_LABELS.items())


def test_the_header_need_not_stand_in_the_first_line_and_may_come_again() -> None:
    sheet = make_officers(2, 4)
    sheet.titles = [["Annexure A"], [], ["List of nodal officers, as of today", "", "Confidential"]]
    lines = sheet.text().splitlines()
    content = "\r\n".join([*lines[:6], lines[3], *lines[6:]]).encode()
    rows = rows_of(content)
    assert [row.line for row in rows] == [5, 6, 8, 9]


def test_quotes_commas_and_line_breaks_in_cells_are_kept_together() -> None:
    text = (
        "Department,Officer,Email,Role\n"
        '"Health, Family\nand Welfare","Asha ""Didi"" Rao",a@x.example,reader\n'
        "Finance,Ravi Kumar,r@x.example,reader\n"
    )
    rows = rows_of(text.encode())
    assert [(row.line, row.plan.department, row.plan.officer) for row in rows] == [
        (2, "Health, Family and Welfare", 'Asha "Didi" Rao'),
        (4, "Finance", "Ravi Kumar"),
    ]


def test_ragged_rows_are_read_and_cells_without_a_column_are_refused() -> None:
    text = "Department,Officer,Email,Role,Way\nHealth,Asha Rao,a@x.example,reader\nA,B, Rao,b@x.example,reader,mail,x\n"
    short, long = rows_of(text.encode())
    assert not short.problems
    assert "beyond" in [problem.code for problem in long.problems]


def test_addresses_and_numbers_as_offices_write_them() -> None:
    text = (
        "Department,Officer,E-mail address or mobile number,Role\n"
        "Health,Asha Rao,asha[at]health[dot]example,reader\n"
        "Health,Ravi Kumar,+91-98765 43210,reader\n"
        "Health,Meena Das,०९८७६५४३२११,reader\n"
        "Health,Lata Iyer,98765,reader\n"
        'Health,Mohan Bora,"a@x.example; b@x.example",reader\n'
        'Health,Imran Khan,"=""9876543212""",reader\n'
        "Health,Tara Sen,tara\u00b2@x.example,reader\n"
    )
    rows = rows_of(text.encode())
    assert [row.plan.email or row.plan.phone for row in rows] == [
        "asha@health.example", "+919876543210", "+919876543211", "", "", "+919876543212", "",
    ]  # fmt: skip
    assert [[problem.code for problem in row.problems] for row in rows] == [
        [], [], [], ["bad_phone"], ["two_emails"], [], ["mistakable_email"],
    ]  # fmt: skip


HEAD = b"Department,Officer,Email,Role\n"


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", errors.EmptyFile),
        (b"\xef\xbb\xbf \r\n ", errors.EmptyFile),
        (b"\0" * 500, errors.EmptyFile),
        (b"PK\x03\x04" + b"x" * 50, errors.Workbook),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 50, errors.Workbook),
        (HEAD + b"Hea\0lth,Asha,a@x.example,reader\n", errors.NotText),
        (HEAD + b"Health\x07,Asha,a@x.example,reader\n", errors.NotText),
        (HEAD + b"Health\x81\x8d,Asha,a@x.example,reader\n", errors.NotText),
        (b"\xff\xfe" + "विभाग".encode("utf-16-le")[:-1], errors.NotText),
        (HEAD, errors.NoRows),
        (HEAD + b",,,\n,,,\n", errors.NoRows),
        (b"a,b,c\n1,2,3\n", errors.NoHeader),
        (b"Officer,Email,Role\nAsha,a@x.example,reader\n", errors.NoHeader),
        (b"Department,Dept,Officer\nx,y,z\n", errors.ColumnTwice),
        (HEAD + b'Health,"Asha,a@x.example,reader\nFinance,Ravi,r@x.example,reader\n', errors.UnclosedQuote),
        (HEAD + b'Health,"' + b"x" * 200_000, errors.UnclosedQuote),
        (HEAD + b"Health,Asha,a@x.example,reader\n" * (MAX_ROWS + 1), errors.TooManyRows),
        (b"x" * (MAX_BYTES + 1), errors.FileTooLarge),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(len(value)),
)
def test_what_cannot_be_read_is_refused_in_words(content: bytes, refusal: type[errors.FileRefused]) -> None:
    with pytest.raises(refusal) as refused:
        rows_of(content)
    assert refused.value.field == "file"
    assert "%(" not in refused.value.text()


def test_a_file_with_too_many_rows_says_how_many_and_into_how_many_files_it_goes() -> None:
    with pytest.raises(errors.TooManyRows) as refused:
        rows_of(HEAD + b"Health,Asha,a@x.example,reader\n,,,\n" * (2 * MAX_ROWS + 1))
    assert refused.value.facts == {"rows": 2000, "found": 4001, "files": 3}
    assert "has 4001 rows; at most 2000" in refused.value.text() and "into 3 files" in refused.value.text()
    assert len(rows_of(HEAD + b"Health,Asha,a@x.example,reader\n" * MAX_ROWS)) == MAX_ROWS


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_no_bytes_are_a_fault(content: bytes) -> None:
    with suppress(errors.FileRefused):
        rows_of(content)


_CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=200)
@given(st.lists(st.lists(_CELLS, min_size=4, max_size=6), min_size=1, max_size=8), st.sampled_from(",;\t"))
def test_no_cells_are_a_fault_and_no_name_is_a_formula(lines: list[list[str]], delimiter: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows([["Department", "Officer", "Email", "Role"], *lines])
    try:
        rows = rows_of(buffer.getvalue().encode())
    except errors.FileRefused:
        return
    for row in rows:
        for name in (row.plan.department, row.plan.officer):
            assert not name.startswith(FORMULAS)
            assert "\n" not in name and "\0" not in name
        assert row.problems or (row.plan.department and row.plan.officer and row.plan.role)


@given(st.lists(st.lists(st.text(max_size=20), min_size=1, max_size=5), min_size=1, max_size=5))
def test_no_cell_that_goes_out_is_a_formula(lines: list[list[str]]) -> None:
    content = csv_file(lines).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(content)):
        assert not [cell for cell in line if cell.lstrip().startswith(FORMULAS)]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=1+1", "1+1"), ("+Health", "Health"), ("-- Health", "Health"), ("@SUM(A1)", "SUM(A1)"), ("＝A1", "A1"),
        ('="Health"', "Health"), ("'=A1", "A1"), ("'Health", "'Health"), ("-", ""), ("N/A", ""), (" \t=\tA1", "A1"),
        ("D'Souza", "D'Souza"), ("e-Governance", "e-Governance"),
    ],
)  # fmt: skip
def test_formulas_come_in_as_text(typed: str, kept: str) -> None:
    assert read_cell(typed)[0] == kept


def test_formulas_go_out_as_text() -> None:
    assert csv_line(["=A1", " =A1", "plain", None, 3]) == "'=A1,' =A1,plain,,3\r\n"


def test_hindi_in_an_old_font_is_refused_in_words_and_unicode_hindi_is_not() -> None:
    names = [Officer(name, "Ravi Kumar", f"r{n}@x.example") for n, name in enumerate(HINDI_NAMES)]
    assert not [row for row in rows_of(Sheet(names).bytes()) if row.problems]
    old = [Officer(kruti(officer.department), kruti("सुरेश पाटिल"), officer.email) for officer in names]
    with pytest.raises(errors.LegacyFont) as refused:
        rows_of(Sheet(old).bytes("windows-1252"))
    assert "Kruti Dev" in refused.value.text() and "line 2" in refused.value.text()


def test_one_row_in_an_old_font_is_a_matter_of_that_row() -> None:
    sheet = make_officers(10, 20)
    sheet.officers[3].department = kruti("शिक्षा विभाग")
    bad = [row for row in rows_of(sheet.bytes()) if row.problems]
    assert [(row.line, row.problems[0].column, row.problems[0].code) for row in bad] == [
        (5, "department", "legacy_font")
    ]


def test_most_names_in_an_old_font_are_recognised() -> None:
    missed = [name for name in HINDI_NAMES if not looks_legacy(kruti(name))]
    assert len(missed) * 4 <= len(HINDI_NAMES), missed
    assert is_legacy_file(map(kruti, HINDI_NAMES))


def test_ordinary_names_raise_no_false_alarm() -> None:
    """Of 14,695 English surnames and first names less than one in two thousand; of the Indian ones here none."""
    indian = [f"{first} {last}" for first in FIRST for last in LAST]
    offices = [shape.format(name) for name in DEPARTMENTS for shape in ("Department of {}", "{} Deptt.", "Dte. of {}")]
    offices += ["PWD", "CRPF", "BSNL HQ", "Dy. Comm./Addl. Secy.", "O/o the AG (A&E)", "eGov", "NIC", "MSSRK Pvt Ltd"]
    assert not [name for name in indian + offices if looks_legacy(name)]
    english = [name for kind in ("surnames", "male_names", "female_names") for name in FREQUENCY_LISTS[kind]]
    alarms = [name for name in english if looks_legacy(name.title())]
    assert len(english) > 14_000
    assert len(alarms) * 2000 < len(english), alarms
    assert not is_legacy_file(name.title() for name in english[:2000])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Department of Health", "HEALTH DEPTT."), ("P.W.D.", "PWD"),
        ("Food & Civil Supplies", "Food and Civil Supplies"),
        ("शिक्षा विभाग", "शिक्षा  विभाग"), ("Women’s Welfare", "Women's Welfare"), ("ｈｅａｌｔｈ", "Health"),
    ],
)  # fmt: skip
def test_spellings_of_one_department_have_one_key(one: str, other: str) -> None:
    assert department_key(one) == department_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("District Office I", "District Office II"), ("Mines", "Mints"), ("Health", "Mental Health"), ("Home", "Housing")],
)
def test_departments_that_are_different_stay_so(one: str, other: str) -> None:
    assert department_key(one) != department_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Health and Family Welfare", "Helth and Family Welfare"), ("Revenue", "Revenu"),
        ("Women and Child Development", "Women and Child Devlopmnet"), ("Public Works", "PublicWorks"),
        ("Panchayati Raj", "Panchaayati Raj"), ("Agriculture", "Agricultrue"), ("स्वास्थ्य विभाग", "स्वास्थय विभाग"),
    ],
)  # fmt: skip
def test_slips_of_the_pen_are_named(one: str, other: str) -> None:
    seen = Alike()
    seen.add(department_key(one), one)
    assert seen.find(department_key(other)) == one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("District Office 11", "District Office 12"), ("Circle A", "Circle B"), ("Mental Health", "Health"),
        ("District Office I", "District Office II"), ("North Zone Works", "South Zone Works"), ("Health", "Health"),
    ],
)  # fmt: skip
def test_offices_that_are_told_apart_by_a_number_or_a_short_word_are_not_much_alike(one: str, other: str) -> None:
    seen = Alike()
    seen.add(department_key(one), one)
    assert seen.find(department_key(other)) is None


def test_names_made_to_be_compared_for_long_cost_no_more_than_others() -> None:
    """Anagrams: compared pair by pair, so many took more than half a minute of computing."""
    chance = random.Random(3)
    letters = list("abcdefghijklmnop abcdefghijklmnop abcdefghijklmnop abcdefgh")
    rows = []
    for number in range(600):
        chance.shuffle(letters)
        rows.append(Officer(f"x{''.join(letters)}y", f"Officer {number}", f"o{number}@x.example"))
    began = time.process_time()
    assert len(rows_of(Sheet(rows).bytes())) == 600
    assert time.process_time() - began < 8
