"""Names, signs, paths and days."""

from __future__ import annotations

import unicodedata
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.vault import rules
from entitylocker.vault.errors import EmptyFile, FolderTooDeep, NotAPdf


@given(st.text())
def test_a_cleaned_name_is_harmless_and_stays_as_it_is(said: str) -> None:
    name = rules.clean_filename(said)
    assert 0 < len(name.encode()) <= 255
    assert not set(name) & set("/\\\0\r\n")
    assert name not in (".", "..")
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs") for letter in name)
    assert rules.clean_filename(name) == name


@given(st.text(alphabet=st.characters(categories=["L", "M"]), min_size=100))
def test_a_long_name_keeps_its_ending(stem: str) -> None:
    assert rules.clean_filename(stem * 9 + ".pdf").endswith(".pdf")


def test_joiners_stay_in_titles_and_marks_do_not() -> None:
    assert rules.clean_line("क्\u200dष\u202e \t पत्र\0") == "क्\u200dष पत्र"


def test_the_title_comes_from_the_name() -> None:
    assert rules.title_from("GST_certificate 2026.PDF") == "GST certificate 2026"
    assert rules.title_from(".pdf") == "document.pdf"


def test_the_sign_may_be_a_little_away_and_no_further() -> None:
    assert rules.recognise(b"\n" * 1023 + b"%PDF-1.7") == rules.PDF
    with pytest.raises(NotAPdf):
        rules.recognise(b"\n" * 1024 + b"%PDF-1.7")
    with pytest.raises(EmptyFile):
        rules.recognise(b"")


def test_paths() -> None:
    folder = UUID("01900000-0000-7000-8000-00000000abcd")
    assert rules.child_path("/", folder) == "/00000000abcd/"
    assert rules.paths_above("/a/b/") == ["/", "/a/"]
    assert rules.paths_above("/") == []
    with pytest.raises(FolderTooDeep):
        rules.child_path("/" + "a/" * rules.MAX_DEPTH, folder)


@pytest.mark.parametrize(
    ("expires_on", "group"),
    [
        (date(2026, 11, 22), rules.Due.OVERDUE),
        (date(2026, 11, 23), rules.Due.IN_30_DAYS),
        (date(2026, 12, 23), rules.Due.IN_30_DAYS),
        (date(2026, 12, 24), rules.Due.IN_90_DAYS),
        (date(2027, 2, 21), rules.Due.IN_90_DAYS),
        (date(2027, 2, 22), None),
        (None, None),
    ],
)
def test_what_is_due(expires_on: date | None, group: rules.Due | None) -> None:
    assert rules.due(expires_on, date(2026, 11, 23)) == group
