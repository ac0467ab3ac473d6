"""When two names of units are the same unit, and codes that are read out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.units.names import name_key
from entitylocker.units.rules import child_code, lies_below, new_code, read_code, shown_code


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("Department of Public Works", "DEPARTMENT OF PUBLIC WORKS"),
        ("Dept. of Public Works", "Department of Public Works"),
        ("Deptt of Public   Works", "Department of Public Works"),
        ("Roads & Buildings", "Roads and Buildings"),
        ("Roads&Buildings", "Roads  And Buildings."),
        ("P.W.D. Pune", "PWD, Pune"),
        ("Govt. Printing Press", "Government printing-press"),
        ("Ｔｒｅａｓｕｒｙ Office", "Treasury Office"),
        ("Women’s Development", "Womens Development"),
        ("Straße", "STRASSE"),
        ("लोक निर्माण विभाग", "लोक\u200b निर्माण  विभाग"),
        ("महिला एवं बाल विकास", "महिला और बाल विकास"),
    ],
)
def test_other_spellings_are_the_same_name(one: str, another: str) -> None:
    assert name_key(one) == name_key(another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("Public Works Division 1", "Public Works Division 2"),
        ("Department of Health", "Department of Wealth"),
        ("लोक निर्माण विभाग", "लोक निर्माण विभागी"),
        ("कि", "की"),
        ("Unit A", "Unit B"),
    ],
)
def test_other_names_are_other_names(one: str, another: str) -> None:
    assert name_key(one) != name_key(another)


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert name_key(f"  {name} ") == key


def test_codes_are_read_as_they_are_spoken() -> None:
    code = new_code()
    assert read_code(shown_code(code)) == code
    assert read_code(shown_code(code).lower().replace("-", " ")) == code
    assert read_code("OIL0") == "0110"


def test_codes_of_units_are_made_from_the_parents_code_or_initials() -> None:
    assert child_code("PWD-07", 3) == "PWD-07-03"
    assert lies_below("PWD-07-03", "PWD-07")
    for other in ("PWD-07", "PWD-07-", "PWD-071", "PWD-08-01", "X-PWD-07-01"):
        assert not lies_below(other, "PWD-07")
