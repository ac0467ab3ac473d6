"""The words of EN 319 102-1 never contradict the verdict."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.etsi_words import FAILED, INDETERMINATE, PASSED, with_words, words_for
from entitylocker.signatures.judging import Facts, judge
from entitylocker.signatures.report import Change, GateFinding, SignatureReport
from entitylocker.signatures.trust import TrustStore
from entitylocker.signatures.verdicts import APART, Colour, Verdict, colour
from tests.pki import KINDS, Pki
from tests.signatures import attacks
from tests.signatures.trial_pki import NOW, TrialPki

TABLE_5 = {  # EN 319 102-1, 5.1.3, and GENERIC of its first version
    PASSED: {None},
    FAILED: {"FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "REVOKED"},
    INDETERMINATE: {
        "SIG_CONSTRAINTS_FAILURE",
        "CHAIN_CONSTRAINTS_FAILURE",
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
        "CRYPTO_CONSTRAINTS_FAILURE",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "REVOKED_NO_POE",
        "REVOKED_CA_NO_POE",
        "OUT_OF_BOUNDS_NO_POE",
        "OUT_OF_BOUNDS_NOT_REVOKED",
        "TRY_LATER",
        "GENERIC",
    },
}
SUB_INDICATIONS = sorted(word for words in TABLE_5.values() for word in words if word)
PROBLEMS = ["unknown_authority", "self_signed", "expired", "not_for_signing", "chain_broken", "revocation_unknown"]

_judged = st.sampled_from([verdict for verdict in Verdict if verdict not in APART])
_particulars = st.none() | st.sampled_from(SUB_INDICATIONS) | st.text(max_size=5)
_facts = st.builds(
    Facts,
    intact=st.booleans(),
    changes=st.lists(
        st.sampled_from(
            [
                "long_term_data",
                "signature_added",
                "field_filled_in",
                "addition",
                "not_permitted",
                "not_covered",
                "not_looked_at",
            ]
        ).map(Change),
        max_size=3,
    ).map(tuple),
    filling_permitted=st.booleans(),
    problem=st.none() | st.sampled_from(PROBLEMS),
    revoked=st.booleans(),
    revoked_after_proof=st.booleans(),
    weak=st.booleans(),
    at_claimed_time=st.booleans(),
    claim_fits=st.booleans(),
    timestamp_broken=st.booleans(),
    seeds_broken=st.booleans(),
)


def agree(verdict: Verdict, indication: str | None, sub_indication: str | None) -> None:
    assert indication is not None
    assert sub_indication in TABLE_5[indication]
    assert (indication == PASSED) == (colour(verdict) is Colour.GREEN)
    if indication == FAILED:
        assert colour(verdict) is Colour.RED or verdict is Verdict.NOT_CHECKABLE
    if verdict is Verdict.ALTERED:
        assert indication == FAILED


@given(_judged, st.none() | st.sampled_from(PROBLEMS) | st.text(max_size=5), _particulars)
def test_whatever_is_claimed_in_particular(verdict: Verdict, reason: str | None, particular: str | None) -> None:
    agree(verdict, *words_for(verdict, reason, particular))


@given(_facts, _particulars)
def test_whatever_the_facts(facts: Facts, particular: str | None) -> None:
    verdict, reason = judge(facts)
    indication, sub_indication = words_for(verdict, reason, particular)
    agree(verdict, indication, sub_indication)
    assert verdict is Verdict.NOT_CHECKABLE or sub_indication != "GENERIC", "a reason without a word of its own"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_of_every_kind_of_paper(pki: Pki, kind: str) -> None:
    for one in check_bytes(pki.make_signed_pdf(kind), trust=pki.trust).signatures:
        agree(one.verdict, one.indication, one.sub_indication)


def word(trial: TrialPki, data: bytes, trust: TrustStore | None = None, at: datetime = NOW, **more: str) -> str | None:
    first = check_bytes(data, trust=trust or trial.trust, at=at, **more).signatures[0]  # type: ignore[arg-type]
    agree(first.verdict, first.indication, first.sub_indication)
    return first.sub_indication


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("signer", None),
        ("revoked", "REVOKED_NO_POE"),
        ("below_withdrawn", "REVOKED_CA_NO_POE"),
        ("web", "CHAIN_CONSTRAINTS_FAILURE"),
        ("stranger", "NO_CERTIFICATE_CHAIN_FOUND"),
        ("short", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
    ],
)
def test_of_a_signer(trial: TrialPki, name: str, expected: str | None) -> None:
    assert word(trial, trial.sign(attacks.paper(), name)) == expected


def test_of_broken_bytes(trial: TrialPki) -> None:
    signed = bytearray(trial.sign(attacks.paper()))
    signed[signed.index(b"595") + 2] ^= 1
    assert word(trial, bytes(signed)) == "HASH_FAILURE"


def test_of_a_broken_signature_value(trial: TrialPki) -> None:
    signed = bytearray(trial.sign(attacks.paper(), "rsa"))
    _, length, second, _ = attacks.byte_range(bytes(signed))
    used = len(bytes(signed[length + 1 : second - 1]).rstrip(b"0"))
    at = length + used - 40  # the signature value is the last thing in the CMS
    signed[at] = ord(b"1") if signed[at] != ord(b"1") else ord(b"2")
    assert word(trial, bytes(signed)) == "SIG_CRYPTO_FAILURE"


def test_of_contents_that_are_no_cms(trial: TrialPki) -> None:
    signed = trial.sign(attacks.paper())
    _, length, second, _ = attacks.byte_range(signed)
    nonsense = signed[: length + 1] + b"AB" * ((second - length - 2) // 2) + signed[second - 1 :]
    assert word(trial, nonsense) == "FORMAT_FAILURE"


def test_of_a_range_that_does_not_cover(trial: TrialPki) -> None:
    signed = attacks.signed_over(trial, trial.sign(attacks.paper()), attacks.RANGES["ends_early"])
    assert word(trial, signed) == "FORMAT_FAILURE"


def test_of_unknown_revocation(trial: TrialPki) -> None:
    signed = trial.sign(attacks.paper())
    assert word(trial, signed, trial.roots) is None
    assert word(trial, signed, trial.roots, revocation="require") == "TRY_LATER"


def test_a_revocation_before_a_proven_time_is_final(trial: TrialPki) -> None:
    """The file carries a time stamp of 2025 that the signature covers: it was made after the revocation of 2024."""
    stamped = trial.stamp(attacks.paper(), NOW - timedelta(days=400))
    late = trial.sign(stamped, "revoked")
    report = check_bytes(late, trust=trial.trust, at=NOW).signatures[-1]
    assert (report.verdict, report.indication, report.sub_indication) == (Verdict.REVOKED, FAILED, "REVOKED")


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (GateFinding("structural_defects"), (PASSED, None)),
        (GateFinding("orphan_signature", Verdict.CHANGED_AFTER_SIGNING), (INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")),
        (GateFinding("readers_disagree", Verdict.NOT_CHECKABLE), (INDETERMINATE, "GENERIC")),
    ],
)
def test_a_finding_about_the_file_leaves_nothing_passed(finding: GateFinding, expected: tuple[str, str | None]) -> None:
    told = with_words(SignatureReport("Sig1", Verdict.VALID), [finding])
    assert (told.indication, told.sub_indication) == expected
