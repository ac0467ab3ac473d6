"""Codes: 80 bits, and typed in any way they are the same."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.sharing.codes import ALPHABET, LENGTH, code_of, digest, is_code, read_code, show_code

secrets = st.binary(min_size=32, max_size=32)


@given(secrets)
def test_a_code_survives_being_shown_and_typed(secret: bytes) -> None:
    code = code_of(secret)
    assert is_code(code)
    for typed in (code, show_code(code), show_code(code).lower(), code.replace("0", "o").replace("1", "l"),
                  " ".join(code), code.replace("0", "O").replace("1", "i")):  # fmt: skip
        assert read_code(typed) == code


def test_a_code_has_eighty_bits_that_all_vary() -> None:
    assert 5 * LENGTH == 80
    codes = [code_of(os.urandom(32)) for _ in range(4000)]
    assert len(set(codes)) == len(codes)
    for place in range(LENGTH):
        assert {code[place] for code in codes} == set(ALPHABET)


def test_the_code_does_not_show_the_secret() -> None:
    secret = bytes(range(32))
    assert code_of(secret) == code_of(secret)
    assert int.from_bytes(secret[:10], "big") != int(
        "".join(f"{ALPHABET.index(letter):05b}" for letter in code_of(secret)), 2
    )


@pytest.mark.parametrize("typed", ["", "-", "ABCD", "U" * 16, "A" * 17, "A" * 5000, "\x00" * 16, "अ" * 16, "١" * 16])
def test_what_is_no_code(typed: str) -> None:
    assert not is_code(read_code(typed))
    assert len(digest(read_code(typed))) == 32


def test_letters_of_other_widths_are_taken_for_what_they_are() -> None:
    assert read_code("７Ｋ４Ｍ－Ｑ２ＸＲ") == "7K4MQ2XR"
