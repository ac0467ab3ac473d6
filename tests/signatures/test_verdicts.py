"""The words, their order and their colours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.signatures.verdicts import ORDER, Colour, Verdict, colour, may_be_offered, worst

LAID_DOWN = [
    "altered",
    "changed_after_signing",
    "revoked",
    "not_checkable",
    "old_cryptography",
    "signer_not_confirmed",
    "filled_in_after_signing",
    "valid_at_claimed_time",
    "valid_with_additions",
    "valid",
]
verdicts = st.sampled_from(list(Verdict))


def test_the_order_is_the_one_laid_down() -> None:
    assert [verdict.value for verdict in ORDER] == LAID_DOWN
    assert set(Verdict) - set(ORDER) == {Verdict.NOT_SIGNED, Verdict.CHECKING}


@given(st.lists(verdicts, min_size=1))
def test_the_worst_is_one_of_those_given_and_none_given_is_worse(given_verdicts: list[Verdict]) -> None:
    found = worst(given_verdicts)
    assert found in given_verdicts
    ranked = [verdict for verdict in given_verdicts if verdict in ORDER]
    assert not ranked or ORDER.index(found) == min(map(ORDER.index, ranked))


def test_nothing_at_all_is_not_signed() -> None:
    assert worst([]) is Verdict.NOT_SIGNED
    assert worst([Verdict.NOT_SIGNED, Verdict.CHECKING]) is Verdict.CHECKING


@pytest.mark.parametrize(
    ("shade", "words"),
    [
        (Colour.RED, LAID_DOWN[:3]),
        (Colour.GREY, ["not_checkable", "not_signed", "checking"]),
        (Colour.AMBER, LAID_DOWN[4:8]),
        (Colour.GREEN, LAID_DOWN[8:]),
    ],
)
def test_colours(shade: Colour, words: list[str]) -> None:
    assert {verdict.value for verdict in Verdict if colour(verdict) is shade} == set(words)


def test_red_and_unfinished_are_not_offered_to_portals() -> None:
    refused = {verdict.value for verdict in Verdict if not may_be_offered(verdict)}
    assert refused == {"altered", "changed_after_signing", "revoked", "checking"}
